"""A PostgreSQL of the benchmark's own: default settings, so durable; gone when the block ends."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READY_WITHIN_S = 20.0
DATABASE = "postgres"


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of an empty database; PostgreSQL must be installed."""
    programs, keeper, port = _programs(), _keeper(), str(_free_port())
    url = f"postgresql://vouch@127.0.0.1:{port}/{DATABASE}"
    with tempfile.TemporaryDirectory(prefix="vouch-bench-postgresql-") as folder:
        if keeper:
            shutil.chown(folder, keeper["user"], keeper["group"])
        data = f"{folder}/data"
        words = ["-D", data, "-U", "vouch", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        made = subprocess.run(
            [programs / "initdb", *words], capture_output=True, check=False, **keeper
        )
        if made.returncode:
            raise SystemExit(made.stderr.decode())
        words = ["-D", data, "-h", "127.0.0.1", "-p", port, "-c", "unix_socket_directories="]
        command = [programs / "postgres", *words]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL, **keeper)
        try:
            _await(url)
            yield url
        finally:
            server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            server.wait(timeout=30)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("postgres")
    if not found and on_path is None:
        raise SystemExit("PostgreSQL is not installed: run `make services`")
    return found[-1] if found else Path(str(on_path)).parent


def _keeper() -> dict[str, int]:
    """Under whom it runs: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    keeper = pwd.getpwnam("postgres")
    return {"user": keeper.pw_uid, "group": keeper.pw_gid}


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def _await(url: str) -> None:
    import psycopg

    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
