"""Holds on record: opened with their decision, moved by operations, never over the line."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from credit.contract import DEPOSIT_WAIVER
from credit.ledger.hold import Hold, HoldMove, HoldState, is_due, moved
from credit.ledger.lifecycle import AUTH_ORDER_NOT_EXIST, Refused
from records import counters, lines, operations
from records.amounts import Amounts
from records.counters import Counter
from records.instants import instant_text
from records.operations import HOLD, Operation
from records.tables import HOLDS
from records.transaction import Transaction

_BY_AUTH_NO = select(HOLDS).where(
    HOLDS.c.partner == bindparam("of_partner"), HOLDS.c.auth_no == bindparam("number")
)
_BY_ORDER = select(HOLDS).where(
    HOLDS.c.partner == bindparam("of_partner"), HOLDS.c.out_order_no == bindparam("number")
)
_DUE = (
    select(HOLDS)
    .where(HOLDS.c.state == HoldState.AUTHORIZED.value, HOLDS.c.expires_at <= bindparam("now"))
    .order_by(HOLDS.c.expires_at)
)
_AMOUNTS = Amounts(HOLDS, "auth_no", Hold, HoldState)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A hold to be opened with a decision; `deposit` less `authorized` is paid in cash."""

    auth_no: str
    out_order_no: str
    decision_id: str
    scene: str
    deposit_minor: int
    authorized_minor: int
    expires_at: datetime
    industry: str | None = None

    @property
    def amount_minor(self) -> int:
        """What it takes of the line."""
        return self.authorized_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptHold:
    """A hold with whose and what it is."""

    hold: Hold
    auth_no: str
    partner: str
    out_order_no: str
    decision_id: str
    token: str
    scene: str
    deposit_minor: int
    opened_at: str
    industry: str | None

    @property
    def counters(self) -> tuple[Counter, ...]:
        """What counts its exposure."""
        return counters.counting(DEPOSIT_WAIVER, partner=self.partner, industry=self.industry)


def opened(
    transaction: Transaction, opening: Opening, *, partner: str, token: str
) -> dict[str, Any]:
    """Open a hold on a line from which its amount was taken; the hold as answers show it."""
    at = instant_text(transaction.at)
    hold = Hold(authorized_minor=opening.authorized_minor, expires_at=opening.expires_at)
    kept = KeptHold(
        hold=hold,
        auth_no=opening.auth_no,
        partner=partner,
        out_order_no=opening.out_order_no,
        decision_id=opening.decision_id,
        token=token,
        scene=opening.scene,
        deposit_minor=opening.deposit_minor,
        opened_at=at,
        industry=opening.industry,
    )
    transaction.add(HOLDS, _row(kept))
    done = _operation(kept, HoldMove.AUTHORIZE, hold.authorized_minor, hold.exposure_minor)
    done = replace(done, detail=operations.industry_noted(opening.industry))
    return shown(kept, [operations.write(transaction, done, {"state": hold.state.value})])


def find(connection: Connection, *, partner: str, auth_no: str) -> KeptHold | None:
    """The hold of this number; None where there is none, or another partner's."""
    return _one(connection, _BY_AUTH_NO, partner, auth_no)


def find_order(connection: Connection, *, partner: str, out_order_no: str) -> KeptHold | None:
    """The hold of a partner's own order."""
    return _one(connection, _BY_ORDER, partner, out_order_no)


def read(connection: Connection, kept: KeptHold) -> dict[str, Any]:
    """The hold with its operations, as answers show it."""
    return shown(kept, operations.of(connection, HOLD, kept.auth_no))


def operate(
    transaction: Transaction,
    move: HoldMove,
    *,
    partner: str,
    auth_no: str,
    amount_minor: int | None = None,
    complete: bool = False,
) -> dict[str, Any] | Refused:
    """The hold after a move, or why it may not be. One that is overdue expires first."""
    kept = find(transaction.connection, partner=partner, auth_no=auth_no)
    if kept is None:
        return Refused(
            AUTH_ORDER_NOT_EXIST,
            f"no hold has auth_no {auth_no!r}",
            "send an auth_no that a waived deposit was answered with",
        )
    if is_due(kept.hold, transaction.now):
        kept = expired(transaction, kept)
    after = moved(kept.hold, move, at=transaction.now, amount_minor=amount_minor, complete=complete)
    if isinstance(after, Refused):
        return after
    transaction.write_out()
    before = operations.of(transaction.connection, HOLD, auth_no)
    if not complete and (refused := operations.too_many(before, amount_minor)):
        return refused
    listed = _move(transaction, kept, move, after, complete=complete)
    return shown(replace(kept, hold=after), [*before, listed])


