"""What one policy answers to requests that stand under it, scored and decided in columns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from credit.contract import MERCHANT_LOAN
from credit.money import DAYS_A_YEAR, MILLION
from credit.policy.decision import Outcome
from credit.policy.many import (
    MISSING,
    UNBOUNDED,
    Column,
    LoanAnswers,
    LoanCases,
    WaiverAnswers,
    WaiverCases,
    candidates_many,
    columns,
    decide_loans,
    decide_waivers,
    texts,
)
from credit.policy.schedule import due_days
from credit.policy.terms import Policy
from monitoring.simulation.contest import Pair
from monitoring.simulation.population import NO_LINE, Population
from monitoring.simulation.scoring import Grid, Scoring, remembering

THREADS = 2
OPEN_PRINCIPAL = "open_principal_minor"


@dataclass(frozen=True, slots=True)
class Answered:
    """What one policy answers, a row a request; money as doubles of minor units.

    `given_minor`: the best offer, or the part of the deposit that is waived; 0 where not approved.
    `probability`: P(bad) of the request, `given_probability` that of what is given (NaN: none).
    `loss_minor` and `profit_minor` are expected; profit is NaN throughout for waivers. `band`:
    names, None where no score was to be had. `reasons`: bits of `credit.policy.many.bit_of`.
    """

    outcome: Any
    given_minor: Any
    probability: Any
    given_probability: Any
    loss_minor: Any
    profit_minor: Any
    band: Any
    reasons: Any

    @property
    def approved(self) -> Any:
        """Which requests are approved."""
        return self.outcome == Outcome.APPROVE


def both_answers(people: Population, pair: Pair, scoring: Scoring) -> tuple[Answered, Answered]:
    """What the candidate answers, and what the current policy does; each loan is scored once."""
    if people.product != MERCHANT_LOAN:
        asked = _asked_risk(people, scoring)
        return _waivers(people, pair.candidate, asked), _waivers(people, pair.current, asked)
    current, more = _loans(people, pair.current, scoring)
    candidate, _ = _loans(more, pair.candidate, scoring)
    return candidate, current


def _loans(people: Population, policy: Policy, scoring: Scoring) -> tuple[Answered, Population]:
    """The answers, and the population with what was scored for them."""
    asked = people.requested
    cases = LoanCases(
        **_applicants(people, policy),
        amount_minor=asked.amount_minor,
        term_days=asked.duration_days,
    )
    found = candidates_many(cases, policy, threads=THREADS)
    grid = Grid(*found)
    before = scoring.made + scoring.fell_back
    probability, there = scoring.probabilities(people, grid)
    if scoring.made + scoring.fell_back > before:
        people = remembering(people, grid, probability, there)
    scored = cases.scored(found._replace(valid=there), probability)
    answers = _loan_answers(decide_loans(scored, policy, threads=THREADS), policy)
    return answers, people


def _loan_answers(answers: LoanAnswers, policy: Policy) -> Answered:
    offered = answers.offers.count > 0
    amount = np.where(offered, answers.offers.amount_minor[:, 0], 0).astype(float)
    rate = answers.offers.apr_ppm[:, 0] - float(policy.loan.price.funding_rate_ppm)
    lent = amount * _years(answers.offers.term_days[:, 0], policy.loan.repayment_type)
    loss = answers.expected_loss_minor.astype(float)
    cost = np.where(offered, float(policy.loan.price.operating_cost_minor), 0.0)
    fees = np.where(offered, answers.offers.fees_minor[:, 0], 0)
    given = answers.offers.probability_ppm[:, 0] / MILLION
    return Answered(
        outcome=answers.outcome,
        given_minor=amount,
        probability=_probability(answers.probability_ppm),
        given_probability=np.where(offered, given, np.nan),
        loss_minor=np.where(offered, loss, 0.0),
        profit_minor=lent * rate / MILLION + fees - loss - cost,
        band=_band_names(answers.band, answers.bands),
        reasons=answers.reasons,
    )


def _years(term_days: Any, repayment_type: str) -> Any:
    """For each term the mean years that its principal is owed, as prices take it."""
    years = np.zeros(int(term_days.max(initial=0)) + 1)
    for term in np.unique(term_days[term_days > 0]):
        days = due_days(int(term), repayment_type)
        years[term] = sum(days) / len(days) / DAYS_A_YEAR
    return years[term_days]


def _asked_risk(people: Population, scoring: Scoring) -> Any:
    """P(bad) of each order, NaN where it has none."""
    asked, one = people.requested, np.ones((len(people), 1), np.bool_)
    grid = Grid(asked.amount_minor[:, None], asked.duration_days[:, None], one)
    probability, there = scoring.probabilities(people, grid)
    return np.where(there, probability, np.nan)[:, 0]


def _waivers(people: Population, policy: Policy, probability: Any) -> Answered:
    asked = people.requested
    cases = WaiverCases(
        **_applicants(people, policy),
        scene=texts(asked.scene.tolist()),
        deposit_minor=asked.amount_minor,
        duration_days=asked.duration_days,
        probability=probability,
    )
    return _waiver_answers(decide_waivers(cases, policy, threads=THREADS))


def _waiver_answers(answers: WaiverAnswers) -> Answered:
    given = answers.credit_minor.astype(float)
    probability = _probability(answers.probability_ppm)
    approved = answers.outcome == Outcome.APPROVE
    return Answered(
        outcome=answers.outcome,
        given_minor=given,
        probability=probability,
        given_probability=np.where(approved, probability, np.nan),
        loss_minor=given * np.nan_to_num(probability),
        profit_minor=np.full(len(given), np.nan),
        band=_band_names(answers.band, answers.bands),
        reasons=answers.reasons,
    )


def _applicants(people: Population, policy: Policy) -> dict[str, Any]:
    facts = people.requested.context
    return {
        "freshness": people.freshness,
        "values": {name: _column(people.known[name]) for name in _looked_at(people, policy)},
        "own_room_minor": _own_room(people, policy),
        "shared_room_minor": _bounded(people.room.shared_minor),
        "context": columns(facts.tolist()) if any(facts) else {},
    }


def _looked_at(people: Population, policy: Policy) -> set[str]:
    loan = policy.loan.capacity
    terms = policy.loan if people.product == MERCHANT_LOAN else policy.waiver
    names = {row.feature for row in terms.knockouts}
    names |= {loan.turnover_feature, loan.debt_service_feature, policy.waiver.open_credit_feature}
    return names & set(people.known.column_names)


def _own_room(people: Population, policy: Policy) -> Any:
    """What the line leaves: as recorded, else the policy's ceiling less what is open."""
    if people.room.is_kept or people.product != MERCHANT_LOAN:
        return _bounded(people.room.own_minor)
    used = np.nan_to_num(_column(people.known[OPEN_PRINCIPAL]))
    ceiling = policy.exposure_max_minor(people.product)
    return np.maximum(0, ceiling - np.ceil(used).astype(np.int64))


def _bounded(minor: Any) -> Any:
    return np.where(minor == NO_LINE, UNBOUNDED, minor)


def _column(found: Any) -> Column:
    if pa.types.is_string(found.type):
        return texts(found.to_pylist())
    return found.to_numpy(zero_copy_only=False) if isinstance(found, pa.Array) else found.to_numpy()


def _probability(ppm: Any) -> Any:
    return np.where(ppm == MISSING, np.nan, ppm / MILLION)


def _band_names(places: Any, bands: tuple[str, ...]) -> Any:
    return np.array([*bands, None], object)[places]  # MISSING is the last
