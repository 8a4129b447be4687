"""The journal gives back what was written, to its owner, in order; keys and policies likewise."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from records import idempotency, journal, policies
from records.store import instant_text, open_records

AT = datetime(2026, 6, 30, 12, tzinfo=UTC)


def an_entry(number, *, partner="local", product="merchant-loan", at=AT):
    return {
        "decision_id": f"d{number}",
        "partner": partner,
        "product": product,
        "entity_id": "m1",
        "reference_id": f"a{number}",
        "decided_at": instant_text(at),
        "content_sha256": "0" * 64,
        "request": {"amount_minor": 100, "scene": "酒店"},
        "evidence": {"values": {"turnover_30d": 1.5, "trend": None}, "as_of": None},
        "scored": [{"amount_minor": 100, "probability": 0.1}],
        "model": None,
        "policy": {"name": "platform", "version": "1", "sha256": "1" * 64},
        "decision": {"outcome": "approve"},
        "clock": "fixed",
    }


@pytest.fixture
def records(tmp_path):
    opened = open_records(f"sqlite:///{tmp_path}/records.db")
    yield opened
    opened.close()


def test_an_entry_is_read_back_as_it_was_written(records):
    with records.writing() as connection:
        journal.write(connection, an_entry(1))
    with records.reading() as connection:
        by_id = journal.read(connection, partner="local", decision_id="d1")
        by_reference = journal.read_reference(
            connection, partner="local", product="merchant-loan", reference_id="a1"
        )
    assert by_id == by_reference == an_entry(1)


def test_another_partners_decision_is_not_there(records):
    with records.writing() as connection:
        journal.write(connection, an_entry(1))
    with records.reading() as connection:
        assert journal.read(connection, partner="other", decision_id="d1") is None
        assert (
            journal.read_reference(
                connection, partner="other", product="merchant-loan", reference_id="a1"
            )
            is None
        )


def test_one_application_is_decided_once(records):
    again = an_entry(2) | {"reference_id": "a1"}
    with records.writing() as connection:
        journal.write(connection, an_entry(1))
    with pytest.raises(IntegrityError), records.writing() as connection:
        journal.write(connection, again)
    assert list(journal.scan(records)) == [an_entry(1)]


def test_a_scan_takes_its_product_and_its_time_from_since_up_to_until(records, monkeypatch):
    monkeypatch.setattr(journal, "PAGE_ROWS", 3)
    days = [AT + timedelta(days=n) for n in range(10)]
    with records.writing() as connection:
        for number, day in enumerate(days):
            journal.write(connection, an_entry(number, at=day))
        journal.write(connection, an_entry(99, product="deposit-waiver", at=days[3]))
    ids = [e["decision_id"] for e in journal.scan(records, "merchant-loan", days[2], days[9])]
    assert ids == [f"d{n}" for n in range(2, 9)]
    assert len(list(journal.scan(records))) == 11


def test_an_answer_is_remembered_for_its_partner_alone(records):
    answer = idempotency.Remembered("hash", 200, b'{"x":1}')
    with records.writing() as connection:
        idempotency.remember(connection, answer, partner="local", key="k", at=AT)
    with records.reading() as connection:
        assert idempotency.recall(connection, partner="local", key="k") == answer
        assert idempotency.recall(connection, partner="other", key="k") is None


def test_only_empty_records_are_seeded_with_a_policy(records):
    with records.writing() as connection:
        assert policies.live(connection) is None
        first = policies.seed(connection, "one", by="shipped", at=AT)
        assert policies.seed(connection, "two", by="shipped", at=AT) == first
        assert policies.live(connection) == first
        assert policies.live_sha256(connection) == first[1]
        assert policies.read(connection, first[1]) == "one"
