"""Loans on record: reserved with their approval, accepted, moved by the events lenders send."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Select, bindparam, select

from credit.contract import MERCHANT_LOAN
from credit.ledger.lifecycle import Refused
from credit.ledger.loan import Loan, LoanMove, LoanState, is_due, moved
from records import counters, lines, operations
from records.amounts import Amounts
from records.counters import Counter
from records.instants import instant_text
from records.operations import LOAN, Operation
from records.tables import LOANS
from records.transaction import Transaction

_BY_DECISION = select(LOANS).where(
    LOANS.c.partner == bindparam("of_partner"), LOANS.c.decision_id == bindparam("number")
)
_BY_NUMBER = select(LOANS).where(
    LOANS.c.partner == bindparam("of_partner"), LOANS.c.loan_no == bindparam("number")
)
_DUE = (
    select(LOANS)
    .where(LOANS.c.state == LoanState.RESERVED.value, LOANS.c.expires_at <= bindparam("now"))
    .order_by(LOANS.c.expires_at)
)
_AMOUNTS = Amounts(LOANS, "decision_id", Loan, LoanState, also="loan_no terms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What an approval keeps free under a line until it is accepted or expires."""

    decision_id: str
    amount_minor: int
    expires_at: datetime
    industry: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLoan:
    """A loan with whose and what it is; `terms`: the offer that was accepted."""

    loan: Loan
    decision_id: str
    partner: str
    token: str
    industry: str | None
    loan_no: str | None = None
    terms: Mapping[str, Any] | None = None

    @property
    def counters(self) -> tuple[Counter, ...]:
        """What counts its exposure."""
        return counters.counting(MERCHANT_LOAN, partner=self.partner, industry=self.industry)


def reserved(transaction: Transaction, asked: Reservation, *, partner: str, token: str) -> None:
    """Keep an approval's amount, which was taken of the line, until it expires."""
    loan = Loan(principal_minor=asked.amount_minor, expires_at=asked.expires_at)
    kept = KeptLoan(
        loan=loan,
        decision_id=asked.decision_id,
        partner=partner,
        token=token,
        industry=asked.industry,
    )
    transaction.add(LOANS, _row(kept))
    done = _operation(kept, LoanMove.RESERVE, asked.amount_minor, loan.exposure_minor)
    detail = {"expires_at": instant_text(loan.expires_at)}
    done = replace(done, detail=detail | operations.industry_noted(asked.industry))
    operations.write(transaction, done, {"state": loan.state.value})


def find(connection: Connection, *, partner: str, loan_no: str) -> KeptLoan | None:
    """The loan of this number; None where there is none, or another partner's."""
    return _one(connection, _BY_NUMBER, partner, loan_no)


def find_approval(connection: Connection, *, partner: str, decision_id: str) -> KeptLoan | None:
    """The loan that a decision's approval reserved, accepted or not."""
    return _one(connection, _BY_DECISION, partner, decision_id)


def read(connection: Connection, kept: KeptLoan) -> dict[str, Any]:
    """The loan with its operations, as answers show it."""
    return shown(kept, operations.of(connection, LOAN, kept.decision_id))


def accept(
    transaction: Transaction, kept: KeptLoan, *, loan_no: str, terms: Mapping[str, Any]
) -> dict[str, Any] | Refused:
    """Make an approval exposure on the terms of one of its offers."""
    named = replace(kept, loan_no=loan_no, terms=terms)
    amount_minor: int = terms["amount_minor"]
    detail = {"loan_no": loan_no, "terms_sha256": terms_sha256(_terms_text(named))}
    return _operate(
        transaction, kept, LoanMove.ACCEPT, amount_minor=amount_minor, named=named, detail=detail
    )


def happened(
    transaction: Transaction,
    kept: KeptLoan,
    event: LoanMove,
    *,
    amount_minor: int | None,
    occurred_at: datetime,
) -> dict[str, Any] | Refused:
    """What the lender says has happened to a loan."""
    detail = {"occurred_at": instant_text(occurred_at)}
    return _operate(transaction, kept, event, amount_minor=amount_minor, named=kept, detail=detail)


def due(connection: Connection, now: datetime, limit: int) -> list[KeptLoan]:
    """Approvals that must expire, the oldest first."""
    rows = connection.execute(_DUE.limit(limit), {"now": instant_text(now)})
    return [_kept(row) for row in rows]


