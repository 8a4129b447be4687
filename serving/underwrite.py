"""One decision: evidence -> candidates -> scores -> policy -> journal entry.

Nothing is answered from here: `serving.office` answers when the entry is durable.
"""

import os
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from credit.errors import InputError
from credit.policy.application import LoanApplication
from credit.policy.decide import decide_loan, decide_waiver
from credit.policy.decision import Decision, Scored, to_json
from credit.policy.evidence import Evidence, Freshness, Value
from credit.policy.offers import candidates
from credit.policy.reasons import MODEL, REASONS
from credit.policy.requests import duration_days, refuse_foreign_currency
from credit.policy.terms import Policy
from records.journal import Entry
from records.store import instant_text
from serving.desk import MODEL_REASONS_MAX, Case, Desk, Model
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
class Hearing:
    """A case with all that it is decided on."""

    case: Case
    at: datetime
    policy: Policy
    evidence: Evidence
    model: Model | None


def underwrite(case: Case, desk: Desk) -> Entry:
    """The decision on `case` with all it was made of, ready for the journal.

    RequestError where the request is in another currency, or ends before now.
    """
    at, policy = desk.now(), desk.in_force.policy
    _refuse_impossible(case, policy, at)
    evidence = desk.evidence[case.product].read([case.entity_id], now=at)[0]
    hearing = Hearing(case, at, policy, evidence, desk.in_force.model(case.product))
    scored = _score(hearing, desk)
    scored, decision = _decide(hearing, scored)
    return _entry(hearing, scored, decision, desk)


def new_decision_id() -> str:
    """A decision's name: unguessable, and in the order of time (UUID version 7, RFC 9562)."""
    millis = time.time_ns() // 1_000_000
    value = (millis << 80 | int.from_bytes(os.urandom(10))) & ~(0xF << 76) & ~(0x3 << 62)
    return str(uuid.UUID(int=value | 0x7 << 76 | 0x2 << 62))


def _refuse_impossible(case: Case, policy: Policy, at: datetime) -> None:
    """The credit rules' own refusals, told as the wire names them."""
    asked, sent = case.application, case.request
    try:
        refuse_foreign_currency(asked.currency, policy.currency)
    except InputError as error:
        raise _refused("CURRENCY_MISMATCH", error, "currency", sent) from None
    if isinstance(asked, LoanApplication):
        return
    try:
        duration_days(asked, at)
    except InputError as error:
        raise _refused("FIELD_INVALID", error, "due_at", sent) from None


def _refused(code: str, error: InputError, field: str, sent: Mapping[str, Any]) -> RequestError:
    return RequestError(code, error.problem, error.mend, field=field, value=sent[field])


def _score(hearing: Hearing, desk: Desk) -> tuple[Candidacy, ...]:
    """Every candidate scored, in one call; none without a model or fresh evidence."""
    model, evidence = hearing.model, hearing.evidence
    if model is None or evidence.freshness is not Freshness.FRESH:
        return ()
    asked = tuple(_candidates(hearing))
    extras = [
        desk.request_values(hearing.case.product, evidence.values, request) for request in asked
    ]
    probabilities = model.scorer.score([{**evidence.values, **extra} for extra in extras])
    return tuple(
        Candidacy(Scored(request["amount_minor"], request["term_days"], probability), extra)
        for request, probability, extra in zip(asked, probabilities, extras, strict=True)
    )


def _candidates(hearing: Hearing) -> Iterator[dict[str, Any]]:
    """The requests to score: as asked first, then what may be offered instead."""
    asked = hearing.case.application
    if isinstance(asked, LoanApplication):
        for one in candidates(asked, hearing.evidence, hearing.policy, None):
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
    policy, at = hearing.policy, hearing.at
    if isinstance(asked, LoanApplication):
        return decide_loan(asked, evidence, scored, policy=policy, room_minor=None, at=at)
    return decide_waiver(asked, evidence, scored, policy=policy, room_minor=None, at=at)


def _entry(hearing: Hearing, scored: Sequence[Candidacy], decision: Decision, desk: Desk) -> Entry:
    case, decision_id = hearing.case, new_decision_id()
    decided_at = instant_text(hearing.at)
    model = dict(hearing.model.identity) if hearing.model else None
    answer: dict[str, Any] = {"decision_id": decision_id, "decided_at": decided_at}
    answer |= to_json(decision) | {"model": model}
    return Entry(
        decision_id=decision_id,
        partner=desk.partner,
        product=case.product,
        entity_id=case.entity_id,
        reference_id=case.reference_id or decision_id,
        decided_at=decided_at,
        content_sha256=case.content_sha256,
        request=dict(case.request),
        evidence=_pinned(hearing.evidence),
        scored=[candidacy.pinned() for candidacy in scored],
        model=model,
        policy=answer["policy"],
        decision=answer,
        clock=desk.clock,
    )


def _pinned(evidence: Evidence) -> dict[str, Any]:
    return {
        "values": dict(evidence.values),
        "as_of": instant_text(evidence.as_of) if evidence.as_of else None,
        "freshness": evidence.freshness.value,
        "detail": evidence.detail,
    }
