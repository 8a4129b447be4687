"""Operations on holds, loans, lines, decisions and subjects: journalled, told in the outbox."""

import os
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, select

from credit.ledger.lifecycle import ILLEGAL_STATUS, Refused
from records.instants import instant_text
from records.tables import OPERATIONS
from records.transaction import Transaction

HOLD, LOAN, LINE, DECISION, SUBJECT = "hold", "loan", "line", "decision", "subject"
# Each answer lists every operation, and is kept: a hold or loan in a thousand pieces must end.
PIECES_MAX = 1_000
_INDUSTRY = "industry"  # the platform's own note, which answers and events leave out
_OF = (
    select(OPERATIONS)
    .where(OPERATIONS.c.kind == bindparam("kind"), OPERATIONS.c.reference == bindparam("reference"))
    .order_by(OPERATIONS.c.seq)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing done: to what, how much, and by how much the line's use moved."""

    kind: str
    reference: str
    partner: str
    token: str
    move: str
    amount_minor: int | None
    exposure_minor: int
    detail: Mapping[str, Any] | None = None


def write(
    transaction: Transaction, done: Operation, told: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Journal an operation; gives it back as answers list it. `told`: what the outbox adds."""
    row = {
        "operation_id": new_id(),
        "partner": done.partner,
        "token": done.token,
        "kind": done.kind,
        "reference": done.reference,
        "move": done.move,
        "amount_minor": done.amount_minor,
        "exposure_minor": done.exposure_minor,
        "at": instant_text(transaction.at),
        "detail": orjson.dumps(done.detail).decode() if done.detail else None,
    }
    listed = _listed(row)
    event = {"kind": done.kind, "reference": done.reference, **listed, **(told or {})}
    topic = f"{done.kind}.{done.move}"
    transaction.journal(
        OPERATIONS, row, topic=topic, partner=done.partner, told=orjson.dumps(event)
    )
    return listed


def of(connection: Connection, kind: str, reference: str) -> list[dict[str, Any]]:
    """What was done to one hold, loan, line or decision, in order, as answers list it."""
    rows = connection.execute(_OF, {"kind": kind, "reference": reference}).mappings()
    return [_listed(dict(row)) for row in rows]


def too_many(done: Sequence[Mapping[str, Any]], amount_minor: int | None) -> Refused | None:
    """Why no further piece may be moved; what ends a hold or loan names no amount, and may."""
    if amount_minor is None or len(done) < PIECES_MAX:
        return None
    told = f"{len(done)} operations were done already"
    return Refused(ILLEGAL_STATUS, told, "send no amount_minor: all that is left is meant")


def industry_noted(industry: str | None) -> dict[str, str]:
    """The detail that says under which industry exposure is counted."""
    return {} if industry is None else {_INDUSTRY: industry}


def new_id() -> str:
    """A name: unguessable, and in the order of time (UUID version 7, RFC 9562)."""
    millis = time.time_ns() // 1_000_000
    value = (millis << 80 | int.from_bytes(os.urandom(10))) & ~(0xF << 76) & ~(0x3 << 62)
    return str(uuid.UUID(int=value | 0x7 << 76 | 0x2 << 62))


def _listed(row: Mapping[str, Any]) -> dict[str, Any]:
    detail = orjson.loads(row["detail"]) if row["detail"] else {}
    listed = {
        "operation_id": row["operation_id"],
        "type": row["move"],
        "amount_minor": row["amount_minor"],
        "at": row["at"],
    }
    return {**listed, **{name: said for name, said in detail.items() if name != _INDUSTRY}}
