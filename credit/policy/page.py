"""The page on which one decision is written: its trace as it grows, and the answer at the end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from credit.money import as_number, ppm_of
from credit.policy.bands import Band, band_of
from credit.policy.decision import (
    Decision,
    Offer,
    Outcome,
    PolicyRef,
    Scored,
    Step,
    given,
    outcome_of,
)
from credit.policy.deposits import BAND, RISK, USER, Waived
from credit.policy.documents import PLATFORM
from credit.policy.evidence import Evidence, Freshness, Value
from credit.policy.knockouts import CONTEXT, REQUEST, SENT, Knockout, Ruling, ruled
from credit.policy.limits import CASH_FLOW, CEILING, TURNOVER, UNKNOWN
from credit.policy.loan_terms import LoanTerms
from credit.policy.no_history import STARTER
from credit.policy.offers import Judged
from credit.policy.requests import OFFERED
from credit.policy.room import CONCENTRATION, ROOM
from credit.policy.scorecard import against_risk, score_of
from credit.policy.terms import Policy
from credit.policy.waiver_terms import WaiverTerms

B = TypeVar("B", bound=Band)

FAULTS = {
    Freshness.STALE: ("FEATURES_STALE", "features stale"),
    Freshness.UNAVAILABLE: ("FEATURES_UNAVAILABLE", "features unavailable"),
}
# The policy field behind each ceiling; a line of its own is nobody's field, but what caps it is.
_WAIVED_BY = {
    RISK: "bands",
    BAND: "bands",
    USER: "user_max_minor",
    ROOM: "user_max_minor",
    CONCENTRATION: "concentration",
}
_LIMITED_BY = {
    CEILING: "amount_max_minor",
    TURNOVER: "bands",
    CASH_FLOW: "capacity",
    UNKNOWN: "capacity.unknown_max_minor",
    ROOM: "amount_max_minor",
    CONCENTRATION: "concentration",
}
RISK_REASONS = frozenset(
    {"PROBABILITY_ABOVE_CUTOFF", "PROBABILITY_IN_REFER_BAND", "RISK_ALLOWS_PART"}
)


@dataclass(slots=True)
class Page:
    """One decision in the making. Only its trace and what was read of the score change."""

    product: str
    section: str
    policy: Policy
    evidence: Evidence
    at: datetime
    trace: list[Step] = field(default_factory=list)
    degraded: list[str] = field(default_factory=list)
    probability_ppm: int | None = None
    band: str | None = None
    model_reasons: tuple[str, ...] = ()

    def note(self, step: str, comparison: str, result: str, rule: str, /, **inputs: Any) -> None:
        """Adds a step; `rule` is the policy field that spoke, below this product's section."""
        path = f"{self.section}.{rule}"
        self.trace.append(
            Step(step, tuple(inputs.items()), comparison, result, self.policy.layer_of(path))
        )

    def degradations(self, scored: Sequence[Scored]) -> list[str]:
        """Reasons for which nothing can be decided now; says so under `degraded`."""
        codes = []
        if self.evidence.freshness in FAULTS:
            code, said = FAULTS[self.evidence.freshness]
            codes.append(code)
            detail = self.evidence.detail
            self.degraded.append(f"{said}: {detail}" if detail else said)
        elif self.evidence.freshness is Freshness.FRESH and not scored:
            codes.append("MODEL_UNAVAILABLE")
            self.degraded.append("model unavailable")
        self.trace.append(
            Step(
                "evidence",
                (("freshness", self.evidence.freshness.value), ("scored", len(scored))),
                "fresh or unknown, and scored",
                ", ".join(codes) or "fit to decide on",
                PLATFORM,
            )
        )
        return codes

    def stopped(self, by: str) -> None:
        """Notes the switch that stops decisions, and says so under `degraded`."""
        self.degraded.append(f"stopped: {by}")
        inputs = (("switch", by),)
        self.trace.append(
            Step("kill switch", inputs, "no switch is thrown", "KILL_SWITCH", PLATFORM)
        )

    def asked(
        self, codes: Iterable[str], fields: Mapping[str, str], request: Mapping[str, Value]
    ) -> list[str]:
        """The reasons that the request alone gives, noted. `fields`: what stands behind each."""
        found = list(codes)
        result = ", ".join(found) or "offered"
        rule = fields[found[0] if found else OFFERED]
        self.note("request", "within what is offered", result, rule, **request)
        return found

    def without_history(self, word: str) -> Outcome:
        """What the policy answers those of whom nothing is known."""
        self.note("no history", "the policy's answer where nothing is known", word, "no_history")
        return Outcome.APPROVE if word == STARTER else outcome_of(word)

    def scored(self, first: Scored, bands: Sequence[B]) -> B:
        """The band of the request's own probability; keeps what the model said."""
        ppm = ppm_of(first.probability)
        band = band_of(bands, ppm)
        self.probability_ppm, self.band, self.model_reasons = ppm, band.name, first.reasons
        self.note(
            "score",
            f"above {as_number(band.probability_from_ppm)}, "
            f"at most {as_number(band.probability_to_ppm)}",
            f"band {band.name}",
            "bands",
            probability=as_number(ppm),
            score=score_of(ppm),
        )
        return band

    def risk(self, terms: WaiverTerms) -> tuple[Outcome, list[str]]:
        """What the cut-offs leave possible, and the reasons."""
        approve_max, refer_max = terms.approve_probability_max_ppm, terms.refer_probability_max_ppm
        ppm = self.probability_ppm or 0
        against = list(against_risk(ppm, approve_max, refer_max))
        codes = [code for _, code in against]
        self._note_risk(ppm, codes, terms)
        return min((worst for worst, _ in against), default=Outcome.APPROVE), codes

    def knocked(
        self,
        rows: Sequence[Knockout],
        request: Mapping[str, Value],
        context: Mapping[str, Value],
    ) -> tuple[Outcome, list[str]]:
        """What the knock-outs leave possible, and the reasons of those that spoke.

        Of an applicant without history only the rows about what was sent are asked.
        """
        facts: dict[str, Value] = {REQUEST + name: value for name, value in request.items()}
        facts |= {CONTEXT + name: value for name, value in context.items()}
        if self.evidence.freshness is Freshness.FRESH:
            facts |= self.evidence.values
        rulings = []
        for place, row in enumerate(rows, start=1):
            if self.evidence.freshness is Freshness.FRESH or row.feature.startswith(SENT):
                rulings.append(ruling := ruled(row, facts))
                self._note_ruling(ruling, f"knockouts[{place}]")
        spoken = [one.reason for one in rulings if one.reason is not None]
        return min((one.outcome for one in rulings), default=Outcome.APPROVE), spoken

    def _note_ruling(self, one: Ruling, rule: str) -> None:
        result = "passes" if one.reason is None else f"{one.outcome.word}: {one.reason}"
        if one.fact is None:
            result = f"not known, {result}"
        self.note("knock-out", one.comparison, result, rule, **{one.row.feature: one.fact})

    def _note_risk(self, ppm: int, codes: Sequence[str], terms: LoanTerms | WaiverTerms) -> None:
        approve_max = as_number(terms.approve_probability_max_ppm)
        refer_max = as_number(terms.refer_probability_max_ppm)
        self.note(
            "risk",
            f"approve up to {approve_max}, refer up to {refer_max}",
            ", ".join(codes) or "acceptable",
            "approve_probability_max",
            probability=as_number(ppm),
        )

    def judged(self, cases: Sequence[Judged]) -> None:
        """Notes the three questions put to the request, and how anything less fared."""
        asked, *rest = cases
        spoken = frozenset(asked.reasons)
        self._note_risk(asked.probability_ppm, sorted(spoken & RISK_REASONS), self.policy.loan)
        if "PROBABILITY_ABOVE_CUTOFF" not in spoken:
            self._note_limit(asked)
            self._note_price(asked)
        for one in rest:
            self.note(
                "smaller or shorter",
                "the same questions",
                ", ".join([one.outcome.word, *one.reasons]),
                "counter_shares",
                amount_minor=one.scored.amount_minor,
                term_days=one.scored.term_days,
                probability=as_number(one.probability_ppm),
                limit_minor=one.limit.limit_minor,
                apr_all_in=as_number(one.price.all_in_ppm),
            )

    def _note_limit(self, one: Judged) -> None:
        limit = one.limit
        within = one.scored.amount_minor <= limit.limit_minor
        self.note(
            "limit",
            f"amount at most the least of these, in steps: {limit.limit_minor}",
            "within" if within else f"above, bound by {limit.binding}",
            _LIMITED_BY[limit.binding],
            amount_minor=one.scored.amount_minor,
            **dict(limit.legs),
        )

    def _note_price(self, one: Judged) -> None:
        cap_ppm = self.policy.loan.price.apr_cap_ppm
        self.note(
            "price",
            f"all-in rate at most {as_number(cap_ppm)}",
            "within" if one.price.within(cap_ppm) else "above",
            "price.apr_cap",
            expected_loss_minor=one.price.expected_loss_minor,
            operating_cost_minor=one.price.operating_cost_minor,
            fees_minor=one.price.fees_minor,
            apr=as_number(one.price.apr_ppm),
            apr_all_in=as_number(one.price.all_in_ppm),
        )

    def waived(self, part: Waived, scene: str) -> None:
        """Notes how much of the deposit is waived, and which ceiling held it down."""
        self.note(
            "waiver",
            "least of the ceilings",
            f"at most {part.credit_minor}, bound by {part.binding}",
            _WAIVED_BY.get(part.binding, f"scenes.{scene}.credit_max_minor"),
            **dict(part.legs),
        )

    def closed(
        self,
        outcome: Outcome,
        rules: Sequence[str],
        *,
        valid_for: timedelta | None = None,
        limit_minor: int = 0,
        offers: tuple[Offer, ...] = (),
        credit_minor: int = 0,
        deposit_due_minor: int = 0,
    ) -> Decision:
        """The finished answer. The model speaks where risk is among the reasons."""
        ppm = self.probability_ppm
        return Decision(
            product=self.product,
            outcome=outcome,
            reasons=given(rules, self.model_reasons if RISK_REASONS.intersection(rules) else ()),
            probability=None if ppm is None else as_number(ppm),
            score=None if ppm is None else score_of(ppm),
            band=self.band,
            expires_at=None if valid_for is None else self.at + valid_for,
            features_as_of=self.evidence.as_of,
            degraded=tuple(self.degraded),
            policy=PolicyRef(self.policy.name, self.policy.version, self.policy.sha256),
            trace=tuple(self.trace),
            limit_minor=limit_minor,
            offers=offers,
            credit_minor=credit_minor,
            deposit_due_minor=deposit_due_minor,
        )
