"""The policy of the past: a crude judge that approved, referred and declined these applications.

It saw some of the evidence, dimly, and approved two in a hundred at random.
"""

import numpy as np

from data.synthetic.loan_risk import Record, Trading
from data.synthetic.period import Flags, Floats, Ints

OUTCOMES = ("approve", "refer", "decline", "approve_at_random")
APPROVE, REFER, DECLINE, AT_RANDOM = range(4)
RANDOM_SHARE = 0.02


def approved(outcome: Ints) -> Flags:
    """Whether an outcome led to a loan or a hold."""
    return (outcome == APPROVE) | (outcome == AT_RANDOM)


def judge_loans(trading: Trading, record: Record, rng: np.random.Generator) -> Ints:
    """An outcome for each application."""
    count = len(trading.size)
    points = 0.5 * trading.size - 0.4 * trading.trend + 1.0 * record.late_share
    points += 0.6 * rng.standard_normal(count)
    outcome = np.where(points > 0.85, REFER, APPROVE)
    knocked_out = (
        (record.in_arrears > 0)
        | (record.open_loans >= 4)
        | (trading.count < 6)
        | (trading.tenure < np.log(0.11))
        | (trading.size > np.log(4.0))
    )
    outcome = np.where(knocked_out | (points > 1.25), DECLINE, outcome)
    return np.where(rng.random(count) < RANDOM_SHARE, AT_RANDOM, outcome)


def judge_waivers(
    past_due_days: Floats, unpaid: Flags, deposit_to_spend: Floats, rng: np.random.Generator
) -> Ints:
    """An outcome for each order; there is nobody to refer a waiting customer to."""
    count = len(past_due_days)
    points = 0.3 * deposit_to_spend + 0.02 * past_due_days + 0.8 * rng.standard_normal(count)
    refused = (past_due_days > 20) | unpaid | (points > 1.7)
    outcome = np.where(refused, DECLINE, APPROVE)
    return np.where(rng.random(count) < RANDOM_SHARE, AT_RANDOM, outcome)


def yearly_rates(outcome: Ints, trading: Trading) -> Floats:
    """What the past asked a year: three grades by amount against turnover."""
    grade = np.digitize(trading.size, (-0.7, 0.2))
    return np.where(approved(outcome), np.array((0.108, 0.144, 0.18))[grade], np.nan)
