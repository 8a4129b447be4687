"""A decision: the answer, why, and how it came about. Values only; JSON in the public names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any

from credit.contract import MERCHANT_LOAN
from credit.money import as_number
from credit.policy.reasons import MODEL, PRECEDENCE, REASON

REASONS_MAX = 4


class Outcome(IntEnum):
    """Outcomes from the strictest to the loosest: a stricter one beats a looser."""

    DECLINE = 0
    REFER = 1
    APPROVE = 2

    @property
    def word(self) -> str:
        """As answers spell it."""
        return self.name.lower()


def outcome_of(word: str) -> Outcome:
    """The outcome that a policy or an answer spells `word`."""
    return Outcome[word.upper()]


@dataclass(frozen=True, slots=True)
class Scored:
    """One candidate with its calibrated P(bad) and the model's reasons, strongest first.

    For a waiver the amount is the deposit, and the term the order's whole days.
    """

    amount_minor: int
    term_days: int
    probability: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenReason:
    """A reason as it is given: code, message in English, and who speaks (rule or model)."""

    code: str
    message: str
    source: str


@dataclass(frozen=True, slots=True)
class Instalment:
    """What falls due on one day; principal and interest add up to it."""

    due_on: date
    due_minor: int
    principal_minor: int
    interest_minor: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A loan that may be accepted. `apr_ppm`: annual rate in parts per million, fees apart."""

    amount_minor: int
    term_days: int
    apr_ppm: int
    fees_minor: int
    repayment_type: str
    schedule: tuple[Instalment, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the trace: what went in, what was compared, what came out, whose rule it was."""

    step: str
    inputs: tuple[tuple[str, Any], ...]
    comparison: str
    result: str
    layer: str


@dataclass(frozen=True, slots=True)
class PolicyRef:
    """The policy that decided: its name, version and the hash of its text."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision on one application.

    `probability` is that of the request as asked, rounded to a millionth; None where no
    model was asked. Loans carry the limit and offers; waivers what is waived and what is due.
    """

    product: str
    outcome: Outcome
    reasons: tuple[GivenReason, ...]
    probability: float | None
    score: int | None
    band: str | None
    expires_at: datetime | None
    features_as_of: datetime | None
    degraded: tuple[str, ...]
    policy: PolicyRef
    trace: tuple[Step, ...]
    limit_minor: int = 0
    offers: tuple[Offer, ...] = ()
    credit_minor: int = 0
    deposit_due_minor: int = 0


def given(rules: Sequence[str], model: Sequence[str] = ()) -> tuple[GivenReason, ...]:
    """At most four reasons: rules in the registry's order, then the model's, strongest first.

    >>> [reason.code for reason in given(["NO_ROOM", "OPEN_ARREARS"], ["TENURE"])]
    ['OPEN_ARREARS', 'NO_ROOM', 'TENURE']
    """
    for code in model:
        if REASON[code].source != MODEL:
            raise ValueError(f"{code} is a rule's reason; a model cannot give it")
    codes = [*sorted(set(rules), key=PRECEDENCE.__getitem__), *dict.fromkeys(model)]
    chosen = (REASON[code] for code in codes[:REASONS_MAX])
    return tuple(GivenReason(one.code, one.message, one.source) for one in chosen)


def to_json(decision: Decision) -> dict[str, Any]:
    """The decision in the interface's names, plain JSON values, keys in a fixed order.

    `decision_id` and `model` are added by whoever answers.
    """
    answer: dict[str, Any] = {
        "product": decision.product,
        "outcome": decision.outcome.word,
        "reasons": reasons_told(decision.reasons),
        "probability": decision.probability,
        "score": decision.score,
        "band": decision.band,
        "expires_at": instant_told(decision.expires_at),
        "features_as_of": instant_told(decision.features_as_of),
        "degraded": list(decision.degraded),
    }
    if decision.product == MERCHANT_LOAN:
        answer |= offered(decision.limit_minor, decision.offers)
    else:
        answer |= _waiver(decision)
    return answer | made_by(decision.policy, decision.trace)


def reasons_told(reasons: Sequence[GivenReason]) -> list[dict[str, str]]:
    """Reasons in the interface's names."""
    return [{"code": one.code, "message": one.message, "source": one.source} for one in reasons]


def made_by(policy: PolicyRef, trace: Sequence[Step]) -> dict[str, Any]:
    """The policy that decided and the steps it took, in the interface's names."""
    named = {"name": policy.name, "version": policy.version, "sha256": policy.sha256}
    return {"policy": named, "trace": [_step(step) for step in trace]}


def offered(limit_minor: int, offers: Sequence[Offer]) -> dict[str, Any]:
    """The limit and the offers of a loan in the interface's names."""
    first = offers[0] if offers else None
    return {
        "limit_minor": limit_minor,
        "apr": as_number(first.apr_ppm) if first else None,
        "term_days": first.term_days if first else None,
        "offers": [_offer(offer) for offer in offers],
    }


def _waiver(decision: Decision) -> dict[str, Any]:
    return {
        "credit_minor": decision.credit_minor,
        "deposit_due_minor": decision.deposit_due_minor,
    }


def _offer(offer: Offer) -> dict[str, Any]:
    return {
        "amount_minor": offer.amount_minor,
        "term_days": offer.term_days,
        "apr": as_number(offer.apr_ppm),
        "fees_minor": offer.fees_minor,
        "repayment_type": offer.repayment_type,
        "schedule": [
            {
                "due_on": due.due_on.isoformat(),
                "due_minor": due.due_minor,
                "principal_minor": due.principal_minor,
                "interest_minor": due.interest_minor,
            }
            for due in offer.schedule
        ],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "step": step.step,
        "inputs": dict(step.inputs),
        "comparison": step.comparison,
        "result": step.result,
        "layer": step.layer,
    }


def instant_told(at: datetime | None) -> str | None:
    """An instant in the interface's spelling."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")
