"""The life of a policy version: from draft to live and superseded, as a table."""

from dataclasses import dataclass
from enum import Enum

from credit.ledger.lifecycle import (
    ALWAYS,
    ILLEGAL_STATUS,
    Condition,
    Refused,
    Transition,
    moves_from,
    state_after,
)

APPROVAL_AWAITED = "APPROVAL_AWAITED"
NOT_SIMULATED = "NOT_SIMULATED"


class State(Enum):
    """Where a version stands. At most one of a name is live, one in shadow, one scheduled."""

    DRAFT = "draft"
    CHECKED = "checked"
    SIMULATED = "simulated"
    APPROVED = "approved"
    SHADOW = "shadow"
    SCHEDULED = "scheduled"
    LIVE = "live"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Event(Enum):
    """What happens to a version, as the journal tells it."""

    SEEDED = "seeded"
    PROPOSED = "proposed"
    CHECKED = "checked"
    SIMULATED = "simulated"
    APPROVED = "approved"
    SHADOWED = "shadowed"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    TOOK_PLACE = "took_place"
    SUPERSEDED = "superseded"
    ROLLED_BACK = "rolled_back"
    RESTORED = "restored"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What else counts for a move: approval that is awaited, and why none simulated before it."""

    awaited: tuple[str, ...] = ()
    unsimulated: str = ""


_FREE = Condition("no approval awaited", lambda standing: not standing.awaited)
_FOR_A_REASON = Condition("unsimulated, why is said", lambda standing: standing.unsimulated.strip())

PLACES = ((Event.SHADOWED, State.SHADOW), (Event.SCHEDULED, State.SCHEDULED))
GOES_LIVE = (Event.PUBLISHED, State.LIVE)
_READY = (State.CHECKED, State.SIMULATED, State.APPROVED)
_OPEN = (State.DRAFT, *_READY, State.SHADOW, State.SCHEDULED)

TRANSITIONS: tuple[Transition[State, Event], ...] = (
    Transition(None, Event.PROPOSED, ALWAYS, State.DRAFT),
    Transition(None, Event.SEEDED, ALWAYS, State.LIVE),
    Transition(State.DRAFT, Event.CHECKED, ALWAYS, State.CHECKED),
    Transition(State.CHECKED, Event.SIMULATED, ALWAYS, State.SIMULATED),
    Transition(State.SIMULATED, Event.SIMULATED, ALWAYS, State.SIMULATED),
    Transition(State.APPROVED, Event.SIMULATED, ALWAYS, State.APPROVED),
    Transition(State.CHECKED, Event.APPROVED, _FOR_A_REASON, State.APPROVED),
    Transition(State.SIMULATED, Event.APPROVED, ALWAYS, State.APPROVED),
    *(
        Transition(ready, event, _FREE, to)
        for ready in _READY
        for event, to in (*PLACES, GOES_LIVE)
    ),
    Transition(State.SHADOW, Event.SCHEDULED, _FREE, State.SCHEDULED),
    Transition(State.SHADOW, Event.PUBLISHED, _FREE, State.LIVE),
    Transition(State.SCHEDULED, Event.PUBLISHED, _FREE, State.LIVE),
    Transition(State.SCHEDULED, Event.TOOK_PLACE, ALWAYS, State.LIVE),
    Transition(State.LIVE, Event.SUPERSEDED, ALWAYS, State.SUPERSEDED),
    Transition(State.LIVE, Event.ROLLED_BACK, ALWAYS, State.SUPERSEDED),
    Transition(State.SUPERSEDED, Event.RESTORED, ALWAYS, State.LIVE),
    *(Transition(state, Event.WITHDRAWN, ALWAYS, State.WITHDRAWN) for state in _OPEN),
)


def moved(
    ref: str, state: State | None, event: Event, standing: Standing | None = None
) -> State | Refused:
    """The state that an event leads to, or why it may not be. `ref` names it: `NAME@VERSION`."""
    standing = standing or Standing()
    if event not in moves_from(TRANSITIONS, state):
        return _illegal(ref, state)
    try:
        return state_after(TRANSITIONS, state, event, standing)
    except LookupError:
        return _unsimulated(ref) if event is Event.APPROVED else _awaits(ref, standing)


def _illegal(ref: str, state: State | None) -> Refused:
    where = state.value if state else "not on record"
    return Refused(ILLEGAL_STATUS, f"{ref} is {where}", _MENDS.get(state, "propose a new version"))


_MENDS: dict[State | None, str] = {
    None: "publish its document first",
    State.DRAFT: "check it first",
    State.CHECKED: "vouch policy publish or approve leads on",
    State.SIMULATED: "vouch policy publish or approve leads on",
    State.APPROVED: "vouch policy publish leads on",
    State.SHADOW: "vouch policy publish or withdraw leads on",
    State.SCHEDULED: "vouch policy withdraw takes it back",
    State.LIVE: "publish another version over it, or vouch policy rollback",
    State.SUPERSEDED: "vouch policy rollback returns to the one before, else propose a new version",
}


def _unsimulated(ref: str) -> Refused:
    mend = f"vouch policy simulate {ref}, or say why not with --unsimulated WHY"
    return Refused(NOT_SIMULATED, f"{ref} was not simulated", mend)


def _awaits(ref: str, standing: Standing) -> Refused:
    problem = f"{ref} awaits approval of {', '.join(standing.awaited)}"
    return Refused(APPROVAL_AWAITED, problem, f"vouch policy approve {ref} --as SOMEONE-ELSE")


def live_before(
    events: tuple[tuple[str, Event], ...],
) -> str | None:
    """Of a name's (version, event) in order: the version that was live before the present one.

    A roll-back walks back: two of them lead to the version before the version before.

    >>> live_before((("1", Event.SEEDED), ("2", Event.PUBLISHED), ("3", Event.PUBLISHED)))
    '2'
    >>> live_before((("1", Event.SEEDED), ("2", Event.PUBLISHED), ("1", Event.RESTORED))) is None
    True
    """
    reigns: list[str] = []
    for version, event in events:
        if event is Event.RESTORED:
            del reigns[reigns.index(version) + 1 :]
        elif event in _ENTHRONES:
            reigns.append(version)
    return reigns[-2] if len(reigns) > 1 else None


_ENTHRONES = {Event.SEEDED, Event.PUBLISHED, Event.TOOK_PLACE}
