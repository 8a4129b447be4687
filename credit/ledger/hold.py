"""A hold: the part of a credit line that stands in for a deposit, from authorisation to its end."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from credit.ledger.lifecycle import (
    ALWAYS,
    ILLEGAL_STATUS,
    ORDER_ALREADY_CLOSED,
    ORDER_ALREADY_FINISHED,
    REQUEST_AMOUNT_EXCEED,
    Condition,
    Refused,
    Transition,
    moves_from,
    state_after,
)


class HoldState(Enum):
    """Where a hold stands. In FINISHED and CLOSED nothing rests of it."""

    AUTHORIZED = "AUTHORIZED"
    FINISHED = "FINISHED"
    CLOSED = "CLOSED"


class HoldMove(Enum):
    """What may be done to a hold."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    RELEASE = "release"
    EXPIRE = "expire"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold's amounts and state.

    `rest = authorized - captured - released`, always. What was captured is owed by the customer
    until it is `settled`.
    """

    authorized_minor: int
    captured_minor: int = 0
    released_minor: int = 0
    settled_minor: int = 0
    state: HoldState = HoldState.AUTHORIZED
    expires_at: datetime

    @property
    def rest_minor(self) -> int:
        """What may still be captured."""
        return self.authorized_minor - self.captured_minor - self.released_minor

    @property
    def unpaid_minor(self) -> int:
        """What was captured and is not yet paid."""
        return self.captured_minor - self.settled_minor

    @property
    def exposure_minor(self) -> int:
        """What the hold takes of its line."""
        return self.rest_minor + self.unpaid_minor


_RESTS = Condition("something rests", lambda hold: hold.rest_minor > 0)
_USED_UP = Condition("nothing rests", lambda hold: hold.rest_minor == 0)
_ENDED_CAPTURED = Condition(
    "nothing rests, some was captured",
    lambda hold: hold.rest_minor == 0 and hold.captured_minor > 0,
)
_ENDED_UNCAPTURED = Condition(
    "nothing rests, nothing was captured",
    lambda hold: hold.rest_minor == 0 and hold.captured_minor == 0,
)

TRANSITIONS: tuple[Transition[HoldState, HoldMove], ...] = (
    Transition(None, HoldMove.AUTHORIZE, ALWAYS, HoldState.AUTHORIZED),
    Transition(HoldState.AUTHORIZED, HoldMove.CAPTURE, _RESTS, HoldState.AUTHORIZED),
    Transition(HoldState.AUTHORIZED, HoldMove.CAPTURE, _USED_UP, HoldState.FINISHED),
    Transition(HoldState.AUTHORIZED, HoldMove.RELEASE, _RESTS, HoldState.AUTHORIZED),
    Transition(HoldState.AUTHORIZED, HoldMove.RELEASE, _ENDED_CAPTURED, HoldState.FINISHED),
    Transition(HoldState.AUTHORIZED, HoldMove.RELEASE, _ENDED_UNCAPTURED, HoldState.CLOSED),
    Transition(HoldState.AUTHORIZED, HoldMove.EXPIRE, ALWAYS, HoldState.CLOSED),
    Transition(HoldState.AUTHORIZED, HoldMove.SETTLE, ALWAYS, HoldState.AUTHORIZED),
    Transition(HoldState.FINISHED, HoldMove.SETTLE, ALWAYS, HoldState.FINISHED),
    Transition(HoldState.CLOSED, HoldMove.SETTLE, ALWAYS, HoldState.CLOSED),
)

_OVER = {
    HoldState.FINISHED: (ORDER_ALREADY_FINISHED, "the order is finished"),
    HoldState.CLOSED: (ORDER_ALREADY_CLOSED, "the order is closed"),
}


def is_due(hold: Hold, at: datetime) -> bool:
    """Whether the hold must expire at `at`."""
    return hold.state is HoldState.AUTHORIZED and at >= hold.expires_at


def moved(
    hold: Hold,
    move: HoldMove,
    *,
    at: datetime,
    amount_minor: int | None = None,
    complete: bool = False,
) -> Hold | Refused:
    """The hold after a move, or why it may not be.

    Without an amount a release gives back all that rests and a settlement pays all that is owed.
    `complete`: this capture is the last, and what rests after it is released.

    >>> from datetime import UTC
    >>> hold = Hold(authorized_minor=100, expires_at=datetime(2026, 7, 1, tzinfo=UTC))
    >>> now = datetime(2026, 6, 30, tzinfo=UTC)
    >>> moved(hold, HoldMove.CAPTURE, at=now, amount_minor=30, complete=True).released_minor
    70
    >>> moved(hold, HoldMove.CAPTURE, at=now, amount_minor=101).code
    'REQUEST_AMOUNT_EXCEED'
    """
    if move not in moves_from(TRANSITIONS, hold.state):
        return _out_of_place(hold, move)
    if move is HoldMove.EXPIRE:
        after = _expired(hold, at)
    else:
        after = _amounts_after(hold, move, amount_minor, complete=complete)
    if isinstance(after, Refused):
        return after
    return replace(after, state=state_after(TRANSITIONS, hold.state, move, after))


def _out_of_place(hold: Hold, move: HoldMove) -> Refused:
    if hold.state not in _OVER:
        problem = f"a hold that is {hold.state.value} has no {move.value}"
        return Refused(ILLEGAL_STATUS, problem, "open another hold")
    code, problem = _OVER[hold.state]
    return Refused(code, problem, "nothing more can be captured or released")


def _expired(hold: Hold, at: datetime) -> Hold | Refused:
    if not is_due(hold, at):
        return Refused(ILLEGAL_STATUS, "the hold is not due yet", "wait for its expires_at")
    return replace(hold, released_minor=hold.released_minor + hold.rest_minor)


def _amounts_after(
    hold: Hold, move: HoldMove, amount_minor: int | None, *, complete: bool
) -> Hold | Refused:
    most_minor = hold.unpaid_minor if move is HoldMove.SETTLE else hold.rest_minor
    moved_minor = most_minor if amount_minor is None else amount_minor
    if not 0 < moved_minor <= most_minor:
        return _exceeds(move, moved_minor, most_minor)
    if move is HoldMove.SETTLE:
        return replace(hold, settled_minor=hold.settled_minor + moved_minor)
    if move is HoldMove.RELEASE:
        return replace(hold, released_minor=hold.released_minor + moved_minor)
    captured = replace(hold, captured_minor=hold.captured_minor + moved_minor)
    if complete:
        return replace(captured, released_minor=captured.released_minor + captured.rest_minor)
    return captured


def _exceeds(move: HoldMove, asked_minor: int, most_minor: int) -> Refused:
    owed = "is owed" if move is HoldMove.SETTLE else "rests"
    return Refused(
        REQUEST_AMOUNT_EXCEED,
        f"amount_minor is {asked_minor}, and {most_minor} {owed}",
        f"send 1 to {most_minor}" if most_minor else "there is nothing left to do",
    )
