"""kill -9 while a day goes online: nobody reads a mixed day, and the rerun brings it online."""

import threading
import time
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from features.store import OnlineFeatures, materialize
from tests.stand.online_writer import Writers
from tests.stand.published_days import a_day_later, drawn_values, publish_day

FIRST = date(2026, 1, 1)
IDS = [f"u{number:04}" for number in range(800)]
CHANGED = 250
FOREVER = timedelta(days=1_000)


class Watcher(threading.Thread):
    """Reads any few entities again and again, and holds them against the day that they claim."""

    def __init__(self, home, online_store, days):
        super().__init__(daemon=True)
        self.reader = OnlineFeatures(home, "user", max_age=FOREVER, online_store=online_store)
        self.days, self.rng = days, np.random.default_rng(1)
        self.wrong, self.reads, self.seen, self.ends = [], 0, set(), threading.Event()

    def run(self):
        while not self.ends.is_set():
            ids = [IDS[place] for place in self.rng.integers(0, len(IDS), 8)]
            read = self.reader.read(ids, now=datetime(2026, 12, 31, tzinfo=UTC))
            [as_of] = {evidence.as_of for evidence in read}
            if [it.values for it in read] != [self.days[as_of].get(one, {}) for one in ids]:
                self.wrong.append((as_of, ids))
            self.seen.add(as_of)
            self.reads += 1
            time.sleep(0.002)  # the writers need the processor too


@pytest.fixture
def days(tmp_path):
    """Publishes one day after another, and remembers what each says of whom."""
    rng, kept, told = np.random.default_rng(7), [], {}

    def publish():
        values = drawn_values("user", IDS, rng)
        if kept:
            ids = sorted(rng.choice(IDS, CHANGED + int(rng.integers(0, 9)), replace=False))
            changed = drawn_values("user", ids[: int(rng.integers(1, CHANGED))], rng)
            same = [one not in ids for one in kept[-1]["user_id"].to_pylist()]
            values = pa.concat_tables([a_day_later("user", kept[-1]).filter(same), changed])
        kept.append(values)
        snapshot = publish_day(tmp_path, "user", FIRST + timedelta(days=len(kept)), values)
        rows = values.drop_columns(["user_id"]).to_pylist()
        told[snapshot.event_time] = dict(zip(values["user_id"].to_pylist(), rows, strict=True))
        return snapshot

    publish.told = told
    return publish


def test_killed_at_any_moment_no_mixed_day_is_read_and_the_rerun_ends_well(
    tmp_path, online_store, days, runs
):
    writers, rng = Writers(), np.random.default_rng(2)
    snapshot = days()
    materialize(tmp_path, now=snapshot.event_time, online_store=online_store)
    watcher = Watcher(tmp_path, online_store, days.told)
    watcher.start()
    took, died, switched = 0.3, 0, 0
    for _ in range(runs(full=50, short=8)):
        before, snapshot = snapshot, days()
        at = {"now": snapshot.event_time, "online_store": online_store}
        writer = writers.start(tmp_path, **at)
        time.sleep(rng.uniform(0, took))
        writer.kill()
        writer.join()
        died += writer.exitcode != 0
        [seen] = {it.as_of for it in watcher_free_read(tmp_path, online_store)}
        assert seen in {before.event_time, snapshot.event_time}
        switched += seen == snapshot.event_time
        began = time.perf_counter()
        writer = writers.start(tmp_path, **at)
        writer.join()
        took = time.perf_counter() - began
        assert writer.exitcode == 0
        read = watcher_free_read(tmp_path, online_store)
        told = days.told[snapshot.event_time]
        assert [it.values for it in read] == [told.get(one, {}) for one in IDS]
    watcher.ends.set()
    watcher.join()
    assert not watcher.wrong
    assert died >= runs(full=25, short=1)
    assert len(watcher.seen) > runs(full=40, short=4)


def watcher_free_read(home, online_store):
    reader = OnlineFeatures(home, "user", max_age=FOREVER, online_store=online_store)
    return reader.read(IDS, now=datetime(2026, 12, 31, tzinfo=UTC))
