"""What would have had a request approved: the smallest change of what is in the applicant's hands.

Nothing is recorded, and nothing is decided: the policy in force is asked what it would say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from credit.policy.decision import Decision, Outcome
from credit.policy.reasons import MODEL, PRECEDENCE
from models.actions import Action, action
from models.artefact import REFERENCE, Artefact
from models.counterfactual import Counterfactual, Tried, ladders_of, smallest_change
from models.score import Scorer
from serving.desk import Case, Desk
from serving.evidence import read_evidence
from serving.hearing import Candidacy, Hearing, ruled, score_all
from serving.underwrite import Known, hearing_of, read_standing

# What stands before it in the order of reasons is said without asking how risky anybody is.
_FIRST_OF_RISK = PRECEDENCE["PROBABILITY_ABOVE_CUTOFF"]


@dataclass(frozen=True, slots=True)
class WhatWouldChange:
    """The changes that would have led to an approval; where there are none, why not, in words."""

    outcome: str
    found: Counterfactual | None
    why_none: str | None

    def to_json(self) -> dict[str, Any]:
        """As answers spell it."""
        changes = self.found.changes if self.found else ()
        return {
            "outcome": self.outcome,
            "changes": [{"feature": one.name, "from": one.start, "to": one.end} for one in changes],
            "probability_from": self.found.before if self.found else None,
            "probability_to": self.found.probability if self.found else None,
            "why_none": self.why_none,
        }

    def lines(self) -> list[str]:
        """As a person reads it: one line a change, or why there is none."""
        if self.found is None:
            return [f"no change: {self.why_none}"]
        return [f"{one.name}: {one.start:g} -> {one.end:g}" for one in self.found.changes]


def what_would_change(case: Case, desk: Desk) -> WhatWouldChange:
    """What would turn a case that is declined or referred for its risk into an approval.

    Asked of the evidence, the policy and the champion as they are now. Only what the catalogue
    calls actionable moves, the way it can, within what is usual in the model's reference rows;
    features of the request follow. A rule that speaks before the model is named instead: no
    change of risk answers it.
    """
    hearing = _heard(case, desk)
    [scored] = score_all([hearing], desk)
    decision = ruled(hearing, [one.scored for one in scored])
    word = decision.outcome.word
    if why := _why_not_sought(hearing, decision):
        return WhatWouldChange(word, None, why)
    found = _found(hearing, desk)
    none = "nothing that the applicant can change would be enough"
    return WhatWouldChange(word, found, None if found else none)


def _heard(case: Case, desk: Desk) -> Hearing:
    at = desk.now()
    [evidence] = read_evidence(case.product, desk.evidence[case.product], [case.entity_id], now=at)
    [standing] = read_standing([case], desk)
    known, model = Known(evidence, standing), desk.in_force.model(case.product)
    return hearing_of(case, known, standing.rules.live, model, desk=desk, at=at)


def _why_not_sought(hearing: Hearing, decision: Decision) -> str | None:
    if decision.outcome is Outcome.APPROVE:
        return "it is approved as things stand"
    before = [
        reason
        for reason in decision.reasons
        if reason.source != MODEL and PRECEDENCE[reason.code] < _FIRST_OF_RISK
    ]
    if before:
        named = "; ".join(f"{one.code} ({one.message})" for one in before)
        return f"{named} stands before any model"
    if not hearing.is_scored or _scorer(hearing) is None:
        return "no model was asked"
    return None


def _scorer(hearing: Hearing) -> Scorer | None:
    scorer = hearing.model.scorer if hearing.model else None
    return scorer if isinstance(scorer, Scorer) else None


def _found(hearing: Hearing, desk: Desk) -> Counterfactual | None:
    scorer = _scorer(hearing)
    assert scorer is not None  # noqa: S101 - no search is made without one

    def trial(changed: Sequence[Mapping[str, float]]) -> list[Tried]:
        hearings = [_changed(hearing, values) for values in changed]
        scored = score_all(hearings, desk)
        rows = [
            {**one.evidence.values, **candidates[0].request_features}
            for one, candidates in zip(hearings, scored, strict=True)
        ]
        margins = scorer.raw(scorer.encoded(rows)).tolist()
        return [_tried(*told) for told in zip(hearings, scored, margins, strict=True)]

    values = {
        name: float(value)
        for name, value in hearing.evidence.values.items()
        if isinstance(value, int | float)
    }
    actions = actions_of(scorer.artefact)
    return smallest_change(trial, ladders_of(scorer, values, actions, every_value=True))


def _changed(hearing: Hearing, values: Mapping[str, float]) -> Hearing:
    evidence = replace(hearing.evidence, values={**hearing.evidence.values, **values})
    return replace(hearing, evidence=evidence)


def _tried(hearing: Hearing, scored: Sequence[Candidacy], margin: float) -> Tried:
    decision = ruled(hearing, [one.scored for one in scored])
    approved = decision.outcome is Outcome.APPROVE
    return Tried(approved, scored[0].scored.probability, margin)


def actions_of(artefact: Artefact) -> tuple[Action, ...]:
    """What is in the applicant's hands, within what the model's reference rows hold."""
    import pyarrow.parquet as pq

    from features.catalogue import features_of

    ways = {it.name: it.actionable for it in features_of(artefact.manifest.product)}
    names = [it.name for it in artefact.manifest.features if ways.get(it.name)]
    reference = pq.read_table(artefact.directory / REFERENCE, columns=names)
    made = (
        action(name, reference.column(name).cast("double").to_numpy(), direction=ways[name])
        for name in names
    )
    return tuple(one for one in made if one)
