"""Reviews on record: a person's word on a decision, and the decision as it resolved it."""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, select

from records import operations
from records.operations import DECISION, Operation
from records.tables import DECISIONS, OPERATIONS
from records.transaction import Transaction

MOVE = "review"
_TOKEN = select(DECISIONS.c.token).where(DECISIONS.c.decision_id == bindparam("decision_id"))
_OF = select(OPERATIONS.c.detail).where(
    OPERATIONS.c.kind == DECISION,
    OPERATIONS.c.reference == bindparam("decision_id"),
    OPERATIONS.c.move == MOVE,
)


def token_of(connection: Connection, decision_id: str) -> str:
    """Whom a decision is about."""
    token: str = connection.execute(_TOKEN, {"decision_id": decision_id}).scalar_one()
    return token


def read(connection: Connection, decision_id: str) -> dict[str, Any] | None:
    """The decision as its review resolved it; None where nobody has reviewed it."""
    detail = connection.execute(_OF, {"decision_id": decision_id}).scalar_one_or_none()
    return None if detail is None else dict(orjson.loads(detail)["decision"])


def write(
    transaction: Transaction, *, partner: str, decision_id: str, resolved: Mapping[str, Any]
) -> dict[str, Any]:
    """Journal a review by what it makes of the decision; gives that back."""
    done = Operation(
        kind=DECISION,
        reference=decision_id,
        partner=partner,
        token=token_of(transaction.connection, decision_id),
        move=MOVE,
        amount_minor=None,
        exposure_minor=0,
        detail={"decision": dict(resolved)},
    )
    operations.write(transaction, done)
    return dict(resolved)
