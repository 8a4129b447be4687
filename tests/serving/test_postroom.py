"""The postroom: what was accepted is carried on, in whatever order and by whoever is alive."""

import json
import random
import time
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest

from records import inbox
from records.group_commit import GroupCommit
from records.instants import instant_text
from records.store import RecordsUnavailableError, open_records
from serving.fresh_rows import FreshRows
from serving.postroom import LOCK, Postroom, export_inbox
from serving.settings import read_settings

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
SINCE = datetime(2026, 7, 1, tzinfo=UTC)


class FakeDoor:
    """An online store: what stands in it, and beside which day."""

    def __init__(self):
        self.published = {"merchant": SINCE, "user": SINCE}
        self.online = {"merchant": {}, "user": {}}
        self.pushed = 0
        self.fails = 0

    def since(self, entity):
        return self.published.get(entity)

    def push(self, entity, rows, *, since, event_time):
        if self.fails:
            self.fails -= 1
            raise OSError("the store is away")
        self.pushed += len(rows)
        for entity_id, values in rows.items():
            there = self.online[entity].get(entity_id)
            if there is None or event_time >= there[1]:
                self.online[entity][entity_id] = (since, event_time, values)

    def read(self, entity, entity_id):
        """As the reader does: what stands beside another day does not count."""
        since, _, values = self.online[entity].get(entity_id, (None, None, {}))
        return values if since == self.published[entity] else {}

    def values(self):
        return {
            (entity, entity_id): self.read(entity, entity_id)
            for entity, rows in self.online.items()
            for entity_id in rows
            if any(self.read(entity, entity_id).values())
        }


def payment(number, *, minutes=0, **changes):
    at = instant_text(SINCE + timedelta(hours=1, minutes=minutes))
    values = {
        "payment_id": f"p{number}",
        "merchant_id": f"m{number % 3}",
        "user_id": f"u{number % 5}",
        "kind": "payment",
        "amount_minor": 100 + number,
        "currency": "CNY",
        "occurred_at": at,
        "recorded_at": at,
    }
    return inbox.Row("payments", values | changes)


@pytest.fixture
def homes(tmp_path):
    """Opens records of their own, each with a door and what carries rows between them."""
    opened = []

    def home(name="home"):
        (tmp_path / name).mkdir(exist_ok=True)
        url = f"sqlite:///{tmp_path / name}/records.db"
        records = open_records(url, fixed_now=lambda: NOW)
        opened.append(records)
        door = FakeDoor()
        return records, door, FreshRows(records, door)

    yield home
    for records in opened:
        records.close()


def accept(records, *rows):
    with records.writing() as transaction:
        inbox.accept(transaction, rows, partner="local")


def test_only_whom_new_rows_touch_is_pushed(homes):
    records, door, fresh = homes()
    assert fresh.carry() == 0
    accept(records, payment(1), payment(2))
    assert fresh.carry() == 4
    assert fresh.carry() == 0
    accept(records, payment(4))
    assert fresh.carry() == 2
    assert door.read("merchant", "m1")["fresh_turnover_minor"] == 205.0
    assert door.read("user", "u4")["fresh_purchases"] == 1.0


def test_any_order_batches_repeats_and_carriers_end_in_the_same_values(homes, runs):
    rng = random.Random(5)  # noqa: S311 - an order, not a secret
    rows = [payment(number) for number in range(20)]
    rows += [payment(n, minutes=5, amount_minor=9, merchant_id="m9") for n in range(0, 20, 3)]
    rows += [payment(n, minutes=9, kind="refund") for n in range(0, 20, 7)]
    ends = []
    for attempt in range(runs(full=100, short=6)):
        records, door, fresh = homes(f"home{attempt}")
        others = [fresh, FreshRows(records, door)]
        left = rows + rng.sample(rows, 10)
        rng.shuffle(left)
        while left:
            size = rng.randint(1, 9)
            batch, left = left[:size], left[size:]
            accept(records, *batch)
            rng.choice(others).carry()
        for one in others:
            one.carry()
        ends.append(door.values())
    assert ends[0][("merchant", "m9")]["fresh_payments"] == 6.0
    assert all(end == ends[0] for end in ends)


