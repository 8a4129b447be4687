"""One decision: evidence -> candidates -> scores -> policy -> journal entry.

Nothing is answered from here: `serving.office` answers when the entry is durable.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from credit.contract import ENTITY_OF
from credit.errors import InputError
from credit.ledger.exposure import Line
from credit.policy.application import LoanApplication
from credit.policy.decision import Decision
from credit.policy.evidence import Evidence
from credit.policy.reasons import MODEL, REASONS
from credit.policy.requests import duration_days
from records.counters import Counter
from records.decisions import Claim, NoRoom
from records.journal import Entry
from records.operations import new_id
from serving.claims import claim_of
from serving.desk import MODEL_REASONS_MAX, Case, Desk, Model
from serving.entries import entry_of
from serving.evidence import read_evidence
from serving.hearing import Candidacy, Hearing, ruled, score_all
from serving.problems import RequestError
from serving.refusals import context_refused, currency_refused
from serving.rules import Effective, Rules
from serving.shadow import Shadow, decided_beside

# Stands in for the model's reasons until a decision is seen to give them.
_STAND_IN = (next(reason.code for reason in REASONS if reason.source == MODEL),)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a case stands in the records: what decides it, its line, what its partner has open."""

    rules: Rules
    line: Line
    used: Mapping[Counter, int]

    def after(self, refused: NoRoom | None) -> "Standing":
        """The same with what a refused claim has just shown."""
        if refused is None:
            return self
        return replace(self, line=refused.line, used={**self.used, **refused.shares})


@dataclass(frozen=True, slots=True)
class Known:
    """What was read for a case: its evidence, and how it stands in the records."""

    evidence: Evidence
    standing: Standing


@dataclass(frozen=True, slots=True)
class Underwritten:
    """A decision ready for the journal, and what it takes of the line, if anything."""

    entry: Entry
    claim: Claim | None


def underwrite(case: Case, desk: Desk, refused: NoRoom | None = None) -> Underwritten:
    """The decision on `case` with all it was made of, ready for the journal; reads as it goes.

    `refused`: how the line and the shares stand, where a refused claim has just shown it.
    RequestError where the request is in another currency, ends before now, or carries context
    that the policy does not declare.
    """
    at, source = desk.now(), desk.evidence[case.product]
    [evidence] = read_evidence(case.product, source, [case.entity_id], now=at)
    [standing] = read_standing([case], desk)
    [outcome] = underwrite_all([case], desk, [Known(evidence, standing.after(refused))], at)
    if isinstance(outcome, RequestError):
        raise outcome
    return outcome


def read_standing(cases: Sequence[Case], desk: Desk) -> list[Standing]:
    """How cases of one product stand, each by the rules of its scene."""
    desk.in_force.look_if_late()
    partner, product = desk.partner, cases[0].product
    rules = [
        desk.in_force.rules_for(product=product, partner=partner, scene=case.scene)
        for case in cases
    ]
    exposures = desk.ledger.read(
        kind=ENTITY_OF[product],
        entity_ids=[case.entity_id for case in cases],
        counters=set().union(*(one.counters(product, partner) for one in rules)),
    )
    return [
        Standing(one, line, exposures.used)
        for one, line in zip(rules, exposures.lines, strict=True)
    ]


def underwrite_all(
    cases: Sequence[Case], desk: Desk, known: Sequence[Known], at: datetime
) -> list[Underwritten | RequestError]:
    """The same for cases that wait together, all read that each needs: one call of the model.

    Nothing is read here. Each gets its decision or its own refusal, in order.
    """
    models = {product: desk.in_force.model(product) for product in {it.product for it in cases}}
    refusals = [
        _impossible(case, one.standing.rules, at) for case, one in zip(cases, known, strict=True)
    ]
    heard = [
        (
            hearing_of(case, one, one.standing.rules.live, models[case.product], desk=desk, at=at),
            one,
        )
        for case, one, no in zip(cases, known, refusals, strict=True)
        if no is None
    ]
    hearings = [hearing for hearing, _ in heard]
    scored = score_all(hearings, desk)
    beside = iter(_beside(heard, desk))
    told = (
        _underwritten(hearing, *_decide(hearing, these), next(beside), desk)
        for hearing, these in zip(hearings, scored, strict=True)
    )
    return [no or next(told) for no in refusals]


