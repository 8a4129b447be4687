"""What may be offered: the request as asked first, then smaller and shorter loans.

Each candidate is scored for itself, since a smaller loan is a safer one, and judged by the same
three questions: is the risk acceptable, the amount within the limit, the price within the law?
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from credit.money import MILLION, as_number, part_down, ppm_of, stepped_down
from credit.policy.application import LoanApplication
from credit.policy.bands import band_of
from credit.policy.decision import Offer, Outcome, Scored
from credit.policy.evidence import Evidence, Freshness
from credit.policy.limits import Limit, loan_limit
from credit.policy.loan_terms import LoanTerms
from credit.policy.pricing import Price, price_of
from credit.policy.room import WHY_NO_ROOM, Room
from credit.policy.schedule import schedule
from credit.policy.scorecard import against_risk
from credit.policy.terms import Policy


@dataclass(frozen=True, slots=True)
class Candidate:
    """A loan to be scored for itself."""

    amount_minor: int
    term_days: int


@dataclass(frozen=True, slots=True)
class Judged:
    """One scored candidate: what it may be answered, and what stands against it."""

    scored: Scored
    probability_ppm: int
    limit: Limit
    price: Price
    against: tuple[tuple[Outcome, str], ...]

    @property
    def outcome(self) -> Outcome:
        """The strictest of what stands against it; approved where nothing does."""
        return min((worst for worst, _ in self.against), default=Outcome.APPROVE)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not answered as asked."""
        return tuple(code for _, code in self.against)


def candidates(
    application: LoanApplication, evidence: Evidence, policy: Policy, room: Room
) -> tuple[Candidate, ...]:
    """The request as asked, then smaller and shorter loans, largest first.

    They are shares of what was asked, in whole steps, and never more than the best band could have:
    a tighter policy tries a part of what a looser one tries, so it can never answer better.
    """
    asked = Candidate(application.amount_minor, application.term_days)
    return tuple(dict.fromkeys([asked, *_smaller(asked, evidence, policy.loan, room)]))


def ceiling_minor(evidence: Evidence, terms: LoanTerms) -> int:
    """The highest loan for an applicant, before the limit is measured."""
    if evidence.freshness is Freshness.UNKNOWN:
        return terms.no_history.amount_max_minor
    return terms.amount_max_minor


def _smaller(
    asked: Candidate, evidence: Evidence, terms: LoanTerms, room: Room
) -> Iterator[Candidate]:
    for term_days in _terms_tried(asked.term_days, terms):
        limit = loan_limit(
            evidence.values,
            terms,
            terms.bands[0],
            term_days=term_days,
            room=room,
            ceiling_minor=ceiling_minor(evidence, terms),
        )
        for share_ppm in (MILLION, *terms.counter_shares_ppm):
            amount = stepped_down(part_down(asked.amount_minor, share_ppm), terms.amount_step_minor)
            if terms.amount_min_minor <= amount <= limit.limit_minor:
                yield Candidate(amount, term_days)


def _terms_tried(term_days: int, terms: LoanTerms) -> tuple[int, ...]:
    if term_days not in terms.terms_days:
        return ()
    shorter = (days for days in reversed(terms.counter_terms_days) if days < term_days)
    return (term_days, *shorter)


def judged(one: Scored, limit: Limit, terms: LoanTerms) -> Judged:
    """What one candidate may be answered, and every reason against it."""
    ppm = ppm_of(one.probability)
    price = price_of(
        terms.price,
        amount_minor=one.amount_minor,
        term_days=one.term_days,
        probability_ppm=ppm,
        repayment_type=terms.repayment_type,
    )
    against = tuple(_against(one.amount_minor, ppm, limit, price, terms))
    return Judged(one, ppm, limit, price, against)


def _against(
    amount_minor: int, ppm: int, limit: Limit, price: Price, terms: LoanTerms
) -> Iterator[tuple[Outcome, str]]:
    """Risk first; where it forbids the loan, neither its size nor its price is asked about."""
    yield from against_risk(ppm, terms.approve_probability_max_ppm, terms.refer_probability_max_ppm)
    if ppm > terms.refer_probability_max_ppm:
        return
    if limit.limit_minor < terms.amount_min_minor:
        yield Outcome.DECLINE, WHY_NO_ROOM.get(limit.binding, "LIMIT_BELOW_MINIMUM")
    elif amount_minor > limit.limit_minor:
        yield Outcome.DECLINE, "AMOUNT_ABOVE_LIMIT"
    elif not price.within(terms.price.apr_cap_ppm):
        yield Outcome.DECLINE, "PRICE_ABOVE_CAP"


def assumed(
    application: LoanApplication, evidence: Evidence, policy: Policy, room: Room
) -> tuple[Scored, ...]:
    """The candidates of an applicant without history, at the P(bad) that the policy assumes."""
    probability = as_number(policy.loan.no_history.probability_ppm)
    return tuple(
        Scored(one.amount_minor, one.term_days, probability)
        for one in candidates(application, evidence, policy, room)
    )


def judged_all(
    scored: Sequence[Scored], *, evidence: Evidence, terms: LoanTerms, room: Room
) -> tuple[Judged, ...]:
    """Every candidate judged, the request first; its band sets the limit of them all."""
    request_ppm = ppm_of(scored[0].probability)
    band = band_of(terms.bands, request_ppm)
    limits = {
        term_days: loan_limit(
            evidence.values,
            terms,
            band,
            term_days=term_days,
            room=room,
            ceiling_minor=ceiling_minor(evidence, terms),
        )
        for term_days in {one.term_days for one in scored}
    }
    return tuple(judged(one, limits[one.term_days], terms) for one in scored)


def reasons_against(cases: Sequence[Judged], outcome: Outcome) -> list[str]:
    """Why the request is not answered as asked, and where something smaller is offered, that it is.

    A decline is explained by all that declined any candidate; anything better by what stood
    against the request and against the best that was found instead.
    """
    if outcome is Outcome.DECLINE:
        return [code for one in cases for worst, code in one.against if worst is outcome]
    best = max(cases, key=lambda one: one.outcome)
    counter = outcome is Outcome.APPROVE and best is not cases[0]
    return [*cases[0].reasons, *best.reasons, *(["COUNTER_OFFER"] if counter else [])]


def offers_made(
    cases: Sequence[Judged], terms: LoanTerms, on: date, *, least: Outcome = Outcome.APPROVE
) -> tuple[Offer, ...]:
    """The candidates that may be offered with their schedules: largest first, then longest.

    The request, where it is approved, is both, and leads. `least`: what a candidate must be
    judged at least; a person who approved what was referred offers that too.
    """
    approved = [one for one in cases if one.outcome >= least]
    approved.sort(key=lambda one: (-one.scored.amount_minor, -one.scored.term_days))
    return tuple(_offer(one, terms.repayment_type, on) for one in approved[: terms.offers_max])


def _offer(one: Judged, repayment_type: str, on: date) -> Offer:
    due = schedule(
        one.scored.amount_minor,
        apr_ppm=one.price.apr_ppm,
        term_days=one.scored.term_days,
        repayment_type=repayment_type,
        starts_on=on,
    )
    return Offer(
        one.scored.amount_minor,
        one.scored.term_days,
        one.price.apr_ppm,
        one.price.fees_minor,
        repayment_type,
        due,
    )
