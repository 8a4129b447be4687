"""Prices over columns: the same rates as `credit.policy.pricing` asks."""

from dataclasses import dataclass

import numpy as np

from credit.money import DAYS_A_YEAR, MILLION
from credit.policy.loan_terms import LoanTerms
from credit.policy.many.columns import Mask, Real, Whole, divided_up, each, part_up
from credit.policy.pricing import RATE_STEP_PPM, expected_loss_minor
from credit.policy.schedule import due_days

losses_minor = each(expected_loss_minor)
# A rate above this is above every cap; what it is exactly is in no answer.
_RATE_MAX = 2.0**40


@dataclass(frozen=True, slots=True)
class Lives:
    """By term: what a cost is multiplied by, and an amount, for the rate that carries the cost."""

    times: Whole
    over: Whole
    ratio: Real


def lives_of(term_days: Whole, repayment_type: str) -> Lives:
    """Whatever terms occur in a column."""
    found = np.bincount(term_days)
    whole = np.zeros((2, len(found)), np.int64)
    lives = Lives(whole[0], whole[1], np.zeros(len(found)))
    for term in np.flatnonzero(found):
        days = due_days(int(term), repayment_type)
        lives.times[term] = MILLION * DAYS_A_YEAR * len(days)
        lives.over[term] = sum(days)
    np.divide(lives.times, lives.over, out=lives.ratio, where=lives.over > 0)
    return lives


def priced(terms: LoanTerms, amounts: Whole, term_days: Whole, ppm: Whole) -> tuple[Whole, Mask]:
    """The annual rate of each loan, and whether the law allows what it needs in all."""
    price = terms.price
    lives = lives_of(term_days, terms.repayment_type)
    to_carry = losses_minor(amounts, ppm, price) + price.operating_cost_minor
    standing = price.funding_rate_ppm + price.margin_rate_ppm
    fees = part_up(amounts, price.fee_share_ppm) if price.fee_share_ppm else None
    if fees is not None:
        to_carry = np.maximum(0, to_carry - fees)
    by_interest = standing + _rate_up(to_carry, amounts, lives, term_days)
    apr = np.maximum(price.apr_floor_ppm, divided_up(by_interest, RATE_STEP_PPM) * RATE_STEP_PPM)
    all_in = apr if fees is None else apr + _rate_up(fees, amounts, lives, term_days)
    return apr, all_in <= price.apr_cap_ppm


def _rate_up(cost: Whole, amount: Whole, lives: Lives, term_days: Whole) -> Whole:
    """`pricing._rate_up` of each, exactly, without dividing whole numbers.

    The quotient in doubles is off by less than a thousandth (three roundings of a number below
    2**40), so rounded to the nearest whole it is the answer or one below it. Which of the two the
    remainder tells: it is at most twice the denominator, which is below 2**58, so it is exact in 64
    bits even where the two products that it is the difference of wrap around.
    """
    near = np.minimum(cost * lives.ratio[term_days] / amount, _RATE_MAX)
    rate = np.rint(near).astype(np.int64)
    remainder = cost * lives.times[term_days] - rate * (amount * lives.over[term_days])
    return rate + (remainder > 0)
