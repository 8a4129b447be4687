"""A loan under a line: reserved by its approval, made exposure by acceptance, moved by events."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from credit.ledger.lifecycle import (
    ALWAYS,
    ILLEGAL_STATUS,
    REQUEST_AMOUNT_EXCEED,
    Condition,
    Refused,
    Transition,
    moves_from,
    state_after,
)


class LoanState(Enum):
    """Where a loan stands, from the approval that reserves its amount."""

    RESERVED = "RESERVED"
    EXPIRED = "EXPIRED"
    ACCEPTED = "ACCEPTED"
    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"
    RESTRUCTURED = "RESTRUCTURED"
    WRITTEN_OFF = "WRITTEN_OFF"


class LoanMove(Enum):
    """What may happen to a loan; the last five are the events that lenders send."""

    RESERVE = "reserve"
    EXPIRE = "expire"
    ACCEPT = "accept"
    DISBURSED = "disbursed"
    REPAID = "repaid"
    CANCELLED = "cancelled"
    RESTRUCTURED = "restructured"
    WRITTEN_OFF = "written_off"


EVENTS = (
    LoanMove.DISBURSED,
    LoanMove.REPAID,
    LoanMove.CANCELLED,
    LoanMove.RESTRUCTURED,
    LoanMove.WRITTEN_OFF,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A loan's amounts and state.

    `principal` is the amount reserved, then the amount accepted. What of it was repaid, written
    off or released (never disbursed, cancelled or forgiven) is no longer outstanding.
    """

    principal_minor: int
    repaid_minor: int = 0
    released_minor: int = 0
    written_off_minor: int = 0
    state: LoanState = LoanState.RESERVED
    expires_at: datetime

    @property
    def exposure_minor(self) -> int:
        """What is outstanding: what the loan, or its approval, takes of the line."""
        return (
            self.principal_minor - self.repaid_minor - self.released_minor - self.written_off_minor
        )


_OUTSTANDING = Condition("something is outstanding", lambda loan: loan.exposure_minor > 0)
_PAID = Condition("nothing is outstanding", lambda loan: loan.exposure_minor == 0)

TRANSITIONS: tuple[Transition[LoanState, LoanMove], ...] = (
    Transition(None, LoanMove.RESERVE, ALWAYS, LoanState.RESERVED),
    Transition(LoanState.RESERVED, LoanMove.ACCEPT, ALWAYS, LoanState.ACCEPTED),
    Transition(LoanState.RESERVED, LoanMove.EXPIRE, ALWAYS, LoanState.EXPIRED),
    Transition(LoanState.ACCEPTED, LoanMove.DISBURSED, ALWAYS, LoanState.ACTIVE),
    Transition(LoanState.ACCEPTED, LoanMove.CANCELLED, ALWAYS, LoanState.CANCELLED),
    Transition(LoanState.ACTIVE, LoanMove.REPAID, _OUTSTANDING, LoanState.ACTIVE),
    Transition(LoanState.ACTIVE, LoanMove.REPAID, _PAID, LoanState.CLOSED),
    Transition(LoanState.ACTIVE, LoanMove.RESTRUCTURED, ALWAYS, LoanState.RESTRUCTURED),
    Transition(LoanState.ACTIVE, LoanMove.WRITTEN_OFF, ALWAYS, LoanState.WRITTEN_OFF),
    Transition(LoanState.RESTRUCTURED, LoanMove.REPAID, _OUTSTANDING, LoanState.RESTRUCTURED),
    Transition(LoanState.RESTRUCTURED, LoanMove.REPAID, _PAID, LoanState.CLOSED),
    Transition(LoanState.RESTRUCTURED, LoanMove.RESTRUCTURED, ALWAYS, LoanState.RESTRUCTURED),
    Transition(LoanState.RESTRUCTURED, LoanMove.WRITTEN_OFF, ALWAYS, LoanState.WRITTEN_OFF),
)


def is_due(loan: Loan, at: datetime) -> bool:
    """Whether an approval that nobody accepted must expire at `at`."""
    return loan.state is LoanState.RESERVED and at >= loan.expires_at


def moved(
    loan: Loan, move: LoanMove, *, at: datetime, amount_minor: int | None = None
) -> Loan | Refused:
    """The loan after a move, or why it may not be.

    `amount_minor` is what was accepted, disbursed, repaid (of principal), written off, or is still
    owed after a restructuring; without it all that is outstanding is meant.

    >>> from datetime import UTC
    >>> now = datetime(2026, 6, 30, tzinfo=UTC)
    >>> loan = Loan(principal_minor=100, expires_at=datetime(2026, 7, 3, tzinfo=UTC))
    >>> accepted = moved(loan, LoanMove.ACCEPT, at=now, amount_minor=80)
    >>> accepted.exposure_minor, moved(accepted, LoanMove.REPAID, at=now).code
    (80, 'ILLEGAL_STATUS')
    """
    if move not in moves_from(TRANSITIONS, loan.state):
        return _illegal(loan, move)
    if move is LoanMove.EXPIRE and not is_due(loan, at):
        return Refused(ILLEGAL_STATUS, "the approval is not due yet", "wait for its expires_at")
    outstanding = loan.exposure_minor
    amount = outstanding if amount_minor is None else amount_minor
    if not 0 < amount <= outstanding:
        return Refused(
            REQUEST_AMOUNT_EXCEED,
            f"amount_minor is {amount}, and {outstanding} is outstanding",
            f"send 1 to {outstanding}",
        )
    after = _amounts_after(loan, move, amount)
    return replace(after, state=state_after(TRANSITIONS, loan.state, move, after))


def _amounts_after(loan: Loan, move: LoanMove, amount_minor: int) -> Loan:
    outstanding = loan.exposure_minor
    if move is LoanMove.ACCEPT:
        return replace(loan, principal_minor=amount_minor)
    if move is LoanMove.REPAID:
        return replace(loan, repaid_minor=loan.repaid_minor + amount_minor)
    # What is not written off of a lost loan is forgiven: nothing of it stays outstanding.
    kept = amount_minor if move in (LoanMove.DISBURSED, LoanMove.RESTRUCTURED) else 0
    lost = amount_minor if move is LoanMove.WRITTEN_OFF else 0
    return replace(
        loan,
        written_off_minor=loan.written_off_minor + lost,
        released_minor=loan.released_minor + outstanding - kept - lost,
    )


def _illegal(loan: Loan, move: LoanMove) -> Refused:
    possible = ", ".join(one.value for one in moves_from(TRANSITIONS, loan.state))
    return Refused(
        ILLEGAL_STATUS,
        f"a loan that is {loan.state.value} cannot be {move.value}",
        f"possible now: {possible}" if possible else "nothing more happens to this loan",
    )
