"""The servers, wires, disks and clocks on which the tests of faults stand do as they are said."""

import errno
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.stand.wire import Wire

TELL = """
import sys, threading, time
for _ in sys.stdin:
    before = time.monotonic()
    time.sleep(0.1)
    threading.Event().wait(0.1)
    assert 0.2 <= time.monotonic() - before < 5
    print(time.time(), time.monotonic(), flush=True)
"""


@pytest.fixture
def ask_clocks(faketime) -> Iterator:
    """Asks a running Python for (its wall clock less the true one, its monotonic less the true)."""
    child = subprocess.Popen(
        [sys.executable, "-c", TELL],
        env=os.environ | faketime.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def ask() -> tuple[float, float]:
        child.stdin.write("\n")
        child.stdin.flush()
        wall, steady = map(float, child.stdout.readline().split())
        return wall - time.time(), steady - time.monotonic()

    yield ask
    child.stdin.close()
    child.wait(timeout=10)


def test_the_wall_clock_of_a_running_python_moves_and_its_monotonic_clock_does_not(
    faketime, ask_clocks
):
    for ahead in (0, 3600, -5, 0):
        faketime.move(ahead)
        wall, steady = ask_clocks()
        assert wall == pytest.approx(ahead, abs=1)
        assert steady == pytest.approx(0, abs=1)


def test_the_clock_of_a_running_postgresql_moves_too(faketime, new_cluster):
    cluster = new_cluster(environ=faketime.environ)
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        for ahead in (3600, -5):
            faketime.move(ahead)
            now = connection.execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()[0]
            assert float(now) - time.time() == pytest.approx(ahead, abs=1)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_cluster_keeps_what_was_committed_through_a_restart(new_cluster, mode):
    cluster = new_cluster()
    url = cluster.new_database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    cluster.stop(mode)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    cluster.start()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_a_cluster_waits_for_the_disk_and_says_who_its_processes_are(postgres):
    with psycopg.connect(postgres.url()) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
        roles = postgres.pids()
        assert {"postmaster", "walwriter", "checkpointer"} <= set(roles.values())
        assert roles[connection.info.backend_pid].startswith("vouch postgres 127.0.0.1")


def test_each_test_gets_records_of_its_own(records_url, postgres):
    if records_url.startswith("postgresql"):
        with psycopg.connect(records_url) as connection:
            assert connection.execute("SELECT count(*) FROM pg_stat_user_tables").fetchone() == (0,)
        assert postgres.new_database() != records_url
    else:
        assert records_url.startswith("sqlite:////")


def test_a_small_disk_gets_full(small_disk):
    disk = small_disk(4)
    with pytest.raises(OSError, match="No space left") as refused:
        (disk / "filling").write_bytes(bytes(5 << 20))
    assert refused.value.errno == errno.ENOSPC


def test_a_cluster_on_a_small_disk_gets_full_and_serves_again_once_there_is_room(
    small_disk, new_cluster
):
    sizes = {"max_wal_size": "4MB", "min_wal_size": "2MB"}
    cluster = new_cluster(small_disk(64), wal_segment_mb=1, settings=sizes)
    ballast = cluster.folder / "ballast"
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE large (filling text)")
        _fill(ballast)
        with pytest.raises(psycopg.OperationalError):
            connection.execute(
                "INSERT INTO large SELECT repeat('x', 1900) FROM generate_series(1, 20000)"
            )
    ballast.unlink()
    cluster.restart("immediate")
    with psycopg.connect(cluster.url()) as connection:
        assert connection.execute("SELECT count(*) FROM large").fetchone() == (0,)


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 16))


def test_a_whole_wire_passes_questions_and_answers(wire, postgres):
    with psycopg.connect(wire.url(postgres.url())) as connection:
        sent = "x" * 1_000_000
        assert connection.execute("SELECT %s::text", (sent,)).fetchone() == (sent,)


def test_a_cut_is_a_reset_to_the_connections_there_are_and_spares_later_ones(wire, postgres):
    url = wire.url(postgres.url())
    with psycopg.connect(url, autocommit=True) as connection:
        raw = socket.socket(fileno=os.dup(connection.fileno()))
        wire.cut()
        raw.setblocking(True)
        with pytest.raises(ConnectionResetError), raw:
            raw.recv(1)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    psycopg.connect(url).close()


def test_a_cut_also_ends_the_server_s_side(wire, postgres):
    with psycopg.connect(wire.url(postgres.url())) as connection:
        backend = connection.info.backend_pid
        wire.cut()
        _soon(lambda: backend not in postgres.pids())


def test_a_blackhole_answers_nothing_and_what_it_kept_passes_once_it_is_mended(wire, postgres):
    with psycopg.connect(wire.url(postgres.url()), autocommit=True) as connection:
        wire.blackhole()
        connection.pgconn.send_query(b"SELECT 1")
        assert not _readable(connection.fileno(), within=0.3)
        wire.mend()
        # Waiting inside libpq would keep the interpreter, and with it the wire, from running.
        assert _readable(connection.fileno(), within=5)
        assert connection.pgconn.get_result().get_value(0, 0) == b"1"
        assert connection.pgconn.get_result() is None


def test_a_blackhole_accepts_whoever_comes_and_says_nothing(wire, postgres):
    wire.blackhole()
    with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as client:
        assert not _readable(client.fileno(), within=0.3)
    with pytest.raises(psycopg.OperationalError, match="timeout"):
        psycopg.connect(wire.url(postgres.url()), connect_timeout=2)


def test_a_slow_wire_brings_an_answer_late(wire, postgres):
    with psycopg.connect(wire.url(postgres.url()), autocommit=True) as connection:
        assert _seconds_of_an_answer(connection) < 0.2
        wire.delay(0.2)
        assert 0.4 <= _seconds_of_an_answer(connection) < 2
        wire.mend()
        assert _seconds_of_an_answer(connection) < 0.2


def test_who_calls_a_server_that_is_away_is_reset(new_cluster):
    cluster = new_cluster()
    with Wire(cluster.port) as wire:
        cluster.stop()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(wire.url(cluster.url()), connect_timeout=5)
        cluster.start()
        psycopg.connect(wire.url(cluster.url())).close()


def test_strace_sees_a_child_wait_for_the_disk(strace, tmp_path):
    write = "import os; f = os.open('kept', os.O_CREAT | os.O_WRONLY); os.fsync(f)"
    words = [strace, "-f", "-qq", "-e", "trace=fsync,fdatasync", sys.executable, "-c", write]
    seen = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "fsync(" in seen.stderr


def test_a_long_check_is_short_unless_asked_for(runs):
    acceptance = os.environ.get("VOUCH_ACCEPTANCE") == "1"
    assert runs(full=2000, short=50) == (2000 if acceptance else 50)


def _seconds_of_an_answer(connection) -> float:
    before = time.monotonic()
    connection.execute("SELECT 1")
    return time.monotonic() - before


def _readable(file: int, *, within: float) -> bool:
    return bool(select.select([file], [], [], within)[0])


def _soon(condition) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
