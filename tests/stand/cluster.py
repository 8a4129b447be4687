"""A real PostgreSQL of our own: one folder, one port on the loopback, gone when the tests are."""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg

from tests.stand.presence import missing

READY_WITHIN_S = 20.0
STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}


@dataclass(slots=True)
class Cluster:
    """A database server whose every setting is PostgreSQL's default, fsync too, save those given.

    `environ` is the server's own (a false clock, say). Both may change between `stop` and `start`.
    """

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=lambda: port_nobody_uses())  # noqa: PLW0108 - it stands below
    _server: "subprocess.Popen[bytes] | None" = None
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def data(self) -> Path:
        """The data folder, WAL and all."""
        return self.folder / "data"

    @property
    def log(self) -> str:
        """What the server has said since it was made."""
        return (self.folder / "log").read_text(errors="replace")

    def url(self, database: str = "postgres") -> str:
        """The database as libpq and VOUCH_DATABASE_URL both read it."""
        return f"postgresql://vouch@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of a database that is empty and was never there before."""
        name = f"records_{next(self._numbers)}"
        self.run(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database and whoever is still connected to it."""
        self.run(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    def run(self, statement: str) -> None:
        """One statement as the superuser, outside any database of a test."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def make(self, *, wal_segment_mb: int = 16) -> None:
        """Lay out an empty data folder."""
        own(self.folder)
        words = [_program("initdb"), "-D", str(self.data), "-U", "vouch", "-A", "trust", "-N"]
        words += ["-E", "UTF8", "--locale=C.UTF-8", f"--wal-segsize={wal_segment_mb}"]
        ended = subprocess.run(words, capture_output=True, text=True, check=False, **_as_keeper())
        if ended.returncode:
            raise RuntimeError(ended.stderr)

    def start(self) -> None:
        """Start where it is not running; back when it answers, its recovery done."""
        if self._server is not None and self._server.poll() is None:
            return
        words = [
            _program("postgres"),
            "-D",
            str(self.data),
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
        ]
        # No socket file: two clusters, or the machine's own server, would meet in its folder.
        settings = {"unix_socket_directories": "", "max_connections": "200"} | self.settings
        words += [f"--{name}={value}" for name, value in settings.items()]
        environ = os.environ | self.environ
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environ, **_as_keeper()
            )
        self._await_answer()

    def stop(self, mode: str = "fast") -> None:
        """Stop by its own pid: fast (clean), or immediate (as by a crash: the WAL is replayed)."""
        if self._server is None:
            return
        self._server.send_signal(STOP_SIGNALS[mode])
        self._server.wait(timeout=30)
        self._server = None

    def restart(self, mode: str = "fast") -> None:
        """Stop, then start on the same port and folder."""
        self.stop(mode)
        self.start()

    def pids(self) -> dict[int, str]:
        """Who each process of the server is: `postmaster`, `walwriter`, `vouch records_1 ...`."""
        if self._server is None:
            return {}
        root = self._server.pid
        return {root: "postmaster"} | {pid: _role(pid) for pid in _children(root)}

    def _await_answer(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._answers():
            ended = self._server is None or self._server.poll() is not None
            if ended or time.monotonic() > deadline:
                self.stop("immediate")
                raise RuntimeError(f"PostgreSQL did not start: {self.log[-2000:]}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def own(folder: Path) -> None:
    """Give a folder to the user under whom PostgreSQL runs (it refuses to run as root)."""
    keeper = _as_keeper()
    if keeper:
        shutil.chown(folder, keeper["user"], keeper["group"])


def need_postgresql() -> None:
    """End the test where PostgreSQL is not installed."""
    if not _program("postgres"):
        missing("PostgreSQL")


def _as_keeper() -> dict[str, int]:
    if os.geteuid() != 0:
        return {}
    keeper = pwd.getpwnam("postgres")
    return {"user": keeper.pw_uid, "group": keeper.pw_gid}


def _program(name: str) -> str:
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(installed[-1]) if installed else shutil.which(name) or ""


def port_nobody_uses() -> int:
    """A port of the loopback for a server that will keep it."""
    # Below the range from which the kernel draws outgoing ports: a client's connection must not
    # sit on our port while the server restarts.
    while True:
        port = random.randint(15_000, 31_000)  # noqa: S311 - not a secret
        with socket.socket() as trial, suppress(OSError):
            trial.bind(("127.0.0.1", port))
            return port


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it may end while we look
            after_name = stat.read_text().rpartition(")")[2].split()
            if int(after_name[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def _role(pid: int) -> str:
    with suppress(OSError):
        title = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        return title.removeprefix("postgres: ")
    return "gone"
