"""A partner's program: asks over HTTP, tries again with its key, keeps what it was told."""

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from typing import Any, Self, TypeVar

Job = TypeVar("Job")
Done = TypeVar("Done")

OK, IN_FLIGHT, UNAVAILABLE = 200, 409, 503
TRY_AGAIN_AFTER_S = 0.02
TIMEOUT_S = 10.0


class NoAnswerError(Exception):
    """The line broke, or was never there: it may or may not have been done."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, under a key of its own."""

    path: str
    body: Mapping[str, Any]
    key: str
    method: str = "POST"

    @property
    def headers(self) -> dict[str, str]:
        """As every change carries them."""
        return {"Content-Type": "application/json", "Idempotency-Key": self.key}

    @property
    def raw(self) -> bytes:
        """As it goes over the wire."""
        text = json.dumps(self.body).encode()
        named = {**self.headers, "Host": "vouch", "Content-Length": str(len(text))}
        lines = [f"{self.method} {self.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in named.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + text


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, and after how long."""

    status: int
    body: bytes
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, Any]:
        """The body."""
        told: dict[str, Any] = json.loads(self.body)
        return told

    @property
    def code(self) -> str:
        """The problem's code; empty where there was none."""
        return "" if self.status == OK else str(self.told.get("code", ""))


class Ledger:
    """What a partner has sent, and what it was answered; many clients write into one.

    An acknowledged request is one with a 2xx: it must be there whatever happens after.
    """

    def __init__(self) -> None:
        self._door = threading.Lock()
        self.sent: dict[str, Request] = {}
        self.acknowledged: dict[str, bytes] = {}
        self.refused: dict[str, Answer] = {}
        self.contradictions: list[str] = []
        self.in_flight = 0
        self.slowest_s = 0.0

    def send(self, request: Request) -> None:
        """Note a request before it goes out."""
        with self._door:
            self.sent[request.key] = request

    def note(self, request: Request, answer: Answer) -> None:
        """Note an answer; a second one that differs is a contradiction."""
        with self._door:
            self.slowest_s = max(self.slowest_s, answer.seconds)
            if answer.status == OK:
                first = self.acknowledged.setdefault(request.key, answer.body)
                if first != answer.body:
                    self.contradictions.append(request.key)
            elif may_try_again(answer):
                self.in_flight += answer.status == IN_FLIGHT
            else:
                self.refused[request.key] = answer

    def unanswered(self) -> list[Request]:
        """What was sent and has no verdict yet."""
        with self._door:
            known = self.acknowledged.keys() | self.refused.keys()
            return [request for key, request in self.sent.items() if key not in known]

    def told(self, key: str) -> dict[str, Any]:
        """The answer to a key."""
        told: dict[str, Any] = json.loads(self.acknowledged[key])
        return told


class Client:
    """One connection at a time, kept while it holds, to the next of `ports` when it breaks."""

    def __init__(self, ports: Sequence[int], ledger: Ledger | None = None) -> None:
        self.ledger = ledger or Ledger()
        self._ports = cycle(ports)
        self._line: HTTPConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        """Let the connection go."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def ask(self, request: Request) -> Answer:
        """One try. NoAnswerError where the line broke first."""
        self.ledger.send(request)
        text = json.dumps(request.body)
        answer = self._over_the_line(request.method, request.path, text, request.headers)
        self.ledger.note(request, answer)
        return answer

    def read(self, path: str) -> Answer:
        """What is there."""
        return self._over_the_line("GET", path, None, {})

    def insist(self, request: Request, *, within: float = 60.0) -> Answer:
        """The verdict: tries again while the line breaks, others hold the key, or it is 503."""
        deadline = time.monotonic() + within
        while True:
            with suppress(NoAnswerError):
                answer = self.ask(request)
                if not may_try_again(answer):
                    return answer
            if time.monotonic() > deadline:
                raise TimeoutError(f"no verdict on {request.key} within {within} s")
            time.sleep(TRY_AGAIN_AFTER_S)

    def _over_the_line(
        self, method: str, path: str, text: str | None, headers: dict[str, str]
    ) -> Answer:
        started = time.monotonic()
        if self._line is None:
            self._line = HTTPConnection("127.0.0.1", next(self._ports), timeout=TIMEOUT_S)
        try:
            self._line.request(method, path, text, headers)
            response = self._line.getresponse()
            body = response.read()
        except (OSError, HTTPException) as error:
            self.hang_up()
            raise NoAnswerError(repr(error)) from None
        seconds = time.monotonic() - started
        return Answer(response.status, body, seconds, dict(response.headers))


def may_try_again(answer: Answer) -> bool:
    """Whether the answer leaves it open what was done."""
    in_flight = answer.status == IN_FLIGHT and answer.code == "IDEMPOTENCY_IN_FLIGHT"
    return in_flight or answer.status == UNAVAILABLE


def send_and_drop(request: Request, port: int, *, when_answered: bool) -> None:
    """Send a request and cut the line: at once, or when its answer has come, unread."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as line:
        line.sendall(request.raw)
        if when_answered:
            line.recv(1, socket.MSG_PEEK)


def crowd(
    clients: int, ports: Sequence[int], ledger: Ledger, jobs: Sequence[Job]
) -> Callable[[Callable[[Client, Job], Done]], list[Done]]:
    """`crowd(...)(do)`: so many clients do all jobs at once; what came of each, in order.

    Each keeps to one port while its line holds; the ports are dealt round.
    """
    own = threading.local()
    turns = cycle(range(len(ports)))

    def client() -> Client:
        if not hasattr(own, "client"):
            turn = next(turns)
            own.client = Client([*ports[turn:], *ports[:turn]], ledger)
        one: Client = own.client
        return one

    def run(do: Callable[[Client, Job], Done]) -> list[Done]:
        with ThreadPoolExecutor(clients) as pool:
            return list(pool.map(lambda job: do(client(), job), jobs))

    return run
