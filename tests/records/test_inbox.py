"""The inbox: a row once for its key and version, exported once, forgotten in time."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, insert, select, update

from credit.errors import InputError
from records import inbox, inbox_parts
from records.erasure import erase
from records.group_commit import GroupCommit
from records.instants import instant_text
from records.retention import retain
from records.store import open_records
from records.tables import INBOX, INBOX_PARTS
from records.verification.verify import verify

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock():
    return [NOW]


@pytest.fixture
def records(records_url, clock):
    opened = open_records(records_url, fixed_now=lambda: clock[0])
    yield opened
    opened.close()


def payment(number, *, at=NOW, **changes):
    values = {
        "payment_id": f"p{number}",
        "merchant_id": f"m{number % 3}",
        "user_id": f"u{number % 5}",
        "kind": "payment",
        "amount_minor": 100 + number,
        "currency": "CNY",
        "occurred_at": instant_text(at),
        "recorded_at": instant_text(at),
    }
    return inbox.Row("payments", values | changes)


def accept(records, *rows, partner="local"):
    with records.writing() as transaction:
        return inbox.accept(transaction, rows, partner=partner)


def files(folder):
    return sorted(folder.rglob("*.parquet"))


def exported(folder, table="payments"):
    rows = [row for part in files(folder / table) for row in pq.read_table(part).to_pylist()]
    return [row["payment_id"] for row in rows]


def digests(folder):
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files(folder)}


def test_a_row_is_new_once(records):
    assert accept(records, payment(1), payment(1)) == [
        inbox.Accepted(new=True),
        inbox.Accepted(new=False),
    ]
    assert accept(records, payment(1)) == [inbox.Accepted(new=False)]
    later = payment(1, at=NOW + timedelta(seconds=1), amount_minor=5)
    assert accept(records, later) == [inbox.Accepted(new=True)]


def test_other_content_of_a_version_is_refused_and_what_differs_named(records):
    accept(records, payment(1))
    assert accept(records, payment(1, amount_minor=7)) == [inbox.Differs("amount_minor", 101, 7)]
    assert accept(records, payment(1, scene="bike")) == [inbox.Differs("scene", None, "bike")]
    assert accept(records, payment(1, scene="bike"), partner="other") == [inbox.Differs()]


def test_two_tables_may_use_one_key(records):
    values = {"product": "merchant-loan", "entity_id": "m1", "reference_id": "x", "bad": 0}
    one = inbox.Row("outcomes", values)
    assert one.recorded_at == ""
    assert (
        accept(records, one, inbox.Row("loans", {"loan_id": "x"})) == [inbox.Accepted(new=True)] * 2
    )


def test_many_at_once_accept_a_row_once(records_url, runs):
    doors = [open_records(records_url) for _ in range(3)]
    commits = [GroupCommit(one) for one in doors]
    rounds = runs(full=60, short=12)

    def send(worker):
        """Every worker sends every row, in an order and with an amount of its own for some."""
        won = 0
        for number in sorted(range(rounds), key=lambda n: (n * (worker + 3)) % 7):
            row = payment(number, amount_minor=worker + 1 if number % 4 == 0 else 5)
            work = lambda transaction, row=row: inbox.accept(transaction, [row], partner="local")  # noqa: E731
            [verdict] = commits[worker % 3].hand_in(work).result()
            won += verdict == inbox.Accepted(new=True)
        return won

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(send, range(6))) == rounds
    with doors[0].reading() as connection:
        seqs = connection.execute(select(INBOX.c.seq).order_by(INBOX.c.seq)).scalars().all()
    assert seqs == list(range(1, rounds + 1))
    for commit, door in zip(commits, doors, strict=True):
        commit.close()
        door.close()


def test_parts_hold_every_row_once_in_the_order_of_acceptance(records, tmp_path, monkeypatch):
    monkeypatch.setattr(inbox_parts.claim, "__kwdefaults__", {"part_rows": 4})
    accept(records, *(payment(number) for number in range(6)))
    assert inbox_parts.export(records, tmp_path) == 2
    accept(records, *(payment(number) for number in range(4, 9)))
    assert inbox_parts.export(records, tmp_path) == 1
    assert inbox_parts.export(records, tmp_path) == 0
    assert exported(tmp_path) == [f"p{number}" for number in range(9)]
    assert [file.name[:30] for file in files(tmp_path)] == [
        "part-000000000001-000000000004",
        "part-000000000005-000000000006",
        "part-000000000007-000000000009",
    ]


def test_a_part_is_typed_as_the_contract(records, tmp_path):
    loan = inbox.Row("loans", {"loan_id": "l1", "apr": 0.0, "disbursed_at": instant_text(NOW)})
    merchant = inbox.Row("merchants", {"merchant_id": "m1", "opened_on": "2025-01-31"})
    accept(records, loan, merchant)
    inbox_parts.export(records, tmp_path)
    [row] = pq.read_table(tmp_path / "loans").to_pylist()
    assert (row["apr"], row["disbursed_at"], row["status"]) == (0.0, NOW, None)
    schema = pq.read_table(tmp_path / "merchants").schema
    assert [str(it) for it in schema.types[1:4]] == ["date32[day]", "string", "int64"]


def test_what_is_recorded_ahead_of_our_clock_waits_and_nothing_overtakes_it(
    records, tmp_path, clock
):
    accept(records, payment(1), payment(2, at=NOW + timedelta(seconds=1)), payment(3))
    inbox_parts.export(records, tmp_path)
    assert exported(tmp_path) == ["p1"]
    clock[0] = NOW + timedelta(seconds=1)
    inbox_parts.export(records, tmp_path)
    assert exported(tmp_path) == ["p1", "p2", "p3"]


class KilledError(BaseException):
    """Stands for kill -9: nothing catches it."""


@pytest.mark.parametrize("dies_in", ["claim", "_rows", "_table", "into_place", "_published"])
def test_an_export_that_was_killed_is_done_again_to_the_same_bytes(
    records, tmp_path, monkeypatch, dies_in
):
    accept(records, *(payment(number) for number in range(5)))
    accept(records, inbox.Row("merchants", {"merchant_id": "m1"}))
    after = getattr(inbox_parts, dies_in)

    def dying(*given, **named):
        if dies_in != "claim":
            after(*given, **named)
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(inbox_parts, dies_in, dying)
        with pytest.raises(KilledError):
            inbox_parts.export(records, tmp_path / "killed")
    there = digests(tmp_path / "killed")
    inbox_parts.export(records, tmp_path / "killed")
    finished = digests(tmp_path / "killed")
    assert there.items() <= finished.items()
    assert exported(tmp_path / "killed") == [f"p{number}" for number in range(5)]
    assert len(finished) == 2
    assert not [file for file in (tmp_path / "killed").rglob(".*") if file.is_file()]


def test_two_exporters_at_once_write_the_same(records, tmp_path):
    accept(records, *(payment(number) for number in range(50)))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: inbox_parts.export(records, tmp_path), range(4)))
    assert exported(tmp_path) == [f"p{number}" for number in range(50)]


def test_records_that_were_restored_count_anew_and_overwrite_no_part(records, tmp_path):
    accept(records, payment(1))
    inbox_parts.export(records, tmp_path)
    with records.writing() as transaction:  # as a backup from before would have it
        transaction.connection.execute(INBOX.delete())
        transaction.connection.execute(INBOX_PARTS.delete())
    accept(records, payment(2))
    inbox_parts.export(records, tmp_path)
    assert sorted(exported(tmp_path)) == ["p1", "p2"]


def test_a_full_disk_is_told_and_the_export_goes_on_later(records, tmp_path):
    accept(records, payment(1))
    (tmp_path / "payments").write_text("a file stands where the folder should")
    with pytest.raises(InputError, match="cannot be written"):
        inbox_parts.export(records, tmp_path)
    (tmp_path / "payments").unlink()
    inbox_parts.export(records, tmp_path)
    assert exported(tmp_path) == ["p1"]


def contents(records):
    with records.reading() as connection:
        return connection.execute(select(INBOX.c.content).order_by(INBOX.c.seq)).scalars().all()


def test_exported_rows_are_forgotten_in_time_and_still_told_apart(records, tmp_path, clock):
    profile = inbox.Row("users", {"user_id": "u1", "recorded_at": instant_text(NOW)})
    accept(records, payment(1), profile)
    inbox_parts.export(records, tmp_path)
    accept(records, payment(2))
    clock[0] = NOW + timedelta(days=36)
    with records.writing() as transaction:
        retain(transaction)
    assert [content is None for content in contents(records)] == [True, False]  # p2 is in no part
    assert accept(records, payment(1), payment(1, amount_minor=7)) == [
        inbox.Accepted(new=False),
        inbox.Differs(),
    ]
    accept(records, payment(3))
    inbox_parts.export(records, tmp_path)
    assert exported(tmp_path) == ["p1", "p2", "p3"]


def test_numbers_are_not_given_twice_where_rows_are_gone(records, tmp_path, clock):
    accept(records, inbox.Row("users", {"user_id": "u1", "recorded_at": instant_text(NOW)}))
    inbox_parts.export(records, tmp_path)
    clock[0] = NOW + timedelta(days=36)
    with records.writing() as transaction:
        assert retain(transaction)
    assert contents(records) == []
    accept(records, payment(1))
    with records.reading() as connection:
        assert connection.execute(select(func.max(INBOX.c.seq))).scalar() == 2


def test_erasure_takes_rows_along_once_they_are_exported(records, tmp_path):
    accept(records, payment(1), payment(2))
    name = {"partner": "local", "kind": "user", "entity_id": "u1"}
    with pytest.raises(InputError, match="1 rows that name user u1 are in no part"):
        erase(records, **name)
    inbox_parts.export(records, tmp_path)
    assert erase(records, **name)
    assert not erase(records, **name)
    assert [content for content in contents(records) if "u1" in content] == []
    assert len(contents(records)) == 1


def test_whom_a_payment_named_before_is_touched_when_it_moves(records):
    accept(records, payment(1))
    with records.reading() as connection:
        last, people = inbox.touched(connection, after=0)
    assert people == {"merchant": {"m1"}, "user": {"u1"}}
    accept(records, payment(1, at=NOW + timedelta(1), merchant_id="m9", user_id=None))
    with records.reading() as connection:
        _, people = inbox.touched(connection, after=last)
        assert people == {"merchant": {"m1", "m9"}, "user": {"u1"}}
        versions = inbox.payments_of(connection, kind="merchant", entity_ids=["m1"], since=NOW)
        assert len(versions) == 2
        later = NOW + timedelta(hours=1)
        assert inbox.recorded_since(connection, later)[1]["merchant"] == {"m9"}
        assert inbox.payments_of(connection, kind="user", entity_ids=["u1"], since=later) == []


def test_verification_finds_a_row_that_was_changed_and_parts_that_overlap(records, tmp_path):
    accept(records, payment(1), payment(2))
    inbox_parts.export(records, tmp_path)
    assert verify(records).holds
    with records.writing() as transaction:
        changed = update(INBOX).where(INBOX.c.seq == 2)
        content = payment(2, amount_minor=1).content.decode()
        transaction.connection.execute(changed.values(content=content))
        twice = {"table_name": "payments", "first_seq": 2, "last_seq": 2, "rows": 1}
        over = insert(INBOX_PARTS).values(twice | {"claimed_at": instant_text(NOW)})
        transaction.connection.execute(over)
    faults = verify(records).checks[-1].faults
    assert [fault.partition(":")[0] for fault in faults] == [
        "row 2 of payments",
        "parts of payments overlap at row 2",
    ]
