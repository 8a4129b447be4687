"""Open records on each database, and decisions to put into them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from records import journal, subjects
from records.pseudonyms import KIND_OF
from records.store import Records, Transaction, open_records


@pytest.fixture
def records(records_url: str) -> Iterator[Records]:
    """Empty records, on each database in turn."""
    opened = open_records(records_url)
    yield opened
    opened.close()


@pytest.fixture
def an_entry() -> Callable[..., dict[str, Any]]:
    """`an_entry(number, **changes)`: a decision as it is handed to the journal."""

    def entry(number: int = 1, **changes: Any) -> dict[str, Any]:
        kind = KIND_OF[changes.get("product", "merchant-loan")]
        name = changes.get("entity_id", "m1")
        return {
            "decision_id": f"d{number}",
            "partner": "local",
            "product": "merchant-loan",
            "entity_id": name,
            "reference_id": f"a{number}",
            "order_no": f"a{number}",
            "decided_at": "2026-06-30T12:00:00.000000Z",
            "request": {f"{kind}_id": name, "amount_minor": 100, "scene": "酒店"},
            "evidence": {"values": {"turnover_30d": 1.5, "trend": None}, "as_of": None},
            "scored": [{"amount_minor": 100, "probability": 0.1}],
            "room_minor": 500,
            "shared_room_minor": None,
            "model": None,
            "policy": {"name": "platform", "version": "1", "sha256": "1" * 64},
            "decision": {"outcome": "approve"},
            "stopped": None,
            "shadows": [],
            "hold": None,
            "clock": "fixed",
        } | changes

    return entry


@pytest.fixture
def put_down() -> Callable[..., None]:
    """`put_down(transaction, entry)`: journals a decision as serving does."""

    def write(transaction: Transaction, entry: dict[str, Any]) -> None:
        kind = KIND_OF[entry["product"]]
        subject = subjects.admitted(transaction, kind=kind, entity_id=entry["entity_id"])
        journal.write(transaction, entry, subject=subject, content_sha256="0" * 64)

    return write
