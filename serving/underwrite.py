"""One decision: evidence -> candidates -> scores -> policy -> journal entry.

Nothing is answered from here: `serving.office` answers when the entry is durable.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from credit.contract import ENTITY_OF
from credit.errors import InputError
from credit.ledger.exposure import Line, room_minor
from credit.policy.application import LoanApplication
from credit.policy.decide import decide_loan, decide_waiver
from credit.policy.decision import Decision, Scored, to_json
from credit.policy.evidence import Evidence, Freshness, Value
from credit.policy.offers import candidates
from credit.policy.reasons import MODEL, REASONS
from credit.policy.requests import duration_days, refuse_foreign_currency
from credit.policy.room import Room
from credit.policy.terms import Policy
from records.decisions import Claim
from records.instants import instant_text
from records.journal import Entry
from records.operations import new_id
from serving.claims import claim_of
from serving.desk import MODEL_REASONS_MAX, Case, Desk, Model
from serving.evidence import read_evidence
from serving.problems import RequestError

# Stands in for the model's reasons until a decision is seen to give them.
_STAND_IN = (next(reason.code for reason in REASONS if reason.source == MODEL),)


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
class Known:
    """What was read for a case: its evidence, and how its line stands."""

    evidence: Evidence
    line: Line


@dataclass(frozen=True, slots=True)
class Hearing:
    """A case with all that it is decided on. `room`: what is left for it."""

    case: Case
    at: datetime
    policy: Policy
    evidence: Evidence
    model: Model | None
    room: Room


@dataclass(frozen=True, slots=True)
class Underwritten:
    """A decision ready for the journal, and what it takes of the line, if anything."""

    entry: Entry
    claim: Claim | None


def underwrite(case: Case, desk: Desk, line: Line | None = None) -> Underwritten:
    """The decision on `case` with all it was made of, ready for the journal; reads as it goes.

    `line`: how the line stands, where that is known already. RequestError where the request is in
    another currency, or ends before now.
    """
    at, source = desk.now(), desk.evidence[case.product]
    [evidence] = read_evidence(case.product, source, [case.entity_id], now=at)
    if line is None:
        kind = ENTITY_OF[case.product]
        [line] = desk.lines.read(kind=kind, entity_ids=[case.entity_id])
    [outcome] = underwrite_all([case], desk, [Known(evidence, line)], at)
    if isinstance(outcome, RequestError):
        raise outcome
    return outcome


def underwrite_all(
    cases: Sequence[Case], desk: Desk, known: Sequence[Known], at: datetime
) -> list[Underwritten | RequestError]:
    """The same for cases that wait together, all read that each needs: one call of the model.

    Nothing is read here. Each gets its decision or its own refusal, in order.
    """
    policy = desk.in_force.policy
    models = {product: desk.in_force.model(product) for product in {it.product for it in cases}}
    refusals = [_impossible(case, policy, at) for case in cases]
    hearings = [
        _hearing(case, at, policy, one, models[case.product])
        for case, one, no in zip(cases, known, refusals, strict=True)
        if no is None
    ]
    told = (
        _underwritten(hearing, *_decide(hearing, scored), desk)
        for hearing, scored in zip(hearings, _score(hearings, desk), strict=True)
    )
    return [no or next(told) for no in refusals]


def _hearing(
    case: Case, at: datetime, policy: Policy, known: Known, model: Model | None
) -> Hearing:
    ceiling = policy.exposure_max_minor(case.product)
    room = Room(own_minor=room_minor(known.line, ceiling_minor=ceiling, at=at), shared_minor=None)
    return Hearing(case, at, policy, known.evidence, model, room)


def _impossible(case: Case, policy: Policy, at: datetime) -> RequestError | None:
    """The credit rules' own refusals, told as the wire names them."""
    asked, sent = case.application, case.request
    try:
        refuse_foreign_currency(asked.currency, policy.currency)
    except InputError as error:
        return _refused("CURRENCY_MISMATCH", error, "currency", sent)
    if isinstance(asked, LoanApplication):
        return None
    try:
        duration_days(asked, at)
    except InputError as error:
        return _refused("FIELD_INVALID", error, "due_at", sent)
    return None


def _refused(code: str, error: InputError, field: str, sent: Mapping[str, Any]) -> RequestError:
    return RequestError(code, error.problem, error.mend, field=field, value=sent[field])