def expired(transaction: Transaction, kept: KeptLoan) -> KeptLoan:
    """Expire an approval that is due."""
    after = moved(kept.loan, LoanMove.EXPIRE, at=transaction.now)
    assert not isinstance(after, Refused), after  # noqa: S101 - only what is due comes here
    _move(transaction, kept, LoanMove.EXPIRE, after)
    return replace(kept, loan=after)


def shown(kept: KeptLoan, done: list[dict[str, Any]]) -> dict[str, Any]:
    """A loan in the interface's names."""
    loan, terms = kept.loan, kept.terms or {}
    return {
        "loan_no": kept.loan_no,
        "decision_id": kept.decision_id,
        "state": loan.state.value,
        "amount_minor": loan.principal_minor,
        "term_days": terms.get("term_days"),
        "apr": terms.get("apr"),
        "repaid_minor": loan.repaid_minor,
        "released_minor": loan.released_minor,
        "written_off_minor": loan.written_off_minor,
        "exposure_minor": loan.exposure_minor,
        "operations": done,
    }


def terms_sha256(text: str | None) -> str:
    """What the journal says of the terms that were accepted."""
    return hashlib.sha256((text or "").encode()).hexdigest()


def _operate(
    transaction: Transaction,
    kept: KeptLoan,
    move: LoanMove,
    *,
    amount_minor: int | None,
    named: KeptLoan,
    detail: Mapping[str, Any] | None = None,
) -> dict[str, Any] | Refused:
    if is_due(kept.loan, transaction.now):
        kept = expired(transaction, kept)
    after = moved(kept.loan, move, at=transaction.now, amount_minor=amount_minor)
    if isinstance(after, Refused):
        return after
    transaction.write_out()
    before = operations.of(transaction.connection, LOAN, kept.decision_id)
    if refused := operations.too_many(before, amount_minor):
        return refused
    listed = _move(transaction, kept, move, after, named=named, detail=detail)
    return shown(replace(named, loan=after), [*before, listed])


def _move(
    transaction: Transaction,
    kept: KeptLoan,
    move: LoanMove,
    after: Loan,
    *,
    named: KeptLoan | None = None,
    detail: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    before, named = kept.loan, named or kept
    _AMOUNTS.move(
        transaction,
        kept.decision_id,
        before=before,
        after=after,
        loan_no=named.loan_no,
        terms=_terms_text(named),
    )
    by_minor = after.exposure_minor - before.exposure_minor
    lines.move(transaction, kept.token, by_minor=by_minor)
    counters.move(transaction, kept.counters, by_minor=by_minor)
    done = replace(_operation(named, move, _amount(move, before, after), by_minor), detail=detail)
    told = {"state": after.state.value, "loan_no": named.loan_no}
    return operations.write(transaction, done, told)


def _terms_text(kept: KeptLoan) -> str | None:
    return orjson.dumps(kept.terms).decode() if kept.terms else None


def _amount(move: LoanMove, before: Loan, after: Loan) -> int:
    """What the move was about: enough, with its kind, to walk the loan's life again."""
    if move is LoanMove.REPAID:
        return after.repaid_minor - before.repaid_minor
    if move is LoanMove.WRITTEN_OFF:
        return after.written_off_minor - before.written_off_minor
    if move in (LoanMove.EXPIRE, LoanMove.CANCELLED):
        return after.released_minor - before.released_minor
    return after.exposure_minor


def _operation(kept: KeptLoan, move: LoanMove, amount_minor: int, by_minor: int) -> Operation:
    return Operation(
        kind=LOAN,
        reference=kept.decision_id,
        partner=kept.partner,
        token=kept.token,
        move=move.value,
        amount_minor=amount_minor,
        exposure_minor=by_minor,
    )


def _one(connection: Connection, query: Select[Any], partner: str, number: str) -> KeptLoan | None:
    row = connection.execute(query, {"of_partner": partner, "number": number}).one_or_none()
    return None if row is None else _kept(row)


def _kept(row: Any) -> KeptLoan:
    return KeptLoan(
        loan=_AMOUNTS.value(row),
        decision_id=row.decision_id,
        partner=row.partner,
        token=row.token,
        industry=row.industry,
        loan_no=row.loan_no,
        terms=orjson.loads(row.terms) if row.terms else None,
    )


def _row(kept: KeptLoan) -> dict[str, Any]:
    return {
        "decision_id": kept.decision_id,
        "partner": kept.partner,
        "loan_no": kept.loan_no,
        "token": kept.token,
        "industry": kept.industry,
        "terms": _terms_text(kept),
        **_AMOUNTS.columns(kept.loan),
    }
