"""Decisions over HTTP against the usual way, in one run on one machine.

    python -m benchmarks.decision.run [--home DIR] [--rounds N] [--seconds S]

Three arms in turn, A B C A B C ...: Vouch's loan decision (evidence, up to nine candidates
scored, policy, journal entry synced to disk, idempotent answer), a trivial route of the same
server, and naive-B (see `naive_b.py`). Writes benchmarks/results/decision.json and .md.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import uuid
from contextlib import ExitStack
from http.client import HTTPConnection
from importlib.metadata import version
from pathlib import Path

from benchmarks.decision import servers
from benchmarks.decision.home import Home, prepare
from benchmarks.decision.report import Round, summary, text
from benchmarks.decision.servers import Server

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
CONNECTIONS = 8
ARMS = ("vouch", "trivial", "naive-b")
LIBRARIES = ("feast", "bentoml", "lightgbm", "starlette", "uvicorn", "sqlalchemy", "pysqlite3")


def measure(server: Server, seconds: float, what: str, merchants: Path) -> Round:
    """One round of one arm, asked by a process of its own."""
    words = [str(server.port), str(CONNECTIONS), str(seconds), what, str(merchants)]
    command = [sys.executable, "-m", "benchmarks.decision.load", *words]
    before = server.cpu_seconds()
    done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True)
    found = Round.of(what, json.loads(done.stdout), server.cpu_seconds() - before)
    if found.refused:
        raise SystemExit(f"{what}: {found.refused} of {found.requests} requests were refused")
    return found


def refuse_degraded(port: int, home: Home) -> None:
    """A decision without features or model would be fast, and no decision."""
    body = {"merchant_id": home.merchants()[0], "amount_minor": 1_000_000, "term_days": 90}
    name = uuid.uuid4().hex
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(
        "POST",
        "/v1/merchant-loans/decisions",
        json.dumps({**body, "application_id": name, "currency": "CNY"}),
        {"Content-Type": "application/json", "Idempotency-Key": name},
    )
    answer = json.load(connection.getresponse())
    connection.close()
    if answer["degraded"] or answer["probability"] is None:
        raise SystemExit(f"Vouch decides without its model: {answer['degraded']}")


def rounds_of(home: Home, rounds: int, seconds: float) -> list[Round]:
    """All rounds, in the order in which they ran."""
    merchants = home.folder / "merchants.json"
    merchants.write_text(json.dumps(home.merchants()))
    with ExitStack() as both:
        vouch = both.enter_context(servers.vouch(home))
        naive = both.enter_context(servers.naive_b(home))
        asked = {"vouch": vouch, "trivial": vouch, "naive-b": naive}
        refuse_degraded(vouch.port, home)
        for arm in ARMS:
            measure(asked[arm], 2.0, arm, merchants)  # warm
        measured = []
        for number in range(rounds):
            for arm in ARMS:
                measured.append(measure(asked[arm], seconds, arm, merchants))
                print(f"  round {number + 1}: {measured[-1].line()}", flush=True)
        return measured


def machine() -> dict[str, object]:
    """What it was measured on."""
    return {
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def main() -> None:
    """The command line."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--home", type=Path, help="keep the synthetic home here for the next run")
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--seconds", type=float, default=6.0)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="vouch-bench-") as scratch:
        folder = (options.home or Path(scratch)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        home = prepare(folder)
        on = machine()
        found = summary(rounds_of(home, options.rounds, options.seconds), options.seconds, on)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "decision.json").write_text(json.dumps(found, indent=1) + "\n")
    (RESULTS / "decision.md").write_text(text(found))
    print(text(found))


if __name__ == "__main__":
    main()
