"""Credit lines: one for each merchant and consumer, shared by products and partners."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update

from credit.ledger.exposure import Line
from records import operations, subjects
from records.instants import instant_of, instant_text
from records.operations import LINE, Operation
from records.tables import LINES, SUBJECTS
from records.transaction import Transaction

_COLUMNS = (LINES.c.used_minor, LINES.c.limit_minor, LINES.c.source, LINES.c.valid_until)
_OF_NAMES = (
    select(SUBJECTS.c.entity_id, *_COLUMNS)
    .join(LINES, LINES.c.token == SUBJECTS.c.token)
    .where(
        SUBJECTS.c.kind == bindparam("kind"),
        SUBJECTS.c.entity_id.in_(bindparam("entity_ids", expanding=True)),
    )
)
_OF_TOKEN = select(*_COLUMNS).where(LINES.c.token == bindparam("of_token"))

# The joint that no interleaving may open: what is taken, and that there is room for it, are one
# statement. A trigger stands behind it.
_AFTER = LINES.c.used_minor + bindparam("amount")
_TAKE = (
    update(LINES)
    .where(
        LINES.c.token == bindparam("of_token"),
        bindparam("ceiling") >= _AFTER,
        or_(LINES.c.limit_minor.is_(None), LINES.c.limit_minor >= _AFTER),
        or_(LINES.c.valid_until.is_(None), LINES.c.valid_until > bindparam("now")),
    )
    .values(used_minor=_AFTER)
)
_MOVE = (
    update(LINES)
    .where(LINES.c.token == bindparam("of_token"))
    .values(used_minor=LINES.c.used_minor + bindparam("amount"))
)


def read(connection: Connection, *, kind: str, entity_ids: Sequence[str]) -> list[Line]:
    """The line of each, in order; one that nobody has touched is whole."""
    asked = {"kind": kind, "entity_ids": list(entity_ids)}
    found = {row.entity_id: _line(row) for row in connection.execute(_OF_NAMES, asked)}
    return [found.get(entity_id, Line()) for entity_id in entity_ids]


def of_token(connection: Connection, token: str) -> Line:
    """The line of a subject."""
    return _line(connection.execute(_OF_TOKEN, {"of_token": token}).one())


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """An amount to be taken of a line, and the most that may be used of it afterwards."""

    token: str
    amount_minor: int
    ceiling_minor: int


def take(transaction: Transaction, takings: Sequence[Taking]) -> bool:
    """Take amounts of lines, one after the other; whether there was room for all of them.

    Where there was not, some may be taken: whoever asked rolls back.
    """
    asked = [_asked(transaction, taking) for taking in takings]
    one_or_many = asked if len(asked) > 1 else asked[0]
    return transaction.connection.execute(_TAKE, one_or_many).rowcount == len(asked)


def _asked(transaction: Transaction, taking: Taking) -> dict[str, Any]:
    return {
        "of_token": taking.token,
        "amount": taking.amount_minor,
        "ceiling": taking.ceiling_minor,
        "now": instant_text(transaction.now),
    }


def move(transaction: Transaction, token: str, *, by_minor: int) -> None:
    """Move what is used of a line with the exposure under it: down, or not at all."""
    if by_minor > 0:
        raise ValueError(f"exposure rose by {by_minor} without an authorisation")
    if by_minor:
        transaction.connection.execute(_MOVE, {"of_token": token, "amount": by_minor})


def put(
    transaction: Transaction,
    *,
    partner: str,
    kind: str,
    entity_id: str,
    limit_minor: int,
    source: str,
    valid_until: datetime | None,
) -> Line:
    """Set a line's limit, source and validity, even below what is used of it."""
    subject = subjects.admitted(transaction, kind=kind, entity_id=entity_id)
    values: dict[str, Any] = {
        "limit_minor": limit_minor,
        "source": source,
        "valid_until": instant_text(valid_until) if valid_until else None,
    }
    query = update(LINES).where(LINES.c.token == subject.token)
    transaction.connection.execute(query, values)
    done = Operation(
        kind=LINE,
        reference=subject.token,
        partner=partner,
        token=subject.token,
        move="put",
        amount_minor=limit_minor,
        exposure_minor=0,
        detail={"source": source, "valid_until": values["valid_until"]},
    )
    operations.write(transaction, done)
    return of_token(transaction.connection, subject.token)


def _line(row: Any) -> Line:
    return Line(
        used_minor=row.used_minor,
        limit_minor=row.limit_minor,
        source=row.source,
        valid_until=instant_of(row.valid_until) if row.valid_until else None,
    )
