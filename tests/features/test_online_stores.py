"""On SQLite and Redis alike: what is read is what was published, with what came in since."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit.errors import InputError
from credit.policy.evidence import Freshness
from features.catalogue import ENTITY_FEATURES
from features.fresh import FRESH_FEATURES
from features.online_ping import trouble_of
from features.online_rows import StoreAwayError
from features.repository import open_store
from features.store import FreshDoor, OnlineFeatures, materialize
from tests.stand.published_days import a_day_later, drawn_values, publish_day

DAY = date(2026, 6, 14)
PUBLISHED = datetime(2026, 6, 15, tzinfo=UTC)
NOW = PUBLISHED + timedelta(hours=20)
IDS = [f"u{number}" for number in range(40)]
NAMES = [feature.name for feature in ENTITY_FEATURES["user"]]
FRESH_NAMES = [feature.name for feature in FRESH_FEATURES["user"]]


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def values(home, online_store):
    """A day that is online in `home`."""
    drawn = drawn_values("user", IDS, np.random.default_rng(5))
    publish_day(home, "user", DAY, drawn)
    materialize(home, now=NOW, online_store=online_store)
    return drawn


@pytest.fixture
def reader(home, online_store, values):
    return OnlineFeatures(home, "user", max_age=timedelta(hours=48), online_store=online_store)


@pytest.fixture
def door(home, online_store, values):
    return FreshDoor(home, online_store)


def fresh(number):
    return dict.fromkeys(FRESH_NAMES, float(number))


def said(evidence):
    return evidence.values


def read(reader, *ids, now=NOW):
    return reader.read(ids or IDS, now=now)


def told(table):
    return [repr(row) for row in table.select(NAMES).to_pylist()]


@settings(
    deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 1 << 32), later=st.integers(1, 9))
def test_online_is_offline_to_the_bit_on_any_day(home, online_store, reader, seed, later):
    drawn = drawn_values("user", IDS, np.random.default_rng(seed))
    day = max((home / "features/snapshots/user").iterdir()).name.removeprefix("as_of=")
    day = date.fromisoformat(day) + timedelta(days=later)
    snapshot = publish_day(home, "user", day, drawn)
    materialize(home, now=snapshot.event_time, online_store=online_store)
    evidence = read(reader, now=snapshot.event_time)
    assert [repr(said(it)) for it in evidence] == told(drawn)
    assert {it.as_of for it in evidence} == {snapshot.event_time}


def test_feasts_own_door_gives_the_same_values(home, online_store, values):
    store = open_store(home / "features", online=online_store)
    rows = [{"user_id": one} for one in [*IDS, "nobody"]]
    got = store.get_online_features(
        features=store.get_feature_service("deposit_waiver"), entity_rows=rows
    ).to_dict()
    columns = {name: got[name] for name in NAMES}
    *there, nobody = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values()))  # noqa: B905
    assert [repr(row) for row in there] == told(values)
    assert set(nobody.values()) == {None}


def test_nobody_but_materialize_writes_what_is_published(home, online_store, reader, values):
    store = open_store(home / "features", online=online_store)
    frame = values.to_pandas().assign(event_timestamp=NOW, created_timestamp=NOW)
    with pytest.raises(ValueError, match="published by vouch features materialize alone"):
        store.write_to_online_store("user_features", frame)
    assert [repr(said(it)) for it in read(reader)] == told(values)


def test_what_is_pushed_stands_beside_the_day_and_says_when_it_was_read(door, reader):
    at = NOW - timedelta(seconds=3, microseconds=7)
    door.push("user", {"u1": fresh(2) | {FRESH_NAMES[0]: None}}, since=PUBLISHED, event_time=at)
    one, other = read(reader, "u1", "u2")
    assert other.fresh is None
    assert (one.fresh.as_of, one.fresh.freshness) == (at, Freshness.FRESH)
    assert said(one.fresh) == fresh(2) | {FRESH_NAMES[0]: None}
    assert not said(one).keys() & said(one.fresh).keys()
    assert one.event_time_of(FRESH_NAMES[1]) == at
    assert one.event_time_of(NAMES[0]) == PUBLISHED
    assert one.event_time_of("no such feature") is None


@settings(
    deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.permutations(range(5)))
def test_in_whatever_order_rows_are_pushed_the_one_read_last_stays(door, reader, order):
    base = door.since("user")
    for number in order:
        at = base + timedelta(microseconds=number)
        door.push("user", {f"p{order}": fresh(number)}, since=base, event_time=at)
    [evidence] = read(reader, f"p{order}", now=base)
    assert evidence.freshness is Freshness.UNKNOWN  # no day knows them; what came in since does
    [evidence] = read(reader, f"p{order}")
    assert said(evidence.fresh) == fresh(4)
    door.push("user", {f"p{order}": fresh(9)}, since=base, event_time=evidence.fresh.as_of)
    assert said(read(reader, f"p{order}")[0].fresh) == fresh(9)


def test_what_is_pushed_beside_one_day_is_not_read_beside_another(
    home, online_store, door, reader, values
):
    door.push("user", {"u1": fresh(1)}, since=PUBLISHED, event_time=NOW)
    publish_day(home, "user", DAY + timedelta(days=1), a_day_later("user", values))
    tomorrow = NOW + timedelta(days=1)
    summary = materialize(home, now=tomorrow, online_store=online_store)
    assert [done.note for done in summary.done] == ["0 changed"]
    assert read(reader, "u1", now=tomorrow)[0].fresh is None
    since = door.since("user")
    assert since == PUBLISHED + timedelta(days=1)
    door.push("user", {"u1": fresh(3)}, since=since, event_time=tomorrow)
    assert said(read(reader, "u1", now=tomorrow)[0].fresh) == fresh(3)
    door.push("user", {"u2": fresh(3)}, since=PUBLISHED, event_time=tomorrow)
    assert read(reader, "u2", now=tomorrow)[0].fresh is None


@pytest.mark.parametrize(
    ("later", "freshness"),
    [
        (timedelta(hours=36), Freshness.FRESH),
        (timedelta(hours=36, microseconds=1), Freshness.STALE),
        (timedelta(microseconds=-1), Freshness.STALE),
    ],
)
def test_fresh_values_past_their_own_limit_are_said_to_be_stale_and_not_given(
    door, reader, later, freshness
):
    at = PUBLISHED + timedelta(hours=1)
    door.push("user", {"u1": fresh(1)}, since=PUBLISHED, event_time=at)
    [evidence] = read(reader, "u1", now=at + later)
    assert evidence.freshness is Freshness.FRESH  # the day's own values have their own limit
    assert evidence.fresh.freshness is freshness
    assert bool(said(evidence.fresh)) is (freshness is Freshness.FRESH)
    assert bool(evidence.fresh.detail) is (freshness is Freshness.STALE)


def test_nothing_can_be_pushed_before_a_day_is_online(home, online_store):
    door = FreshDoor(home, online_store)
    assert door.since("user") is None
    with pytest.raises(InputError, match="run vouch features materialize"):
        door.push("user", {"u1": fresh(1)}, since=PUBLISHED, event_time=NOW)


def test_without_its_redis_nothing_is_known_and_all_recovers(home, redis_server, tmp_path):
    redis_server.start()
    redis_server.client().flushall()
    url, drawn = redis_server.url, drawn_values("user", IDS, np.random.default_rng(5))
    publish_day(home, "user", DAY, drawn)
    materialize(home, now=NOW, online_store=url)
    reader = OnlineFeatures(home, "user", max_age=timedelta(hours=48), online_store=url)
    door = FreshDoor(home, url)
    assert read(reader, "u1")[0].freshness is Freshness.FRESH
    assert door.since("user") == PUBLISHED
    redis_server.stop()
    assert read(reader, "u1")[0].freshness is Freshness.UNAVAILABLE
    with pytest.raises(StoreAwayError):
        door.since("user")
    with pytest.raises(InputError, match="online store: ConnectionError"):
        materialize(home, now=NOW, online_store=url.replace("//", "//somebody:secret@"))
    redis_server.start()
    assert read(reader, "u1")[0].freshness is Freshness.UNAVAILABLE  # it is up, and empty
    assert all(done.written for done in materialize(home, now=NOW, online_store=url).done)
    assert [repr(said(it)) for it in read(reader)] == told(drawn)
    assert door.since("user") == PUBLISHED


def test_a_redis_that_does_not_answer_is_not_waited_for_long(home, redis_server):
    redis_server.start()
    redis_server.client().flushall()
    publish_day(home, "user", DAY, drawn_values("user", IDS, np.random.default_rng(5)))
    materialize(home, now=NOW, online_store=redis_server.url)
    reader = OnlineFeatures(
        home, "user", max_age=timedelta(hours=48), online_store=redis_server.url
    )
    redis_server.client().client_pause(60_000)
    try:
        assert read(reader, "u1")[0].freshness is Freshness.UNAVAILABLE
    finally:
        redis_server.stop()


def test_a_redis_that_would_forget_rows_is_not_used(home, redis_server):
    redis_server.start()
    client = redis_server.client()
    publish_day(home, "user", DAY, drawn_values("user", IDS, np.random.default_rng(5)))
    client.config_set("maxmemory", 1 << 30)
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert "allkeys-lru" in trouble_of(home, redis_server.url)
        with pytest.raises(InputError, match="forgets rows when it is full"):
            materialize(home, now=NOW, online_store=redis_server.url)
    finally:
        redis_server.stop()
    assert trouble_of(home, redis_server.url) == "Redis does not answer: ConnectionError"
    redis_server.start()
    assert not trouble_of(home, redis_server.url)


def test_a_row_that_was_damaged_in_redis_is_told_not_read(home, redis_server):
    redis_server.start()
    redis_server.client().flushall()
    url = redis_server.url
    publish_day(home, "user", DAY, drawn_values("user", IDS, np.random.default_rng(5)))
    materialize(home, now=NOW, online_store=url)
    reader = OnlineFeatures(home, "user", max_age=timedelta(hours=48), online_store=url)
    with redis_server.client() as client:
        row = client.get("vouch:user_features/u1")
        client.set("vouch:user_features/u1", row[:-1] + bytes([row[-1] ^ 1]))
    assert read(reader, "u1")[0].freshness is Freshness.UNAVAILABLE
    assert read(reader, "u2")[0].freshness is Freshness.FRESH


def test_names_that_look_like_keys_are_names(home, online_store):
    ids = ["u1", "u1+u1", "/u1", ":attempt", "*", "u:staged", "用户", "u1/"]
    drawn = drawn_values("user", ids, np.random.default_rng(5))
    publish_day(home, "user", DAY, drawn)
    materialize(home, now=NOW, online_store=online_store)
    fewer = drawn_values("user", ids[3:], np.random.default_rng(6))
    publish_day(home, "user", DAY + timedelta(days=1), fewer)
    now = NOW + timedelta(days=1)
    materialize(home, now=now, online_store=online_store)
    reader = OnlineFeatures(home, "user", max_age=timedelta(hours=48), online_store=online_store)
    evidence = read(reader, *ids, now=now)
    assert [it.freshness for it in evidence[:3]] == [Freshness.UNKNOWN] * 3
    assert [repr(said(it)) for it in evidence[3:]] == told(fewer)


def test_a_snapshot_of_no_rows_goes_online(home, online_store, reader):
    publish_day(home, "user", DAY + timedelta(days=1), pa.table(
        drawn_values("user", ["u1"], np.random.default_rng(5)).slice(0, 0)))  # fmt: skip
    now = NOW + timedelta(days=1)
    materialize(home, now=now, online_store=online_store)
    assert {it.freshness for it in read(reader, now=now)} == {Freshness.UNKNOWN}
