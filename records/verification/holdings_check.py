"""Holds and loans, lived through again: each must stand where its journalled operations lead."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import orjson
from sqlalchemy import Column, Connection, select

from credit.ledger.hold import Hold, HoldMove
from credit.ledger.hold import moved as hold_moved
from credit.ledger.lifecycle import Refused
from credit.ledger.loan import Loan, LoanMove
from credit.ledger.loan import moved as loan_moved
from records.instants import instant_of
from records.loans import terms_sha256
from records.operations import HOLD, LOAN
from records.store import Records
from records.tables import DECISIONS, HOLDS, LOANS, OPERATIONS
from records.verification.report import Tally
from records.verification.snapshots import paged

_HOLD_AMOUNTS = ("authorized_minor", "captured_minor", "released_minor", "settled_minor")
_LOAN_AMOUNTS = ("principal_minor", "repaid_minor", "released_minor", "written_off_minor")
_OPENED = ("out_order_no", "decision_id", "scene", "deposit_minor", "opened_at", "expires_at")
Kept = TypeVar("Kept", Hold, Loan)
_BROKEN = (ValueError, LookupError, TypeError)  # what reading a row that was tampered with raises


def check_holds(records: Records, told: Tally) -> None:
    """Every hold against its decision, which opened it, and its operations, which moved it."""
    _check_all(
        records,
        told,
        key=HOLDS.c.auth_no,
        kind=HOLD,
        called="hold {}",
        stands=_check_opening,
        after=_hold_after,
        amounts=_HOLD_AMOUNTS,
    )


def check_loans(records: Records, told: Tally) -> None:
    """Every loan against the decision that reserved it, and its operations."""
    _check_all(
        records,
        told,
        key=LOANS.c.decision_id,
        kind=LOAN,
        called="loan of decision {}",
        stands=_check_owner,
        after=_loan_after,
        amounts=_LOAN_AMOUNTS,
    )


def _check_all(
    records: Records,
    told: Tally,
    *,
    key: Column[Any],
    kind: str,
    called: str,
    stands: Callable[[Tally, str, Any, Any], object],
    after: Callable[[Tally, str, Any, Sequence[Any]], Any],
    amounts: tuple[str, ...],
) -> None:
    """Each row: what it `stands` on, and its amounts `after` all that was done to it."""

    def look(connection: Connection, page: Sequence[Any]) -> None:
        told.saw(f"{kind}s", len(page))
        done = _operations(connection, kind, [getattr(row, key.name) for row in page])
        decided = _decisions(connection, [row.decision_id for row in page])
        for row in page:
            number = getattr(row, key.name)
            where = called.format(number)
            stands(told, where, row, decided.get(row.decision_id))
            try:
                lived = after(told, where, row, done[number])
            except _BROKEN as error:
                told.fault(f"{where}: cannot be lived through again ({error})")
                continue
            told.expect(where, **_amounts(row, lived, amounts))

    for _ in paged(records, select(key.table).order_by(key), key, look):
        pass


def _check_owner(told: Tally, where: str, row: Any, decision: Any) -> Mapping[str, Any]:
    """The entry of the decision that something stands on."""
    if decision is None:
        told.fault(f"{where}: its decision {row.decision_id} is not there")
        return {}
    told.expect(where, partner=(row.partner, decision.partner), token=(row.token, decision.token))
    try:
        return dict(orjson.loads(decision.entry))
    except _BROKEN:
        return {}


def _check_opening(told: Tally, where: str, row: Any, decision: Any) -> None:
    opened = _check_owner(told, where, row, decision).get("hold") or {}
    names = ("auth_no", "authorized_minor", *_OPENED)
    told.expect(where, **{name: (getattr(row, name), opened.get(name)) for name in names})


def _hold_after(told: Tally, where: str, row: Any, done: Sequence[Any]) -> Hold:
    def opened(amount_minor: int) -> Hold:
        return Hold(authorized_minor=amount_minor, expires_at=instant_of(row.expires_at))

    def step(hold: Hold, one: Any) -> Hold | Refused:
        complete = bool(_detail(one).get("complete"))
        at, amount_minor = instant_of(one.at), one.amount_minor
        return hold_moved(
            hold, HoldMove(one.move), at=at, amount_minor=amount_minor, complete=complete
        )

    _check_first(done, HoldMove.AUTHORIZE.value)
    told.expect(where, industry=(row.industry, _detail(done[0]).get("industry")))
    return _lived(told, where, row, done, begin=opened, step=step)


def _loan_after(told: Tally, where: str, row: Any, done: Sequence[Any]) -> Loan:
    def reserved(amount_minor: int) -> Loan:
        return Loan(principal_minor=amount_minor, expires_at=instant_of(row.expires_at))

    def step(loan: Loan, one: Any) -> Loan | Refused:
        at, amount_minor = instant_of(one.at), one.amount_minor
        return loan_moved(loan, LoanMove(one.move), at=at, amount_minor=amount_minor)

    _check_first(done, LoanMove.RESERVE.value)
    _check_terms(told, where, row, done)
    return _lived(told, where, row, done, begin=reserved, step=step)


def _check_terms(told: Tally, where: str, row: Any, done: Sequence[Any]) -> None:
    """Industry, number, expiry and terms as they were journalled when reserved and accepted."""
    meant = {"industry": None, "loan_no": None, "terms_sha256": None, **_detail(done[0])}
    for one in done:
        if one.move == LoanMove.ACCEPT.value:
            meant |= _detail(one)
    sha256 = terms_sha256(row.terms) if row.terms is not None else None
    found = {"expires_at": row.expires_at, "loan_no": row.loan_no, "terms_sha256": sha256}
    found["industry"] = row.industry
    told.expect(where, **{name: (found[name], meant[name]) for name in found})


def _lived(
    told: Tally,
    where: str,
    row: Any,
    done: Sequence[Any],
    *,
    begin: Callable[[int], Kept],
    step: Callable[[Kept, Any], Kept | Refused],
) -> Kept:
    """Where the operations lead, each of them held against what it says that it moved."""
    stands = begin(done[0].amount_minor)
    _check_step(told, where, row, done[0], by_minor=stands.exposure_minor)
    for one in done[1:]:
        after = step(stands, one)
        if isinstance(after, Refused):
            raise ValueError(f"{one.move} at seq {one.seq}: {after.problem}")  # noqa: TRY004 - the row is wrong, not its type
        by_minor = after.exposure_minor - stands.exposure_minor
        _check_step(told, where, row, one, by_minor=by_minor)
        stands = after
    return stands


def _check_first(done: Sequence[Any], move: str) -> None:
    if not done or done[0].move != move:
        raise ValueError(f"its operations do not begin with {move}")


def _check_step(told: Tally, where: str, row: Any, one: Any, *, by_minor: int) -> None:
    told.expect(
        f"{where}, {one.move} at seq {one.seq}",
        partner=(one.partner, row.partner),
        token=(one.token, row.token),
        exposure_minor=(one.exposure_minor, by_minor),
    )


def _amounts(
    row: Any, after: Hold | Loan, names: Sequence[str]
) -> dict[str, tuple[object, object]]:
    pairs: dict[str, tuple[object, object]] = {
        name: (getattr(row, name), getattr(after, name)) for name in names
    }
    return pairs | {"state": (row.state, after.state.value)}


def _operations(
    connection: Connection, kind: str, references: Sequence[str]
) -> Mapping[str, list[Any]]:
    query = (
        select(OPERATIONS)
        .where(OPERATIONS.c.kind == kind, OPERATIONS.c.reference.in_(references))
        .order_by(OPERATIONS.c.seq)
    )
    done = defaultdict[str, list[Any]](list)
    for row in connection.execute(query):
        done[row.reference].append(row)
    return done


def _decisions(connection: Connection, names: Sequence[str]) -> Mapping[str, Any]:
    query = select(
        DECISIONS.c.decision_id, DECISIONS.c.partner, DECISIONS.c.token, DECISIONS.c.entry
    ).where(DECISIONS.c.decision_id.in_(names))
    return {row.decision_id: row for row in connection.execute(query)}


def _detail(one: Any) -> Mapping[str, Any]:
    return dict(orjson.loads(one.detail)) if one.detail else {}
