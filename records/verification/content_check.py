"""What the journal's rows say, held against each other and against what came of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Column, Connection, select

from records.operations import DECISION, HOLD, LOAN
from records.pseudonyms import KIND_OF
from records.tables import DECISIONS, HOLDS, LOANS, POLICIES, SUBJECTS
from records.verification.report import Tally

_DONE_TO = {
    HOLD: HOLDS.c.auth_no,
    LOAN: LOANS.c.decision_id,
    DECISION: DECISIONS.c.decision_id,
}
_PINNED = ("decision_id", "partner", "product", "reference_id", "order_no", "decided_at")


def look_at_decisions(told: Tally, connection: Connection, page: Sequence[Any]) -> None:
    """Decisions: columns as their entry has them, subjects and holds that are there."""
    told.saw("decisions", len(page))
    entries = {row.seq: _entry(row, told) for row in page}
    _look_for(connection, SUBJECTS.c.token, {row.token: f"seq {row.seq}" for row in page}, told)
    held = {
        entry["hold"]["auth_no"]: f"decision {entry.get('decision_id')}"
        for entry in entries.values()
        if isinstance(entry.get("hold"), dict) and "auth_no" in entry["hold"]
    }
    _look_for(connection, HOLDS.c.auth_no, held, told)


def look_at_operations(told: Tally, connection: Connection, page: Sequence[Any]) -> None:
    """Operations: whom and what they were done to is there."""
    told.saw("operations", len(page))
    _look_for(connection, SUBJECTS.c.token, {row.token: f"seq {row.seq}" for row in page}, told)
    for kind, column in _DONE_TO.items():
        named = {row.reference: f"seq {row.seq}" for row in page if row.kind == kind}
        _look_for(connection, column, named, told)


def look_at_policy_events(told: Tally, connection: Connection, page: Sequence[Any]) -> None:
    """Events of policies: the texts that they name are kept. Those of switches name none."""
    told.saw("policy events", len(page))
    named = {row.sha256: f"seq {row.seq}" for row in page if row.sha256}
    _look_for(connection, POLICIES.c.sha256, named, told)


def _entry(row: Any, told: Tally) -> Mapping[str, Any]:
    """The entry of a decision, if it is one and says what its row says."""
    where = f"decision {row.decision_id} (seq {row.seq})"
    try:
        entry = orjson.loads(row.entry)
        names = (entry["entity_id"], entry["request"][f"{KIND_OF[row.product]}_id"])
    except (ValueError, LookupError, TypeError):
        told.fault(f"{where}: its entry is none")
        return {}
    # What an earlier Vouch wrote lacks the later names: then there is nothing to compare.
    pairs = {name: (getattr(row, name), entry[name]) for name in _PINNED if name in entry}
    told.expect(where, token=(row.token, names[0]), name=(names[1], names[0]), **pairs)
    return dict(entry)


def _look_for(
    connection: Connection, column: Column[Any], named: Mapping[Any, str], told: Tally
) -> None:
    found = set(connection.execute(select(column).where(column.in_(list(named)))).scalars())
    for name, where in named.items():
        if name not in found:
            told.fault(f"{where}: {column} has no {name}")
