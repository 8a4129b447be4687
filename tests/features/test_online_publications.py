"""A day goes online whole or not at all, wherever its writer dies and whoever takes over."""

from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features import materialising, online_redis, online_sqlite
from features.materialising import _Desk
from features.online_redis import RowRedisOnlineStore, RowRedisOnlineStoreConfig
from features.online_rows import OvertakenError
from features.online_sqlite import RowSqliteOnlineStore
from features.publication import read_online
from tests.stand.published_days import a_day_later, drawn_values, publish_day

VIEW, FRESH = "user_features", "user_fresh"
DAYS = [date(2026, 6, 14), date(2026, 6, 15), date(2026, 6, 16)]
IDS = [f"u{number}" for number in range(10)]


class DiedError(Exception):
    """The writer is gone."""


class World:
    """A home and an online store, a writer that dies after so many writes, and one who watches."""

    def __init__(self, home, config):
        self.home, self.config = home, config
        self.reader = self.new_store()
        views = [SimpleNamespace(name=VIEW), SimpleNamespace(name=FRESH)]
        self.reader.update(config, [], views, [], [], partial=True)
        self.left, self.steps, self.allowed = None, 0, [None]

    def new_store(self):
        is_sqlite = hasattr(self.config.online_store, "path")
        return RowSqliteOnlineStore() if is_sqlite else RowRedisOnlineStore()

    def publish(self, snapshot, *, dies_after=None):
        """One process's publication of `snapshot`; readers look between any two of its writes."""
        self.left, self.steps = dies_after, 0
        store = self.new_store()
        if isinstance(store, RowSqliteOnlineStore):
            store._writing = self._watched_transaction(store._writing)
        else:
            store._run = self._watched(store._run)
        return _Desk(self.home, store, self.config).publish(snapshot, None)

    def _step(self):
        assert self.seen() in self.allowed
        if self.left is not None and self.steps >= self.left:
            raise DiedError
        self.steps += 1

    def _watched(self, run):
        def watched(*words):
            self._step()
            return run(*words)

        return watched

    def _watched_transaction(self, writing):
        @contextmanager
        def watched(*words):
            self._step()
            with writing(*words) as connection:
                yield connection

        return watched

    def seen(self):
        """What a reader reads now: the day, and every value of every entity there ever was."""
        fetched = self.reader.fetch(self.config, VIEW, IDS, pushed=FRESH)
        if fetched.marker is None:
            return None
        at = fetched.marker.event_time
        rows = {
            one: repr(self.reader.values(self.config, stored.row, at=at))
            for one, stored in zip(IDS, fetched.rows, strict=True)
            if stored is not None
        }
        return at, rows

    def kept(self):
        """Every row that the store holds, whose ever, without who wrote it and when."""
        if isinstance(self.reader, RowSqliteOnlineStore):
            connection = self.reader._open(self.config)
            assert connection.execute("SELECT count(*) FROM attempts").fetchone() == (0,)
            return set(connection.execute(f"SELECT entity_key, vals FROM {VIEW}"))
        with self.reader._redis(self.config) as redis:
            keys = {key.decode() for key in redis.keys("*")}
            rest = keys - {"vouch:layouts", f"vouch:{VIEW}"}
            assert all(key.startswith(f"vouch:{VIEW}/") for key in rest)
            return {(key, redis.get(key)[16:]) for key in rest}


def told(snapshot, table):
    names = [name for name in table.column_names if name != "user_id"]
    rows = {one: repr(row) for one, row in zip(
        table["user_id"].to_pylist(), table.select(names).to_pylist(), strict=True)}  # fmt: skip
    return snapshot.event_time, rows


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch):
    """Several batches of several scripts in each publication."""
    monkeypatch.setattr(materialising, "ENTITIES_A_STEP", 4)
    monkeypatch.setattr(online_redis, "ROWS_A_STEP", 2)
    monkeypatch.setattr(online_sqlite, "KEYS_A_STEP", 3)


@pytest.fixture
def days(tmp_path):
    """Three published days: of each, some change, some stay as they are, some come, some leave."""
    rng = np.random.default_rng(3)
    first = drawn_values("user", IDS[:7], rng)
    same = a_day_later("user", first.slice(0, 3))
    second = pa.concat_tables([same, drawn_values("user", IDS[4:8] + IDS[9:], rng)])
    same = a_day_later("user", second.slice(2, 3))
    third = pa.concat_tables([same, drawn_values("user", IDS[:2] + IDS[7:9], rng)])
    made = []
    for day, values in zip(DAYS, (first, second, third), strict=True):
        snapshot = publish_day(tmp_path, "user", day, values)
        made.append((snapshot, told(snapshot, values)))
    return made


