"""A database that is there and takes its time: a lock held too long, a disk that syncs slowly."""

import subprocess
import time

import pytest

from tests.stand.books import open_books
from tests.stand.branch import Branch
from tests.stand.client import Client
from tests.stand.storm import assert_weathered, storm

SYNC_TAKES_MS = 200
HELD_FOR_S = 2.5


@pytest.fixture
def serve(tmp_path):
    """A process that serves the records at a URL."""
    made = []

    def start(url):
        made.append(Branch(url=url, folder=tmp_path))
        made[-1].fork()
        return made[-1]

    yield start
    for branch in made:
        branch.end()


def test_while_somebody_holds_the_writers_lock_it_is_told_so_in_time(records_url, serve):
    branch = serve(records_url)
    with storm([branch.port]) as weather:
        weather.served_again(within=10)
        with open_books(branch.plan.url, branch.plan.anchors) as books, books.records.writing():
            held_until = time.monotonic() + HELD_FOR_S
            time.sleep(0.3)  # who was served before has heard so
            before = weather.statuses[200]
            with Client([branch.port]) as client:
                assert client.read("/readyz").status == 200
            time.sleep(held_until - time.monotonic())
            assert weather.statuses[200] == before
        assert weather.served_again(within=10) < 5
    assert weather.statuses[503]
    assert_weathered(weather, branch)


def test_where_every_sync_takes_200_ms_everybody_is_served(strace, tmp_path, serve):
    branch = serve(f"sqlite:///{tmp_path}/records.db")
    slowed = [strace, "-f", "-qq", "-p", str(branch.pid), "-o", str(tmp_path / "trace")]
    slowed += ["-e", "trace=fsync,fdatasync", "-e", f"inject=all:delay_enter={SYNC_TAKES_MS}ms"]
    with subprocess.Popen(slowed) as slowing:
        with storm([branch.port], clients=8) as weather:
            time.sleep(1.5)
        slowing.terminate()
    print(weather.summary())  # noqa: T201
    assert set(weather.statuses) == {200}
    assert weather.slowest_s >= SYNC_TAKES_MS / 1_000
    assert_weathered(weather, branch)
