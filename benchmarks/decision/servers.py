"""The two servers under test, each a process of its own, stopped by its own id."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.decision.home import Home

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 180


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Processor time that it and its workers have used."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return sum(_cpu_seconds(pid) for pid in (self.pid, *map(int, children)))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def vouch(home: Home) -> Iterator[Server]:
    """Vouch as it is served: one worker."""
    port = free_port()
    command = [sys.executable, "-m", "console.main", "serve", "--port", str(port)]
    with _running(command, port, home, "vouch") as server:
        yield server


@contextmanager
def naive_b(home: Home) -> Iterator[Server]:
    """naive-B as BentoML serves it: one worker, its defaults."""
    port = free_port()
    target = "benchmarks.decision.naive_b:service"
    words = ["serve", target, "--host", "127.0.0.1", "--port", str(port)]
    with _running([sys.executable, "-m", "bentoml", *words], port, home, "naive-b") as server:
        yield server


@contextmanager
def _running(command: list[str], port: int, home: Home, name: str) -> Iterator[Server]:
    state = {"BENTOML_HOME": str(home.folder / f"bentoml-{name}"), "BENTOML_DO_NOT_TRACK": "True"}
    Path(state["BENTOML_HOME"]).mkdir(exist_ok=True)
    log = home.folder / f"{name}.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=ROOT, env=home.environment | state, stdout=output, stderr=output
        ) as process,
    ):
        try:
            _wait(process, port, log)
            yield Server(port, process.pid)
        finally:
            process.terminate()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise SystemExit(f"no service on port {port}; see {log}")