@pytest.fixture
def new_world(online_store, tmp_path, request):
    """Worlds over stores in which nothing is."""
    made = []

    def make():
        made.append(None)
        if online_store == "sqlite":
            place = SimpleNamespace(path=str(tmp_path / f"online{len(made)}.db"))
        else:
            request.getfixturevalue("redis_server").client().flushall()
            place = RowRedisOnlineStoreConfig(url=online_store)
        return World(tmp_path, SimpleNamespace(online_store=place))

    return make


def went_online(world, day):
    snapshot, expected = day
    world.allowed = [world.seen(), expected]
    done = world.publish(snapshot)
    assert world.seen() == expected
    world.allowed = [expected]
    return done


def test_only_what_differs_is_written_and_who_left_is_gone(new_world, days):
    world = new_world()
    notes = [went_online(world, day).note for day in days]
    assert notes == ["7 changed", "5 changed, 1 left", "4 changed, 2 left"]
    assert len(world.kept()) == len(days[2][1][1])


def test_a_day_that_is_online_is_left_alone_and_an_older_one_never_replaces_it(new_world, days):
    world = new_world()
    went_online(world, days[1])
    assert not world.publish(days[1][0]).written
    done = world.publish(days[0][0])
    assert (done.written, done.note) == (False, "what is online is newer")
    assert world.seen() == days[1][1]


@pytest.mark.parametrize("goes_on_with", [1, 2])
def test_wherever_a_publication_dies_readers_see_whole_days_and_the_next_run_ends_well(
    new_world, days, goes_on_with, runs
):
    untouched = new_world()
    went_online(untouched, days[0])
    untouched.allowed.append(days[1][1])
    untouched.publish(days[1][0])
    writes = untouched.steps
    if goes_on_with != 1:
        went_online(untouched, days[goes_on_with])
    expected = untouched.kept()
    assert writes > 10
    for moment in range(0, writes, runs(full=1, short=goes_on_with)):
        world = new_world()
        went_online(world, days[0])
        world.allowed.append(days[1][1])
        with pytest.raises(DiedError):
            world.publish(days[1][0], dies_after=moment)
        went_online(world, days[goes_on_with])
        assert world.kept() == expected


@settings(
    deadline=None,
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30)), max_size=6))
def test_whatever_dies_in_whatever_order_only_whole_days_are_ever_seen(new_world, days, runs):
    world = new_world()
    for number, moment in runs:
        snapshot, expected = days[number]
        world.allowed = [world.seen(), expected]
        with suppress(DiedError):
            world.publish(snapshot, dies_after=moment)
    went_online(world, days[2])
    assert len(world.kept()) == len(days[2][1][1])


def test_what_is_online_is_told_beside_the_snapshots(new_world, days):
    world = new_world()
    went_online(world, days[0])
    (world.home / "features" / "online.json").write_text("damaged")
    world.publish(days[0][0])
    assert read_online(world.home)["user"].event_time == days[0][0].event_time


def test_who_is_overtaken_writes_nothing_more(new_world, days):
    world, mine, theirs = new_world(), "one", "another"
    store, other = world.new_store(), world.new_store()
    attempt = store.begin(world.config, VIEW, mine)
    other.begin(world.config, VIEW, theirs)
    at = days[0][0].event_time
    with pytest.raises(OvertakenError):
        store.stage(world.config, attempt, [("u1", b"late")], at)
    with pytest.raises(OvertakenError):
        store.switch(world.config, attempt, materialising._marker(days[0][0], attempt))
    assert world.seen() is None


def test_a_snapshot_that_was_written_anew_under_its_name_is_what_goes_online(new_world, days):
    columns = range(1 + days[0][0].features)
    first_attempt = pq.read_table(days[1][0].file).select(columns)
    reverted = a_day_later("user", pq.read_table(days[0][0].file).select(columns))
    for moment in range(10):
        world = new_world()
        went_online(world, days[0])
        world.allowed.append(days[1][1])
        with pytest.raises(DiedError):
            world.publish(days[1][0], dies_after=moment)
        if world.seen() == days[1][1]:
            break
        other = publish_day(world.home, "user", DAYS[1], reverted)
        went_online(world, (other, told(other, reverted)))
        publish_day(world.home, "user", DAYS[1], first_attempt)


def test_the_store_itself_refuses_an_older_day_of_the_same_definitions(new_world, days):
    world = new_world()
    store = world.new_store()

    def switches(day, definitions):
        attempt = store.begin(world.config, VIEW, f"{day} {definitions}")
        marker = materialising._marker(days[day][0], attempt)
        store.switch(world.config, attempt, replace(marker, definitions_sha256=definitions))
        return store.marker(world.config, VIEW).event_time

    assert switches(1, "ours") == days[1][0].event_time
    with pytest.raises(OvertakenError):
        switches(0, "ours")
    assert store.marker(world.config, VIEW).event_time == days[1][0].event_time
    assert switches(1, "ours") == days[1][0].event_time
    assert switches(0, "others") == days[0][0].event_time