def _score(hearings: Sequence[Hearing], desk: Desk) -> list[tuple[Candidacy, ...]]:
    """Every candidate of every hearing scored; none where a model or fresh evidence lacks."""
    asked = [tuple(_asked(hearing, desk)) for hearing in hearings]
    told: dict[str, Iterator[float]] = {}
    for product, model in {hearing.case.product: hearing.model for hearing in hearings}.items():
        rows = [
            {**hearing.evidence.values, **extra}
            for hearing, requests in zip(hearings, asked, strict=True)
            if hearing.case.product == product
            for _, extra in requests
        ]
        told[product] = iter(model.scorer.score(rows) if model and rows else ())
    return [
        tuple(
            Candidacy(
                Scored(
                    request["amount_minor"], request["term_days"], next(told[hearing.case.product])
                ),
                extra,
            )
            for request, extra in requests
        )
        for hearing, requests in zip(hearings, asked, strict=True)
    ]


def _asked(hearing: Hearing, desk: Desk) -> Iterator[tuple[dict[str, Any], Mapping[str, Value]]]:
    """The requests to score, each with the features that only it has."""
    if hearing.model is None or hearing.evidence.freshness is not Freshness.FRESH:
        return
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


def _decide(
    hearing: Hearing, scored: tuple[Candidacy, ...]
) -> tuple[tuple[Candidacy, ...], Decision]:
    """The decision, and the candidates with the model's reasons where the decision gives them.

    Reasons (TreeSHAP) cost more than all the rest together: the model is asked only when a
    stand-in shows that its word is given.
    """
    if hearing.model is None or not scored:
        return scored, _ruled(hearing, ())
    told = [candidacy.scored for candidacy in scored]
    probe = _ruled(hearing, (replace(told[0], reasons=_STAND_IN), *told[1:]))
    if not any(reason.source == MODEL for reason in probe.reasons):
        return scored, probe
    row = {**hearing.evidence.values, **scored[0].request_features}
    first = replace(told[0], reasons=hearing.model.scorer.reasons(row, MODEL_REASONS_MAX))
    scored = (replace(scored[0], scored=first), *scored[1:])
    return scored, _ruled(hearing, (first, *told[1:]))


def _ruled(hearing: Hearing, scored: Sequence[Scored]) -> Decision:
    asked, evidence = hearing.case.application, hearing.evidence
    policy, room, at = hearing.policy, hearing.room, hearing.at
    if isinstance(asked, LoanApplication):
        return decide_loan(asked, evidence, scored, policy=policy, room=room, at=at)
    return decide_waiver(asked, evidence, scored, policy=policy, room=room, at=at)


def _underwritten(
    hearing: Hearing, scored: Sequence[Candidacy], decision: Decision, desk: Desk
) -> Underwritten:
    decision_id = new_id()
    claim = claim_of(hearing.case, decision, hearing.policy, decision_id=decision_id)
    entry = _entry(hearing, scored, decision, desk, decision_id=decision_id)
    if claim and claim.auth_no:
        entry["reference_id"] = claim.auth_no
    return Underwritten(entry, claim)


def _entry(
    hearing: Hearing,
    scored: Sequence[Candidacy],
    decision: Decision,
    desk: Desk,
    *,
    decision_id: str,
) -> Entry:
    case, decided_at = hearing.case, instant_text(hearing.at)
    model = dict(hearing.model.identity) if hearing.model else None
    answer: dict[str, Any] = {"decision_id": decision_id, "decided_at": decided_at}
    answer |= to_json(decision) | {"model": model}
    return Entry(
        decision_id=decision_id,
        partner=desk.partner,
        product=case.product,
        entity_id=case.entity_id,
        reference_id=case.order_no if _is_loan(case) and case.order_no else decision_id,
        order_no=case.order_no,
        decided_at=decided_at,
        request=dict(case.request),
        evidence=_pinned(hearing.evidence),
        scored=[candidacy.pinned() for candidacy in scored],
        room_minor=hearing.room.own_minor,
        model=model,
        policy=answer["policy"],
        decision=answer,
        hold=None,
        clock=desk.clock,
    )


def _is_loan(case: Case) -> bool:
    return isinstance(case.application, LoanApplication)


def _pinned(evidence: Evidence) -> dict[str, Any]:
    return {
        "values": dict(evidence.values),
        "as_of": instant_text(evidence.as_of) if evidence.as_of else None,
        "freshness": evidence.freshness.value,
        "detail": evidence.detail,
    }
