"""The journal gives back what was written, to its owner, in order; keys and policies likewise."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from records import idempotency, journal, policies, subjects
from records.instants import instant_text
from records.pseudonyms import content_tag

AT = datetime(2026, 6, 30, 12, tzinfo=UTC)


def test_an_entry_is_read_back_as_it_was_written(records, an_entry, put_down):
    with records.writing() as transaction:
        put_down(transaction, an_entry())
    with records.reading() as connection:
        by_id = journal.read(connection, partner="local", decision_id="d1")
        found = journal.read_order(
            connection, partner="local", product="merchant-loan", order_no="a1"
        )
        subject = subjects.known(connection, kind="merchant", entity_id="m1")
    assert found == (an_entry(), content_tag(subject.key, "0" * 64))
    assert by_id == an_entry()


def test_what_is_kept_of_an_entry_names_nobody(records, an_entry, put_down):
    with records.writing() as transaction:
        put_down(transaction, an_entry(entity_id="Zhang"))
    with records.reading() as connection:
        kept = connection.exec_driver_sql("SELECT * FROM decisions").one()
        told = connection.exec_driver_sql("SELECT * FROM outbox").one()
    assert "Zhang" not in f"{kept}{told}"


def test_another_partners_decision_is_not_there(records, an_entry, put_down):
    with records.writing() as transaction:
        put_down(transaction, an_entry())
    with records.reading() as connection:
        assert journal.read(connection, partner="other", decision_id="d1") is None
        found = journal.read_order(
            connection, partner="other", product="merchant-loan", order_no="a1"
        )
        assert found is None


@pytest.mark.parametrize("same", ["reference_id", "order_no"])
def test_one_order_is_decided_once(records, an_entry, put_down, same):
    with records.writing() as transaction:
        put_down(transaction, an_entry(1))
    with pytest.raises(IntegrityError), records.writing() as transaction:
        put_down(transaction, an_entry(2, **{same: "a1"}))
    assert list(journal.scan(records)) == [an_entry(1)]


def test_consultations_have_no_order_and_are_never_in_each_others_way(records, an_entry, put_down):
    entries = [an_entry(n, product="deposit-waiver", order_no=None) for n in range(3)]
    with records.writing() as transaction:
        for entry in entries:
            put_down(transaction, entry)
    assert list(journal.scan(records)) == entries


def test_a_scan_takes_its_product_and_its_time_from_since_up_to_until(
    records, an_entry, put_down, monkeypatch
):
    monkeypatch.setattr(journal, "PAGE_ROWS", 3)
    days = [AT + timedelta(days=n) for n in range(10)]
    with records.writing() as transaction:
        for number, day in enumerate(days):
            put_down(transaction, an_entry(number, decided_at=instant_text(day)))
        other = an_entry(99, product="deposit-waiver", decided_at=instant_text(days[3]))
        put_down(transaction, other)
    ids = [e["decision_id"] for e in journal.scan(records, "merchant-loan", days[2], days[9])]
    assert ids == [f"d{n}" for n in range(2, 9)]
    assert len(list(journal.scan(records))) == 11


def test_a_forgotten_name_leaves_its_decisions_nobodys(records, an_entry, put_down):
    with records.writing() as transaction:
        put_down(transaction, an_entry())
    with records.writing() as transaction:
        asked = {"partner": "local", "kind": "merchant", "entity_id": "m1"}
        assert subjects.erase(transaction, **asked)
        assert not subjects.erase(transaction, **asked)
    (entry,) = journal.scan(records)
    assert entry["entity_id"].startswith("erased:")
    assert entry["request"]["merchant_id"] == entry["entity_id"]
    assert "m1" not in str(entry)


def test_an_answer_is_remembered_for_its_partner_alone(records):
    answer = idempotency.Remembered("hash", 200, b'{"x":1}')
    with records.writing() as transaction:
        idempotency.remember(transaction, answer, partner="local", key="k")
    with records.reading() as connection:
        assert idempotency.recall(connection, partner="local", key="k") == answer
        assert idempotency.recall(connection, partner="other", key="k") is None


def test_only_empty_records_are_seeded_with_a_policy(records):
    with records.writing() as transaction:
        connection = transaction.connection
        assert policies.live(connection) is None
        first = policies.seed(connection, "one", by="shipped", at=AT)
        assert policies.seed(connection, "two", by="shipped", at=AT) == first
        assert policies.live(connection) == first
        assert policies.live_sha256(connection) == first[1]
        assert policies.read(connection, first[1]) == "one"
