"""A disk that is full: told as 503, nothing by halves, and served again once there is room."""

import re
import shutil
import subprocess
import time
from collections import Counter
from contextlib import suppress

import pytest

from tests.stand.branch import Branch
from tests.stand.storm import assert_weathered, storm

SERVED_WITHIN_S = 15.0
# On the disk of the data its log takes little; on a disk of its own it grows until that is full.
LOGS = {
    "data": {"max_wal_size": "4MB", "min_wal_size": "2MB"},
    "log of writes": {"wal_recycle": "off"},
}


@pytest.fixture
def serve(tmp_path):
    """A process that serves records at a URL, its home in a folder."""
    made = []

    def start(url, home):
        made.append(Branch(url=url, folder=home))
        made[-1].fork()
        return made[-1]

    yield start
    for branch in made:
        branch.end()


def test_a_full_disk_under_sqlite_is_told_and_got_over(small_disk, serve, runs):
    disk = small_disk(24)
    branch = serve(f"sqlite:///{disk}/records.db", disk)
    with storm([branch.port]) as weather:
        for _ in range(runs(full=10, short=2)):
            weather.served_again(within=SERVED_WITHIN_S)
            fill_until_refused(disk / "ballast", weather)
            (disk / "ballast").unlink()
            weather.served_again(within=SERVED_WITHIN_S)
    print(weather.summary())  # noqa: T201
    assert_weathered(weather, branch)


@pytest.mark.parametrize("full", LOGS)
def test_a_full_disk_under_postgresql_is_told_and_got_over(
    small_disk, new_cluster, serve, runs, full
):
    disk, log_disk, home = small_disk(72), small_disk(12), small_disk(6)
    cluster = new_cluster(disk, wal_segment_mb=1, settings=LOGS[full])
    move_log_of_writes(cluster, log_disk)
    branch = serve(cluster.new_database(), home)
    ballast = (disk if full == "data" else log_disk) / "ballast"
    with storm([branch.port]) as weather:
        for _ in range(runs(full=10, short=1)):
            weather.served_again(within=SERVED_WITHIN_S)
            fill_until_refused(ballast, weather)
            ballast.unlink()
            serve_again(cluster, weather)
    print(weather.summary(), what_was_full(cluster))  # noqa: T201
    assert_weathered(weather, branch)


def move_log_of_writes(cluster, disk):
    """Put the log of writes on a disk of its own, as many do."""
    cluster.stop()
    here, there = cluster.data / "pg_wal", disk / "pg_wal"
    subprocess.run(["cp", "-a", str(here), str(there)], check=True)
    shutil.rmtree(here)
    here.symlink_to(there)
    cluster.start()


def serve_again(cluster, weather):
    """Wait until somebody is served.

    A server that could not write its log panics and, as long as it cannot, ends: whoever runs it
    starts it again.
    """
    for _ in range(5):
        cluster.start()
        with suppress(TimeoutError):
            weather.served_again(within=3)
            return
    weather.served_again(within=1)


def what_was_full(cluster):
    """What the server said that it could not write, and how often."""
    said = (line.partition("] ")[2] for line in cluster.log.splitlines() if "No space" in line)
    return dict(Counter(re.sub(r"[0-9A-F]{4,}|[0-9]+", "N", line) for line in said))


def fill_until_refused(ballast, weather):
    """Take what room there is, until nobody is served any more."""
    deadline = time.monotonic() + SERVED_WITHIN_S
    with ballast.open("wb", buffering=0) as file:
        before, served = weather.statuses[503], weather.statuses[200]
        while weather.statuses[503] < before + 20 or weather.statuses[200] > served:
            assert time.monotonic() < deadline, f"there is room yet: {dict(weather.statuses)}"
            served = weather.statuses[200]
            with suppress(OSError):
                while True:
                    file.write(bytes(1 << 12))
            time.sleep(0.2)