def hearing_of(
    case: Case, known: Known, by: Effective, model: Model | None, *, desk: Desk, at: datetime
) -> Hearing:
    """The case with what is known of it, to be decided by a policy and a model."""
    standing = known.standing
    room = by.room(case.product, desk.partner, standing.line, standing.used, at=at)
    stopped = standing.rules.stopped
    return Hearing(case, at, by, known.evidence, model, room, stopped)


def _beside(heard: Sequence[tuple[Hearing, Known]], desk: Desk) -> list[list[Shadow]]:
    """What policies and models in shadow say of each hearing; while decisions stop, nothing."""
    asked = [[] if one.stopped else [*_shadows(one, known, desk)] for one, known in heard]
    told = decided_beside([hearing for these in asked for hearing in these], desk)
    return [[next(told) for _ in these] for these in asked]


def _shadows(one: Hearing, known: Known, desk: Desk) -> Iterator[Hearing]:
    """The same case under each policy in shadow, and by the challenger where there is one."""
    for by in known.standing.rules.shadows:
        yield hearing_of(one.case, known, by, one.model, desk=desk, at=one.at)
    challenger = desk.in_force.challenger(one.case.product)
    if challenger is not None:
        yield replace(one, model=challenger, beside=True)


def _impossible(case: Case, rules: Rules, at: datetime) -> RequestError | None:
    """The credit rules' own refusals. While decisions are stopped context is nobody's question."""
    asked, policy = case.application, rules.policy
    if refused := currency_refused(asked.currency, policy.currency):
        return refused
    declared = policy.loan.context
    if not isinstance(asked, LoanApplication):
        declared = policy.waiver.context
        try:
            duration_days(asked, at)
        except InputError as error:
            told, sent = "due_at", case.request["due_at"]
            return RequestError("FIELD_INVALID", error.problem, error.mend, field=told, value=sent)
    return None if rules.stopped else context_refused(asked.context, declared)


def _decide(
    hearing: Hearing, scored: tuple[Candidacy, ...]
) -> tuple[tuple[Candidacy, ...], Decision]:
    """The decision, and the candidates with the model's reasons where the decision gives them.

    Reasons (TreeSHAP) cost more than all the rest together: the model is asked only when a
    stand-in shows that its word is given.
    """
    if hearing.model is None or not scored:
        return scored, ruled(hearing, ())
    told = [candidacy.scored for candidacy in scored]
    probe = ruled(hearing, (replace(told[0], reasons=_STAND_IN), *told[1:]))
    if not any(reason.source == MODEL for reason in probe.reasons):
        return scored, probe
    row = {**hearing.evidence.values, **scored[0].request_features}
    first = replace(told[0], reasons=hearing.model.scorer.reasons(row, MODEL_REASONS_MAX))
    scored = (replace(scored[0], scored=first), *scored[1:])
    return scored, ruled(hearing, (first, *told[1:]))


def _underwritten(
    hearing: Hearing,
    scored: Sequence[Candidacy],
    decision: Decision,
    shadows: list[Shadow],
    desk: Desk,
) -> Underwritten:
    decision_id, partner = new_id(), desk.partner
    claim = claim_of(hearing.case, decision, hearing.by, partner=partner, decision_id=decision_id)
    entry = entry_of(hearing, scored, decision, desk, decision_id=decision_id)
    entry["shadows"] = shadows
    if claim and claim.auth_no:
        entry["reference_id"] = claim.auth_no
    return Underwritten(entry, claim)