def due(connection: Connection, now: datetime, limit: int) -> list[KeptHold]:
    """Holds that must expire, the oldest first."""
    rows = connection.execute(_DUE.limit(limit), {"now": instant_text(now)})
    return [_kept(row) for row in rows]


def expired(transaction: Transaction, kept: KeptHold) -> KeptHold:
    """Expire a hold that is due."""
    after = moved(kept.hold, HoldMove.EXPIRE, at=transaction.now)
    assert not isinstance(after, Refused), after  # noqa: S101 - only what is due comes here
    _move(transaction, kept, HoldMove.EXPIRE, after)
    return replace(kept, hold=after)


def shown(kept: KeptHold, done: list[dict[str, Any]]) -> dict[str, Any]:
    """A hold in the interface's names."""
    hold = kept.hold
    return {
        "auth_no": kept.auth_no,
        "out_order_no": kept.out_order_no,
        "decision_id": kept.decision_id,
        "scene": kept.scene,
        "state": hold.state.value,
        "deposit_minor": kept.deposit_minor,
        "deposit_due_minor": kept.deposit_minor - hold.authorized_minor,
        "authorized_minor": hold.authorized_minor,
        "captured_minor": hold.captured_minor,
        "released_minor": hold.released_minor,
        "rest_minor": hold.rest_minor,
        "unpaid_minor": hold.unpaid_minor,
        "exposure_minor": hold.exposure_minor,
        "opened_at": kept.opened_at,
        "expires_at": instant_text(hold.expires_at),
        "operations": done,
    }


def _move(
    transaction: Transaction, kept: KeptHold, move: HoldMove, after: Hold, *, complete: bool = False
) -> dict[str, Any]:
    before = kept.hold
    _AMOUNTS.move(transaction, kept.auth_no, before=before, after=after)
    released_minor = after.released_minor - before.released_minor
    captured_minor = after.captured_minor - before.captured_minor
    settled_minor = after.settled_minor - before.settled_minor
    amount_minor = captured_minor + released_minor + settled_minor
    detail = None
    if complete and move is HoldMove.CAPTURE:
        amount_minor -= released_minor
        detail = {"complete": True, "released_minor": released_minor}
    by_minor = after.exposure_minor - before.exposure_minor
    lines.move(transaction, kept.token, by_minor=by_minor)
    counters.move(transaction, kept.counters, by_minor=by_minor)
    done = replace(_operation(kept, move, amount_minor, by_minor), detail=detail)
    return operations.write(transaction, done, {"state": after.state.value})


def _operation(kept: KeptHold, move: HoldMove, amount_minor: int, by_minor: int) -> Operation:
    return Operation(
        kind=HOLD,
        reference=kept.auth_no,
        partner=kept.partner,
        token=kept.token,
        move=move.value,
        amount_minor=amount_minor,
        exposure_minor=by_minor,
    )


def _one(connection: Connection, query: Select[Any], partner: str, number: str) -> KeptHold | None:
    row = connection.execute(query, {"of_partner": partner, "number": number}).one_or_none()
    return None if row is None else _kept(row)


def _kept(row: Any) -> KeptHold:
    return KeptHold(
        hold=_AMOUNTS.value(row),
        auth_no=row.auth_no,
        partner=row.partner,
        out_order_no=row.out_order_no,
        decision_id=row.decision_id,
        token=row.token,
        scene=row.scene,
        deposit_minor=row.deposit_minor,
        opened_at=row.opened_at,
        industry=row.industry,
    )


def _row(kept: KeptHold) -> dict[str, Any]:
    return {
        "auth_no": kept.auth_no,
        "partner": kept.partner,
        "out_order_no": kept.out_order_no,
        "decision_id": kept.decision_id,
        "token": kept.token,
        "scene": kept.scene,
        "industry": kept.industry,
        "deposit_minor": kept.deposit_minor,
        "opened_at": kept.opened_at,
        **_AMOUNTS.columns(kept.hold),
    }
