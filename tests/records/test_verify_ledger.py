"""A ledger that is whole verifies; anchors, erasure and retention keep what they promise."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from credit.errors import InputError
from records import idempotency, outbox, retention, subjects
from records.anchors import Anchors, head
from records.chain import Head
from records.erasure import erase
from records.retention import retain
from records.store import open_records
from records.verification.verify import verify
from tests.stand.lived import live

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
NAME = "Zhang San of the 3rd ring road"


def test_a_ledger_that_has_seen_life_holds(records):
    live(records, rows=700)
    report = verify(records)
    assert report.holds
    assert [line.split()[0] for line in report.lines()] == ["ok"] * 10


def test_records_that_hold_nothing_hold(records):
    assert verify(records).holds


def test_it_holds_while_others_write(records, records_url):
    live(records, rows=200)
    over, other = threading.Event(), open_records(records_url)

    def write():
        start = 10**6
        while not over.is_set():
            start = live(other, rows=10, orders_a_batch=3, start=start)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            report = verify(records)
            assert report.holds, report.lines()
    finally:
        over.set()
        writer.join()
        other.close()


def test_progress_tells_each_part(records):
    live(records, rows=50)
    told = []
    verify(records, progress=lambda stage, share: told.append((stage, share)))
    assert {"chain", "holds", "loans", "lines", "counters"} <= {stage for stage, _ in told}
    assert all(0 <= share <= 1 for _, share in told)


def test_an_anchor_is_noted_once_for_each_end(records, tmp_path):
    anchors = Anchors(tmp_path / "deep" / "anchors.jsonl")
    live(records, rows=20)
    assert anchors.note(end_of(records))
    assert not anchors.note(end_of(records))
    assert not Anchors(anchors.path).note(end_of(records))  # another process, the same file
    live(records, rows=20, start=10**6)
    assert anchors.note(end_of(records))
    assert len(list(anchors.read())) == 2
    assert set(json.loads(anchors.path.read_text().splitlines()[0])) == {
        *("batch", "seq", "sealed_at", "sha256", "noted_at")
    }
    assert verify(records, anchors=anchors).holds


def test_an_anchor_that_a_crash_cut_short_is_passed_over(tmp_path):
    anchors = Anchors(tmp_path / "anchors.jsonl")
    first, second = (Head(n, n * 3, "2026-06-30T12:00:00.000000Z", f"{n:064}") for n in (1, 2))
    anchors.note(first)
    with anchors.path.open("ab") as file:
        file.write(b'{"batch": 2, "se')
    assert list(anchors.read()) == [first]
    assert Anchors(anchors.path).note(second)
    assert list(anchors.read()) == [first, second]


def test_a_line_that_is_no_anchor_is_told(tmp_path):
    anchors = Anchors(tmp_path / "anchors.jsonl")
    anchors.path.write_text("{}\n")
    with pytest.raises(InputError, match="line 1 is no anchor"):
        list(anchors.read())


def test_anchors_of_other_records_are_a_fault(records, tmp_path):
    live(records, rows=20)
    anchors = Anchors(tmp_path / "anchors.jsonl")
    anchors.note(Head(10**6, 10**7, "2026-06-30T12:00:00.000000Z", "0" * 64))
    (fault,) = verify(records, anchors=anchors).checks[1].faults
    assert "batch 1000000" in fault
    assert anchors.set_aside(NOW).name == "anchors-until-20260630T120000.jsonl"
    assert verify(records, anchors=anchors).holds


def test_after_an_erasure_the_name_is_nowhere_and_everything_still_holds(
    records, records_url, request, an_entry, put_down
):
    with records.writing() as transaction:
        for number in range(30):  # so that pages were split and rows moved about
            put_down(transaction, an_entry(number, entity_id=f"{NAME} {number:0300}"))
    with records.writing() as transaction:
        put_down(transaction, an_entry(99, entity_id=NAME))
    erased = [erase(records, partner="local", kind="merchant", entity_id=NAME)]
    for number in range(30):
        name = f"{NAME} {number:0300}"
        erased.append(erase(records, partner="local", kind="merchant", entity_id=name))
    assert all(erased)
    assert not erase(records, partner="local", kind="merchant", entity_id=NAME)
    assert NAME.encode() not in bytes_on_disk(records, records_url, request)
    assert verify(records).holds


def test_who_comes_again_after_an_erasure_is_somebody_new(records):
    with records.writing() as transaction:
        before = subjects.admitted(transaction, kind="user", entity_id=NAME)
        subjects.erase(transaction, partner="local", kind="user", entity_id=NAME)
        after = subjects.admitted(transaction, kind="user", entity_id=NAME)
    assert before.token != after.token
    assert verify(records).holds


def test_answers_are_kept_a_week_and_confirmed_events_a_month(records_url, monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 40)
    moment = [NOW]
    records = open_records(records_url, fixed_now=lambda: moment[0])
    live(records, rows=120)
    with records.writing() as transaction:
        seqs = [event.seq for event in outbox.waiting(transaction.connection)]
        outbox.delivered(transaction, seqs[:90])
    ends = end_of(records)
    for days, answers, events in ((6, True, 90), (8, False, 90), (31, False, 0)):
        moment[0] = NOW + timedelta(days=days)
        while retained(records) > 0:
            pass
        assert (remembered(records, "key-2") is not None) is answers
        assert confirmed(records) == events
    with records.reading() as connection:
        assert len(outbox.waiting(connection)) == len(seqs) - 90  # never before it was received
    assert end_of(records) == ends
    assert verify(records).holds
    records.close()


def test_answers_are_never_kept_under_a_day(records):
    with pytest.raises(ValueError, match="under a day"), records.writing() as transaction:
        retain(transaction, answers_hours=23)


def retained(records):
    with records.writing() as transaction:
        return retain(transaction)


def remembered(records, key):
    with records.reading() as connection:
        return idempotency.recall(connection, partner="local", key=key)


def confirmed(records):
    with records.reading() as connection:
        query = "SELECT count(*) FROM outbox WHERE delivered_at IS NOT NULL"
        return connection.exec_driver_sql(query).scalar_one()


def end_of(records):
    with records.reading() as connection:
        return head(connection)


def bytes_on_disk(records, url, request):
    """The database's files as they lie on the disk: SQLite's with its log, PostgreSQL's tables."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        return b"".join(it.read_bytes() for it in path.parent.glob(f"{path.name}*"))
    cluster = request.getfixturevalue("postgres")
    cluster.run("CHECKPOINT")
    with records.reading() as connection:
        query = "SELECT oid FROM pg_database WHERE datname = current_database()"
        oid = connection.exec_driver_sql(query).scalar_one()
    return b"".join(it.read_bytes() for it in (cluster.data / "base" / str(oid)).iterdir())
