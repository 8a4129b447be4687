"""A closed-loop load client in a process of its own: N sockets, each asks again when answered.

    python -m benchmarks.decision.load PORT CONNECTIONS SECONDS WHAT MERCHANTS_FILE

Plain sockets and one selector, so that the client costs little of the machine it shares.
Prints one JSON object: requests, seconds, latencies in milliseconds (sorted), refusals.
"""

import json
import random
import selectors
import socket
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

Ask = Callable[[], bytes]
TERMS = (30, 60, 90, 180)


def post(path: str, body: dict[str, object], key: str = "") -> bytes:
    """One POST as bytes."""
    content = json.dumps(body).encode()
    idempotency = f"Idempotency-Key: {key}\r\n" if key else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"{idempotency}Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def asks(what: str, merchants: list[str]) -> Ask:
    """What is asked: a new application each time, of any merchant."""
    chosen = random.Random(7)  # noqa: S311 - a workload, not a secret

    def request() -> dict[str, object]:
        amount = chosen.randrange(5, 200) * 10_000
        term = chosen.choice(TERMS)
        return {"merchant_id": chosen.choice(merchants), "amount_minor": amount, "term_days": term}

    def vouch() -> bytes:
        name = uuid.uuid4().hex
        body = {**request(), "application_id": name, "currency": "CNY"}
        return post("/v1/merchant-loans/decisions", body, name)

    return {
        "vouch": vouch,
        "naive-b": lambda: post("/decide", request()),
        "trivial": lambda: b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    }[what]


@dataclass(slots=True)
class Line:
    """One connection: what was read so far, and when the request left."""

    to: socket.socket
    sent_at: float = 0.0
    read: bytearray = field(default_factory=bytearray)

    def send(self, request: bytes) -> None:
        """Ask, and start the clock."""
        self.read.clear()
        self.sent_at = time.perf_counter()
        self.to.sendall(request)

    def answered(self) -> int | None:
        """The status once the whole answer is here."""
        self.read += self.to.recv(65_536)
        head, found, body = self.read.partition(b"\r\n\r\n")
        if not found:
            return None
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        return int(head.split(b" ")[1]) if len(body) >= length else None


def run(port: int, connections: int, seconds: float, ask: Ask) -> dict[str, object]:
    """Ask for so long; what was answered, and how fast."""
    selector = selectors.DefaultSelector()
    lines = [Line(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)]
    for line in lines:
        line.to.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(line.to, selectors.EVENT_READ, line)
    latencies: list[float] = []
    refused = 0
    started = time.perf_counter()
    for line in lines:
        line.send(ask())
    while (now := time.perf_counter()) < started + seconds:
        for ready, _ in selector.select(1.0):
            line = ready.data
            status = line.answered()
            if status is None:
                continue
            now = time.perf_counter()
            latencies.append((now - line.sent_at) * 1_000)
            refused += status != 200
            line.send(ask())
    for line in lines:
        line.to.close()
    latencies.sort()
    return {
        "requests": len(latencies),
        "seconds": now - started,
        "refused": refused,
        "latencies": latencies,
    }


def main() -> None:
    """The command line."""
    port, connections, seconds, what, merchants = sys.argv[1:]
    known = json.loads(Path(merchants).read_text())
    print(json.dumps(run(int(port), int(connections), float(seconds), asks(what, known))))


if __name__ == "__main__":
    main()
