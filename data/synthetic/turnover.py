"""Each merchant's days added up, so that any window before any day is one subtraction."""

from dataclasses import dataclass

import numpy as np

from data.synthetic.payments import CHARGEBACK, PAYMENT, PAYOUT, REFUND, Rows
from data.synthetic.period import Floats, Ints
from data.synthetic.world import World

WEEKS = 12


@dataclass(frozen=True, slots=True)
class Turnover:
    """Running sums, merchants by days + 1: column d holds what happened before day d."""

    taken: Floats
    count: Floats
    active: Floats
    refunded: Floats
    charged: Floats  # number of chargebacks
    paid_out: Floats
    last_active: Ints

    def within(self, name: str, merchant: Ints, day: Ints, window: int) -> Floats:
        """Sum of column `name` over the `window` days before `day`."""
        running = getattr(self, name)
        return np.asarray(running[merchant, day] - running[merchant, np.maximum(day - window, 0)])

    def weeks(self, merchant: Ints, day: Ints) -> Floats:
        """Turnover of each of the last 12 weeks before `day`, a column each, latest first."""
        ends = np.maximum(day[:, None] - 7 * np.arange(WEEKS + 1), 0)
        return np.asarray(-np.diff(self.taken[merchant[:, None], ends], axis=1))


def add_up(world: World, merchants: int, rows: Rows) -> Turnover:
    """Running sums of the chunk's rows by the day they happened.

    A story's boost is taken out again: who repays does not follow a month of feasts.
    """
    days = world.period.days
    cells = rows.merchant * days + np.minimum(world.period.days_of(rows.occurred), days - 1)
    boost = world.boost()[:days]

    def by_day(kind: int, weights: Floats) -> Floats:
        chosen = rows.kind == kind
        sums = np.bincount(cells[chosen], weights[chosen], merchants * days)
        return np.asarray(sums.reshape(merchants, days) / boost)

    amounts = rows.amount_minor.astype(np.float64)
    taken = by_day(PAYMENT, amounts)
    count = by_day(PAYMENT, np.ones(rows.count))
    day = np.where(count > 0, np.arange(days), -1)
    return Turnover(
        taken=_running(taken),
        count=_running(count),
        active=_running((count > 0).astype(np.float64)),
        refunded=_running(by_day(REFUND, amounts)),
        charged=_running(by_day(CHARGEBACK, np.ones(rows.count))),
        paid_out=_running(by_day(PAYOUT, amounts)),
        last_active=_before(np.maximum.accumulate(day, axis=1)),
    )


def _running(by_day: Floats) -> Floats:
    return np.concatenate([np.zeros((len(by_day), 1)), np.cumsum(by_day, axis=1)], axis=1)


def _before(last: Ints) -> Ints:
    return np.concatenate([np.full((len(last), 1), -1), last], axis=1)
