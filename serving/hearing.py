"""A hearing: a case with all it is decided on, its candidates scored, and what the policy says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from credit.policy.application import LoanApplication
from credit.policy.decide import decide_loan, decide_waiver
from credit.policy.decision import Decision, Scored
from credit.policy.evidence import Evidence, Freshness, Value
from credit.policy.offers import candidates
from credit.policy.requests import duration_days
from credit.policy.room import Room
from credit.policy.stopped import stopped
from credit.policy.terms import Policy
from serving.desk import Case, Desk, Model
from serving.rules import Effective


@dataclass(frozen=True, slots=True)
class Candidacy:
    """A candidate as it was scored, with the features that only its request has."""

    scored: Scored
    request_features: Mapping[str, Value]

    def pinned(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "amount_minor": self.scored.amount_minor,
            "term_days": self.scored.term_days,
            "probability": self.scored.probability,
            "reasons": list(self.scored.reasons),
            "request_features": dict(self.request_features),
        }


@dataclass(frozen=True, slots=True)
class Hearing:
    """A case with all that it is decided on, and by what.

    `room`: what is left for it. `stopped`: what stops decisions, if anything does. `beside`:
    heard by the model that challenges the champion.
    """

    case: Case
    at: datetime
    by: Effective
    evidence: Evidence
    model: Model | None
    room: Room
    stopped: str | None
    beside: bool = False

    @property
    def policy(self) -> Policy:
        """The policy that decides it."""
        return self.by.policy

    @property
    def is_scored(self) -> bool:
        """Whether a model is asked: nothing is scored without fresh evidence, or while stopped."""
        fresh = self.evidence.freshness is Freshness.FRESH
        return self.model is not None and fresh and self.stopped is None


def score_all(hearings: Sequence[Hearing], desk: Desk) -> list[tuple[Candidacy, ...]]:
    """Every candidate of every hearing scored, with one call of each model."""
    asked = [tuple(_asked(hearing, desk)) for hearing in hearings]
    told: dict[int, Iterator[float]] = {}
    for asking, model in {id(hearing.model): hearing.model for hearing in hearings}.items():
        rows = [
            {**hearing.evidence.values, **extra}
            for hearing, requests in zip(hearings, asked, strict=True)
            if id(hearing.model) == asking
            for _, extra in requests
        ]
        told[asking] = iter(model.scorer.score(rows) if model and rows else ())
    return [
        tuple(
            Candidacy(
                Scored(
                    request["amount_minor"], request["term_days"], next(told[id(hearing.model)])
                ),
                extra,
            )
            for request, extra in requests
        )
        for hearing, requests in zip(hearings, asked, strict=True)
    ]


def _asked(hearing: Hearing, desk: Desk) -> Iterator[tuple[dict[str, Any], Mapping[str, Value]]]:
    """The requests to score, each with the features that only it has."""
    if hearing.is_scored:
        for request in _candidates(hearing):
            extra = desk.request_values(hearing.case.product, hearing.evidence.values, request)
            yield request, extra


def _candidates(hearing: Hearing) -> Iterator[dict[str, Any]]:
    """The requests to score: as asked first, then what may be offered instead."""
    asked = hearing.case.application
    if isinstance(asked, LoanApplication):
        for one in candidates(asked, hearing.evidence, hearing.policy, hearing.room):
            yield {
                "amount_minor": one.amount_minor,
                "term_days": one.term_days,
                "scene": None,
            }
    else:
        yield {
            "amount_minor": asked.deposit_minor,
            "term_days": duration_days(asked, hearing.at),
            "scene": asked.scene,
        }


def ruled(hearing: Hearing, scored: Sequence[Scored]) -> Decision:
    """What the policy says, or the switch that stops it."""
    asked, evidence = hearing.case.application, hearing.evidence
    policy, room, at = hearing.policy, hearing.room, hearing.at
    if hearing.stopped is not None:
        return stopped(asked, evidence, policy=policy, at=at, by=hearing.stopped)
    if isinstance(asked, LoanApplication):
        return decide_loan(asked, evidence, scored, policy=policy, room=room, at=at)
    return decide_waiver(asked, evidence, scored, policy=policy, room=room, at=at)