def test_another_published_day_takes_its_rows_along(homes):
    records, door, fresh = homes()
    accept(records, payment(0), payment(3, minutes=24 * 60))
    fresh.carry()
    assert door.read("merchant", "m0")["fresh_payments"] == 2.0
    door.published["merchant"] = SINCE + timedelta(days=1)
    assert door.read("merchant", "m0") == {}  # not counted twice, not for a moment
    fresh.carry()
    assert door.read("merchant", "m0")["fresh_payments"] == 1.0
    assert door.read("user", "u0")["fresh_purchases"] == 1.0  # users' day is the old one


def test_without_anything_published_rows_wait(homes):
    records, door, fresh = homes()
    accept(records, payment(1))
    door.published = {}
    assert fresh.carry() == 0
    door.published = {"merchant": SINCE}
    assert fresh.carry() == 1


def test_what_could_not_be_pushed_is_pushed_the_next_time(homes):
    records, door, fresh = homes()
    accept(records, payment(1))
    door.fails = 1
    with pytest.raises(OSError, match="away"):
        fresh.carry()
    fresh.carry()
    assert door.read("merchant", "m1")["fresh_payments"] == 1.0
    assert door.read("user", "u1")["fresh_purchases"] == 1.0


def test_rows_of_before_the_start_are_carried_by_the_next_process(homes):
    records, _door, _ = homes()
    accept(records, payment(1))
    _, door, fresh = homes()  # the same home, another process
    fresh.carry()
    assert door.read("merchant", "m1")["fresh_payments"] == 1.0


@pytest.fixture
def rooms(tmp_path, homes):
    """Postrooms over one home, as several workers have them."""
    made, commits = [], []

    def room():
        records, door, fresh = homes()
        commits.append(GroupCommit(records))
        made.append(Postroom(records, commits[-1], tmp_path / "inbox", fresh))
        return made[-1], records, door

    yield room
    for one in made:
        one.close()
    for commit in commits:
        commit.close()


def test_one_process_carries_and_another_goes_on_when_it_ends(rooms):
    first, records, door = rooms()
    second, _, second_door = rooms()
    accept(records, payment(1))
    first.look()
    second.look()
    assert (door.pushed, second_door.pushed) == (2, 0)
    first.close()
    second.look()
    assert second_door.pushed == 2


def test_trouble_is_told_and_the_thread_goes_on(rooms, caplog, monkeypatch):
    room, records, door = rooms()
    accept(records, payment(1))
    for trouble in (OSError("away"), RecordsUnavailableError("locked"), ZeroDivisionError()):
        with monkeypatch.context() as patched:

            def fail(trouble=trouble):
                raise trouble

            patched.setattr(room._fresh, "carry", fail)
            room.look()
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "ERROR"]
    room.look()
    assert door.pushed == 2


def test_a_running_postroom_carries_by_itself_and_exports_once_a_minute(
    rooms, tmp_path, monkeypatch
):
    room, records, door = rooms()
    monkeypatch.setattr("serving.postroom.LOOK_EVERY_SECONDS", 0.01)
    monkeypatch.setattr("serving.postroom.EXPORT_EVERY_SECONDS", 0.02)
    accept(records, payment(1))
    room.start()
    deadline = time.monotonic() + 20
    while not (door.pushed and list((tmp_path / "inbox").rglob("*.parquet"))):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    room.close()
    [part] = (tmp_path / "inbox" / "payments").iterdir()
    assert pq.read_table(part)["payment_id"].to_pylist() == ["p1"]
    assert (tmp_path / "inbox" / LOCK).exists()


def test_a_program_exports_what_waits_and_makes_no_records_where_none_are(homes, tmp_path):
    settings = read_settings({"VOUCH_HOME": str(tmp_path / "empty")})
    assert export_inbox(settings) == 0
    assert not (tmp_path / "empty").exists()
    records, _, _ = homes()
    accept(records, payment(1))
    settings = read_settings({"VOUCH_HOME": str(tmp_path / "home")})
    assert export_inbox(settings) == 1
    assert export_inbox(settings) == 0
    assert len(list((tmp_path / "home" / "inbox" / "payments").iterdir())) == 1


def test_fresh_values_are_plain_numbers(homes):
    records, door, fresh = homes()
    accept(records, payment(1))
    fresh.carry()
    assert json.loads(json.dumps(door.read("merchant", "m1")))
