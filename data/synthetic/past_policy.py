"""The policy of the past: a crude judge that approved, referred and declined these applications.

It saw some of the evidence, dimly, and approved two in a hundred at random.
"""

import numpy as np

from data.synthetic.loan_risk import Record, Trading
from data.synthetic.period import Flags, Floats, Ints
from data.synthetic.world import happens

OUTCOMES = ("approve", "refer", "decline", "approve_at_random")
APPROVE, REFER, DECLINE, AT_RANDOM = range(4)
RANDOM_SHARE = 0.02
REFER_FROM, DECLINE_FROM = 0.85, 1.25  # points of a loan
OPEN_LOANS_MOST = 3
PAYMENTS_LEAST = 6  # in 90 days
TENURE_LEAST = 0.11  # thousands of days, and 50 more
MONTHS_OF_TURNOVER_MOST = 4.0
PAST_DUE_MOST = 20
ORDER_DECLINE_FROM = 1.7  # points of an order


def approved(outcome: Ints) -> Flags:
    """Whether an outcome led to a loan or a hold."""
    return (outcome == APPROVE) | (outcome == AT_RANDOM)


def judge_loans(trading: Trading, record: Record, rng: np.random.Generator) -> Ints:
    """An outcome for each application."""
    count = len(trading.size)
    points = 0.5 * trading.size - 0.4 * trading.trend + 1.0 * record.late_share
    points += 0.6 * rng.standard_normal(count)
    outcome = np.where(points > REFER_FROM, REFER, APPROVE)
    knocked_out = (
        (record.in_arrears > 0)
        | (record.open_loans > OPEN_LOANS_MOST)
        | (trading.count < PAYMENTS_LEAST)
        | (trading.tenure < np.log(TENURE_LEAST))
        | (trading.size > np.log(MONTHS_OF_TURNOVER_MOST))
    )
    outcome = np.where(knocked_out | (points > DECLINE_FROM), DECLINE, outcome)
    return np.where(happens(rng, RANDOM_SHARE, count), AT_RANDOM, outcome)


def judge_waivers(
    past_due_days: Floats, unpaid: Flags, deposit_to_spend: Floats, rng: np.random.Generator
) -> Ints:
    """An outcome for each order; there is nobody to refer a waiting customer to."""
    count = len(past_due_days)
    points = 0.3 * deposit_to_spend + 0.02 * past_due_days + 0.8 * rng.standard_normal(count)
    refused = (past_due_days > PAST_DUE_MOST) | unpaid | (points > ORDER_DECLINE_FROM)
    outcome = np.where(refused, DECLINE, APPROVE)
    return np.where(happens(rng, RANDOM_SHARE, count), AT_RANDOM, outcome)


def yearly_rates(outcome: Ints, trading: Trading) -> Floats:
    """What the past asked a year: three grades by amount against turnover."""
    grade = np.digitize(trading.size, (-0.7, 0.2))
    return np.where(approved(outcome), np.array((0.108, 0.144, 0.18))[grade], np.nan)
