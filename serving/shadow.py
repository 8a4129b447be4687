"""Decisions by policies and models in shadow: recorded, never answered, never claimed."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from credit.policy.decision import to_json
from credit.policy.terms import Policy
from serving.desk import Desk
from serving.hearing import Candidacy, Hearing, ruled, score_all

_ANSWERED = ("outcome", "limit_minor", "offers", "credit_minor", "deposit_due_minor")
_log = logging.getLogger("vouch.serving")
Shadow = dict[str, Any]


def decided_beside(hearings: Sequence[Hearing], desk: Desk) -> Iterator[Shadow]:
    """What each hearing by a policy or model in shadow came to, in order, as the journal keeps it.

    `model` names the challenger where it is one; else the champion scored. One that fails is
    noted by the error's name: it must not touch the answer.
    """
    for hearing, scored in zip(hearings, _scored(hearings, desk), strict=True):
        told = _failed(hearing, scored) if isinstance(scored, Exception) else _told(hearing, scored)
        yield {**_who(hearing), **_room(hearing), **told}


def differs(shadow: Mapping[str, Any], answer: Mapping[str, Any]) -> bool | None:
    """Whether a shadow would have answered otherwise; None where it came to nothing."""
    decided = shadow["decision"]
    if decided is None:
        return None
    return any(decided.get(name) != answer.get(name) for name in _ANSWERED)


def _scored(hearings: Sequence[Hearing], desk: Desk) -> list[tuple[Candidacy, ...] | Exception]:
    try:
        return [*score_all(hearings, desk)]
    except Exception:  # noqa: BLE001 - whose fault it is shows when each is scored alone
        return [_scored_alone(hearing, desk) for hearing in hearings]


def _scored_alone(hearing: Hearing, desk: Desk) -> tuple[Candidacy, ...] | Exception:
    try:
        [scored] = score_all([hearing], desk)
    except Exception as error:  # noqa: BLE001 - noted with the decision
        return error
    return scored


def _told(hearing: Hearing, scored: Sequence[Candidacy]) -> Shadow:
    try:
        decision = to_json(ruled(hearing, [one.scored for one in scored]))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the shadow's alone
        return _failed(hearing, error)
    del decision["trace"]
    return {"scored": [_pinned(one) for one in scored], "decision": decision}


def _failed(hearing: Hearing, error: Exception) -> Shadow:
    _log.warning("%s in shadow failed", who_is_beside(_who(hearing)), exc_info=error)
    return {"scored": [], "decision": None, "failed": type(error).__name__}


def _pinned(candidacy: Candidacy) -> dict[str, Any]:
    return {name: value for name, value in candidacy.pinned().items() if name != "reasons"}


def who_is_beside(shadow: Mapping[str, Any]) -> str:
    """Which policy or model a shadow in the journal is of."""
    if "model" in shadow:
        return f"challenger {shadow['model']['version']}"
    return str(shadow["policy"]["name"])


def _who(hearing: Hearing) -> Shadow:
    return {"policy": _named(hearing.policy), **_challenger(hearing)}


def _challenger(hearing: Hearing) -> dict[str, Any]:
    if not hearing.beside or hearing.model is None:
        return {}
    return {"model": dict(hearing.model.identity)}


def _named(policy: Policy) -> dict[str, str]:
    return {"name": policy.name, "version": policy.version, "sha256": policy.sha256}


def _room(hearing: Hearing) -> dict[str, int | None]:
    room = hearing.room
    return {"room_minor": room.own_minor, "shared_room_minor": room.shared_minor}
