"""What makes a merchant's loan go bad: the true probability, effect by effect."""

from dataclasses import dataclass, fields

import numpy as np

from data.synthetic.industries import column
from data.synthetic.merchants import Merchants
from data.synthetic.period import Floats, Ints
from data.synthetic.turnover import Turnover
from data.synthetic.world import above

INTERCEPT = -3.12
STEEPNESS = 0.60
NOISE = 0.27  # deviation of what no feature shows
RING_SHIFT = 5.0


@dataclass(frozen=True, slots=True)
class Requests:
    """Loan applications, a row each, in order of merchant and time."""

    merchant: Ints
    day: Ints
    at: Ints
    amount_minor: Ints
    term_days: Ints
    rank: Ints  # 0 for a merchant's first

    def take(self, places: Ints) -> "Requests":
        """The applications at places."""
        return Requests(*(getattr(self, field.name)[places] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Trading:
    """What the payments before an application's day say of the merchant."""

    month_minor: Floats
    count: Floats
    size: Floats  # log of the amount against a month's turnover
    trend: Floats
    long_trend: Floats
    refunds: Floats
    chargebacks: Floats
    gap_days: Floats
    active: Floats
    volatility: Floats
    drawn: Floats
    tenure: Floats


@dataclass(frozen=True, slots=True)
class Record:
    """What earlier loans say of the merchant on an application's day."""

    instalments: Floats
    late_share: Floats
    worst_late: Floats
    in_arrears: Floats
    open_minor: Floats
    open_loans: Floats


def trading_before(merchants: Merchants, turnover: Turnover, requests: Requests) -> Trading:
    """The payments' side of every application, from days before the application's."""
    merchant, day = requests.merchant, requests.day

    def within(name: str, window: int) -> Floats:
        return turnover.within(name, merchant, day, window)

    quarter = np.maximum(within("taken", 90), 1.0)
    month = quarter / 3.0
    half = np.maximum(within("taken", 180), 1.0)
    last, before = within("taken", 30), within("taken", 60) - within("taken", 30)
    weeks = turnover.weeks(merchant, day)
    return Trading(
        month_minor=month,
        count=within("count", 90),
        size=np.log(requests.amount_minor / month),
        trend=np.log((last + 0.1 * month) / (before + 0.1 * month)),
        long_trend=np.log((quarter + 0.1 * half) / (0.6 * half)),
        refunds=within("refunded", 90) / quarter,
        chargebacks=within("charged", 180) / np.maximum(within("count", 180), 1.0),
        gap_days=(day - 1 - turnover.last_active[merchant, day]).astype(np.float64),
        active=within("active", 30) / 30.0,
        volatility=weeks.std(axis=1) / np.maximum(weeks.mean(axis=1), 1.0),
        drawn=within("paid_out", 90) / quarter,
        tenure=np.log((day - merchants.opened[merchant]) / 1000.0 + 0.05),
    )


def loan_logit(
    merchants: Merchants, requests: Requests, trading: Trading, record: Record
) -> Floats:
    """The logit of P(bad), but for noise and story."""
    logit = _trading_effects(trading) + _record_effects(trading, record)
    logit += column("risk")[merchants.industry[requests.merchant]]
    logit += 0.06 * (merchants.tier[requests.merchant] - 3)
    logit += 0.5 * (merchants.concentration[requests.merchant] - 0.4)
    logit += 0.25 * np.log(requests.term_days / 60.0)
    return INTERCEPT + STEEPNESS * logit


def _trading_effects(trading: Trading) -> Floats:
    large = np.clip(trading.size, -2.0, 2.0)
    falling = -np.clip(trading.trend, -1.4, 1.0)
    logit = 0.40 * large + 0.45 * falling - 0.5 * np.clip(trading.long_trend, -0.8, 0.6)
    logit += 3.5 * np.minimum(trading.refunds, 0.25) - 0.25
    logit += 0.30 * np.log1p(np.minimum(trading.chargebacks, 0.15) / 0.005)
    logit += 0.30 * (np.log1p(np.minimum(trading.gap_days, 30.0)) - 0.8)
    logit += 0.60 * (np.clip(trading.volatility, 0.2, 1.8) - 0.8)
    logit += 2.5 * (np.clip(trading.drawn, 0.4, 1.1) - 0.75)
    logit -= 0.22 * np.clip(trading.tenure, -2.5, 2.0)
    logit += 1.10 * above(large, -0.2) * above(falling, 0.3)
    logit += 0.60 * above(trading.gap_days, 5)
    logit += 0.90 * above(trading.drawn, 0.82) * above(falling, 0.15)
    return logit + 0.90 * above(-trading.tenure, 0.3) * above(trading.refunds, 0.05)


def _record_effects(trading: Trading, record: Record) -> Floats:
    """Nothing is known of first borrowers: they fare like the worse half of the others."""
    known = np.where(
        record.instalments > 0,
        1.6 * record.late_share + 0.25 * np.log1p(record.worst_late) - 0.5,
        0.45,
    )
    debt = np.log1p(np.minimum(record.open_minor / trading.month_minor, 6.0))
    strained = above(record.late_share, 0.2) * above(trading.size, -0.3)
    return known + 0.5 * record.in_arrears + 0.35 * debt + 0.8 * strained
