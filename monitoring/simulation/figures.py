"""The figures of a simulation: what the candidate would change, each with its interval."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from credit.contract import MERCHANT_LOAN
from credit.policy.decision import Outcome
from credit.policy.many import bit_of
from credit.policy.many.answers import RULES
from credit.policy.reasons import REASON
from monitoring.simulation.answering import Answered
from monitoring.simulation.cuts import Cut, cuts_of
from monitoring.simulation.deciding import Decided
from monitoring.simulation.intervals import Estimate, Sides, method, shares, sums_of_both
from monitoring.simulation.parity import Parity, parities_of
from monitoring.simulation.population import Outcomes
from monitoring.simulation.realised import Realised, realised, realised_change

FEW = 100
REASONS_TOLD = 12


@dataclass(frozen=True, slots=True)
class Swap:
    """Requests that both policies answer alike, or that only one approves.

    `mean_probability` of those that have one; `given_minor` under the policy that approves (the
    candidate, where both do).
    """

    name: str
    requests: int
    share: float
    mean_probability: float | None
    given_minor: float
    expected_loss_minor: float
    realised: Realised


@dataclass(frozen=True, slots=True)
class ReasonMoved:
    """How many requests a rule gave this reason to, under each policy."""

    code: str
    message: str
    candidate: int
    current: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """Requests with a P(bad) by its height: all, and those that each policy approves."""

    edges: tuple[float, ...]
    requests: tuple[int, ...]
    candidate: tuple[int, ...]
    current: tuple[int, ...]
    cut_offs: tuple[tuple[float, float], tuple[float, float]] | None


@dataclass(frozen=True, slots=True)
class Figures:
    """One product's figures. Money in minor units; `profit_minor` None for waivers."""

    product: str
    requests: int
    few: bool
    unscored: int
    requested_minor: int
    rates: Mapping[str, Sides]
    given_minor: Sides
    expected_loss_minor: Sides
    profit_minor: Sides | None
    sums_by: str
    realised: Mapping[str, Realised]
    realised_change: Estimate
    swap: tuple[Swap, ...]
    reasons: tuple[ReasonMoved, ...]
    cuts: Mapping[str, tuple[Cut, ...]]
    parity: tuple[Parity, ...]
    distribution: Distribution | None
    same_as_recorded: Mapping[str, int] | None
    left_out: Mapping[str, int]
    notes: tuple[str, ...]


def figures_of(
    found: Decided, protected: Mapping[str, Mapping[str, str]], *, seed: int, notes: tuple[str, ...]
) -> Figures:
    """All figures of one product's requests."""
    people, candidate, current = found.people, found.candidate, found.current
    money = _money(found, seed=seed)
    outcomes = people.outcomes
    return Figures(
        product=people.product,
        requests=len(people),
        few=len(people) < FEW,
        unscored=int(np.isnan(current.probability).sum()),
        requested_minor=int(people.requested.amount_minor.sum()),
        rates={
            one.word: shares(candidate.outcome == one, current.outcome == one)
            for one in reversed(Outcome)
        },
        given_minor=money["given"],
        expected_loss_minor=money["loss"],
        profit_minor=money.get("profit"),
        sums_by=method(len(people), seed=seed),
        realised={
            "candidate": realised(candidate.approved, outcomes, candidate.given_probability),
            "current": realised(current.approved, outcomes, current.given_probability),
        },
        realised_change=realised_change(outcomes, candidate.approved, current.approved),
        swap=_swap(candidate, current, outcomes),
        reasons=_reasons(candidate, current),
        cuts=cuts_of(found),
        parity=parities_of(people.entity_id, candidate.approved, current.approved, protected),
        distribution=_distribution(found),
        same_as_recorded=_same_as_recorded(found),
        left_out=people.left_out,
        notes=(*people.notes, *notes),
    )


def _money(found: Decided, *, seed: int) -> dict[str, Sides]:
    """Sums under both policies and their change, drawn together."""
    names = {"given": "given_minor", "loss": "loss_minor"}
    if found.people.product == MERCHANT_LOAN:
        names["profit"] = "profit_minor"
    sides = (found.candidate, found.current)
    columns = {
        name: tuple(getattr(side, attribute) for side in sides) for name, attribute in names.items()
    }
    return sums_of_both(columns, seed=seed)


def _swap(candidate: Answered, current: Answered, outcomes: Outcomes) -> tuple[Swap, ...]:
    ours, theirs = candidate.approved, current.approved
    classes = (
        ("newly approved", ours & ~theirs, candidate),
        ("newly not approved", theirs & ~ours, current),
        ("approved by both", ours & theirs, candidate),
        ("approved by neither", ~ours & ~theirs, candidate),
    )
    return tuple(_class(name, mask, by, outcomes) for name, mask, by in classes)


def _class(name: str, mask: Any, by: Answered, outcomes: Outcomes) -> Swap:
    risks = by.probability[mask]
    known = risks[~np.isnan(risks)]
    expected = np.where(by.approved, by.given_probability, by.probability)
    return Swap(
        name=name,
        requests=int(mask.sum()),
        share=float(mask.mean()) if len(mask) else 0.0,
        mean_probability=float(known.mean()) if len(known) else None,
        given_minor=float(by.given_minor[mask].sum()),
        expected_loss_minor=float(by.loss_minor[mask].sum()),
        realised=realised(mask, outcomes, expected),
    )


def _reasons(candidate: Answered, current: Answered) -> tuple[ReasonMoved, ...]:
    """The rules' reasons whose number moved most; the model's are not computed anew."""
    found = [
        ReasonMoved(code, REASON[code].message, _given(candidate, code), _given(current, code))
        for code in RULES
    ]
    moved = [one for one in found if one.candidate != one.current]
    moved.sort(key=lambda one: -abs(one.candidate - one.current))
    return tuple(moved[:REASONS_TOLD])


def _given(answers: Answered, code: str) -> int:
    return int(((answers.reasons & bit_of(code)) != 0).sum())


def _distribution(found: Decided) -> Distribution | None:
    risks = found.current.probability
    known = ~np.isnan(risks)
    if not known.any():
        return None
    highest = max((side[1] for side in found.cut_offs), default=0.0) if found.cut_offs else 0.0
    top = min(1.0, max(float(np.quantile(risks[known], 0.99)), 1.5 * highest, 0.01))
    edges = np.linspace(0.0, top, 41)

    def counted(mask: Any) -> tuple[int, ...]:
        return tuple(np.histogram(np.minimum(risks[mask & known], top), edges)[0].tolist())

    return Distribution(
        edges=tuple(edges.tolist()),
        requests=counted(known),
        candidate=counted(found.candidate.approved),
        current=counted(found.current.approved),
        cut_offs=found.cut_offs,
    )


def _same_as_recorded(found: Decided) -> Mapping[str, int] | None:
    """How the current policy's answers compare with those that were given; None: none were."""
    people = found.people
    answered = people.recorded >= 0
    if not answered.any():
        return None
    same = answered & (people.recorded == found.current.outcome)
    return {"answered": int(answered.sum()), "same": int(same.sum())}
