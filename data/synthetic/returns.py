"""What flows back and out: refunds and chargebacks of payments, payouts to the merchant."""

import numpy as np

from data.synthetic.merchants import Merchants
from data.synthetic.payments import (
    CHARGEBACK,
    NOBODY,
    NOTHING,
    PAYOUT,
    REFUND,
    Rows,
    stacked,
)
from data.synthetic.period import BLOCK_DAYS, DAY_US, HOUR_US, Floats, Ints
from data.synthetic.world import World, happens

FULL_REFUNDS = 0.75


def with_returns(world: World, merchants: Merchants, sold: Rows, rng: np.random.Generator) -> Rows:
    """The payments with their refunds and chargebacks, and with payouts of what was taken."""
    day = world.period.days_of(sold.occurred)
    health = merchants.health[sold.merchant, day // BLOCK_DAYS]
    chance = rng.random(sold.count)
    refund = merchants.refund_rate[sold.merchant] * np.exp(-0.45 * health)
    charge = merchants.chargeback_rate[sold.merchant] * np.exp(-0.7 * health)
    refund, charge = np.minimum(refund, 0.5), np.minimum(charge, 0.2)
    refunded = chance < refund
    charged = ~refunded & (chance > 1.0 - charge) & (sold.user != NOBODY)
    back = [_refunds(sold.take(refunded), rng), _chargebacks(sold.take(charged), rng)]
    inside = stacked([*back, _payouts(world, merchants, sold, day)])
    inside = inside.take(inside.occurred < world.period.closes_us)
    return stacked([sold, inside.numbered_from(sold.count)])


def _refunds(of: Rows, rng: np.random.Generator) -> Rows:
    share = np.where(happens(rng, FULL_REFUNDS, of.count), 1.0, rng.uniform(0.1, 0.9, of.count))
    after = HOUR_US + (rng.exponential(3.0 * DAY_US, of.count)).astype(np.int64)
    return _back(of, REFUND, np.maximum((of.amount_minor * share).astype(np.int64), 1), after)


def _chargebacks(of: Rows, rng: np.random.Generator) -> Rows:
    after = 4 * DAY_US + (rng.exponential(15.0 * DAY_US, of.count)).astype(np.int64)
    return _back(of, CHARGEBACK, of.amount_minor, after)


def _back(of: Rows, kind: int, amount: Ints, after: Ints) -> Rows:
    nothing = np.full(of.count, NOTHING, dtype=np.int64)
    return Rows(
        number=nothing,
        merchant=of.merchant,
        user=of.user,
        kind=np.full(of.count, kind, dtype=np.int64),
        amount_minor=amount,
        channel=of.channel,
        parts=nothing,
        subsidy_minor=nothing,
        refers_to=of.number,
        occurred=of.occurred + after,
        recorded=of.occurred + after,
    )


def _payouts(world: World, merchants: Merchants, sold: Rows, day: Ints) -> Rows:
    """A share of each span's takings, drawn at its end; the hard-pressed draw nearly all."""
    days = world.period.days
    cells = sold.merchant * days + day
    taken = np.bincount(cells, sold.amount_minor, merchants.count * days)
    running = np.cumsum(taken.reshape(merchants.count, days), axis=1)
    merchant, end = _payout_days(merchants, days)
    every = merchants.payout_every[merchant]
    amount = running[merchant, end] - running[merchant, end - every]
    amount = np.round(amount * _drawn_share(merchants, merchant, end)).astype(np.int64)
    merchant, end, amount = (values[amount > 0] for values in (merchant, end, amount))
    nothing = np.full(len(merchant), NOTHING, dtype=np.int64)
    at = world.period.instants(end) + DAY_US + (merchant % 97) * 13_000_000
    return Rows(
        number=nothing,
        merchant=merchant,
        user=np.full(len(merchant), NOBODY, dtype=np.int64),
        kind=np.full(len(merchant), PAYOUT, dtype=np.int64),
        amount_minor=amount,
        channel=nothing,
        parts=nothing,
        subsidy_minor=nothing,
        refers_to=nothing,
        occurred=at,
        recorded=at,
    )


def _payout_days(merchants: Merchants, days: int) -> tuple[Ints, Ints]:
    end = np.arange(days)
    due = (end + merchants.numbers[:, None]) % merchants.payout_every[:, None] == 0
    merchant, day = np.nonzero(due & (end >= merchants.payout_every[:, None]))
    return merchant, day


def _drawn_share(merchants: Merchants, merchant: Ints, day: Ints) -> Floats:
    health = merchants.health[merchant, day // BLOCK_DAYS]
    return np.clip(merchants.payout_share[merchant] - 0.07 * health, 0.3, 1.0)
