"""A PostgreSQL of the benchmark's own: default settings, so durable; gone when the block ends."""

import os
import pwd
import shutil
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
    programs = _programs()
    folder, keeper = Path(tempfile.mkdtemp(prefix="vouch-bench-postgresql-")), _keeper()
    if keeper:
        shutil.chown(folder, keeper["user"], keeper["group"])
    data, port = str(folder / "data"), str(_free_port())
    words = ["-D", data, "-U", "vouch", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
    subprocess.run([programs / "initdb", *words], check=True, stdout=subprocess.DEVNULL, **keeper)
    words = ["-D", data, "-h", "127.0.0.1", "-p", port, "-c", "unix_socket_directories="]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([programs / "postgres", *words], stdout=log, stderr=log, **keeper)
    try:
        url = f"postgresql://vouch@127.0.0.1:{port}/{DATABASE}"
        _await(url)
        yield url
    finally:
        server.terminate()  # a smart shutdown: it waits for us to disconnect
        server.wait(timeout=30)
        shutil.rmtree(folder)


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
