"""Branches as a test holds them: started, asked whether they are ready, stopped, killed."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Protocol

from tests.stand import branch_app
from tests.stand.branch_app import Plan
from tests.stand.cluster import port_nobody_uses

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 60.0
# A server of forks that has loaded everything, also what is loaded late: a branch starts in the
# time of its own work.
_NURSERY = multiprocessing.get_context("forkserver")
_NURSERY.set_forkserver_preload(
    [
        "__main__",
        "tests.stand.branch_app",
        "records.postgresql",
        "sqlalchemy.dialects.postgresql.psycopg",
        "sqlalchemy.dialects.sqlite.pysqlite",
        "alembic.command",
        "anyio._backends._asyncio",
        "uvloop",
    ]
)


class Child(Protocol):
    """A process of ours."""

    pid: int | None

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        ...


@dataclass(frozen=True, slots=True)
class Forked:
    """A child of the nursery."""

    process: multiprocessing.process.BaseProcess

    @property
    def pid(self) -> int | None:
        """Its number."""
        return self.process.pid

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        return self.process.exitcode


class Branch:
    """A branch on a port that stays its own, however often it dies."""

    def __init__(self, *, url: str, folder: Path, grace_hours: int | None = None) -> None:
        port = port_nobody_uses()
        self.plan = Plan(url=url, port=port, folder=str(folder), grace_hours=grace_hours)
        self._child: Child | None = None

    @property
    def port(self) -> int:
        """Where it serves."""
        return self.plan.port

    @property
    def pid(self) -> int:
        """The process that serves."""
        assert self._child is not None
        assert self._child.pid is not None
        return self._child.pid

    def fork(self, *, dies_at: str = "", dies_on: int = 1) -> float:
        """Start in a fork of what is loaded already; the seconds until it is ready.

        One that is to die may do so before.
        """
        plan = replace(self.plan, dies_at=dies_at, dies_on=dies_on)
        process = _NURSERY.Process(target=branch_app.run, args=(plan,), daemon=True)
        started = time.monotonic()
        process.start()
        self._child = Forked(process)
        self._await_ready(may_die=bool(dies_at))
        return time.monotonic() - started

    def launch(
        self, *, under: Sequence[str] = (), environ: Mapping[str, str] | None = None
    ) -> float:
        """Start a program of its own, under another one (strace) or a strange environment."""
        words = [sys.executable, "-m", "tests.stand.branch_app", json.dumps(asdict(self.plan))]
        paths = filter(None, [str(ROOT), (environ or {}).get("PYTHONPATH")])
        own = {**(environ or {}), "PYTHONPATH": os.pathsep.join(paths)}
        started = time.monotonic()
        self._child = subprocess.Popen([*under, *words], env=os.environ | own, cwd=ROOT)
        self._await_ready()
        return time.monotonic() - started

    @property
    def was_killed(self) -> bool:
        """Whether it ended by SIGKILL, not by an end or a failure of its own."""
        return self._child is not None and self._child.poll() == -signal.SIGKILL

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._child is not None and self._child.poll() is None

    def ready(self) -> bool:
        """Whether it says so, within two seconds."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def doom(self, point: str, passes: int) -> None:
        """From now on it dies at a point's so-manieth pass."""
        self.plan.doom.write_text(json.dumps([point, passes]))
        os.kill(self.pid, signal.SIGUSR1)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it, or kill it; back when it is gone."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, how)
        self.await_end()

    def await_end(self, within: float = 30.0) -> None:
        """Back when the process is gone."""
        deadline = time.monotonic() + within
        while self.alive():
            if time.monotonic() > deadline:
                raise TimeoutError(f"branch {self.pid} does not end: {self.said()}")
            time.sleep(0.005)

    def said(self) -> str:
        """The end of its log."""
        return self.plan.log.read_text()[-3_000:] if self.plan.log.exists() else ""

    def _await_ready(self, *, may_die: bool = False) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while not self.ready():
            if not self.alive() and may_die:
                return
            if not self.alive() or time.monotonic() > deadline:
                raise RuntimeError(f"the branch is not ready: {self.said()}")
            time.sleep(0.005)
