"""What leaves a captured deposit unpaid: the true probability, effect by effect."""

from dataclasses import dataclass, fields

import numpy as np

from data.synthetic import scenes
from data.synthetic.bills import Bills
from data.synthetic.period import Flags, Floats, Ints
from data.synthetic.users import Users
from data.synthetic.world import above

INTERCEPT = -3.6
STEEPNESS = 0.86
NOISE = 0.27  # deviation of what no feature shows
BILL_WEIGHTS = (0.25, 0.30, 0.20, 0.15, 0.10, 0.10)
WEEK = 7


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders with a deposit, a row each, in order of user and time; `user` counts in the chunk."""

    user: Ints
    day: Ints
    at: Ints
    scene: Ints
    deposit_minor: Ints
    due_at: Ints
    rank: Ints

    def take(self, places: Ints) -> "Orders":
        """The orders at places."""
        return Orders(*(getattr(self, field.name)[places] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Standing:
    """What bills and spending before an order's day say of the user; NaN: nothing known."""

    bills: Floats
    lateness: Floats  # logs of days late of the six latest bills, the later the weightier
    worst_late: Floats
    past_due: Floats
    usage: Floats
    line: Floats
    spend_minor: Floats
    trend: Floats
    tenure: Floats
    deposit: Floats  # log of the deposit against a month's spending


@dataclass(frozen=True, slots=True)
class Manners:
    """What earlier orders say of the user on an order's day."""

    orders: Floats
    late_share: Floats
    captured_share: Floats
    unpaid: Floats
    open_orders: Floats


def standing_before(
    users: Users, chosen: Ints, bills: Bills, spent: Floats, orders: Orders
) -> Standing:
    """The side of bills and payments of every order; `spent` is running, users by weeks + 1."""
    known = bills.issued[orders.user] < orders.day[:, None]
    last = np.where(known, bills.issued[orders.user], -1).argmax(axis=1)
    late, open_days = _latest_bills(bills, orders, known, last)
    usage = np.where(known.any(axis=1), bills.usage[orders.user, last], np.nan)
    line = users.line_minor[chosen][orders.user]
    month, trend = _spending(spent, orders)
    return Standing(
        bills=known.sum(axis=1).astype(np.float64),
        lateness=np.log1p(late) @ np.array(BILL_WEIGHTS),
        worst_late=late.max(axis=1),
        past_due=open_days.max(axis=1),
        usage=usage,
        line=np.where(line > 0, np.log(np.maximum(line, 1) / 300_000.0), np.nan),
        spend_minor=month,
        trend=trend,
        tenure=np.log(np.maximum(orders.day - users.registered[chosen][orders.user], 1) / 1000.0),
        deposit=np.log(orders.deposit_minor / (month + 10_000.0)),
    )


def waiver_logit(orders: Orders, standing: Standing, manners: Manners) -> Floats:
    """The logit of P(bad), but for noise and story."""
    logit = _bill_effects(standing) + _spending_effects(standing)
    history = 1.4 * (manners.late_share - 0.1) + 1.6 * np.minimum(manners.captured_share, 0.5)
    history += 1.2 * above(manners.unpaid, 0) + 0.25 * np.minimum(manners.open_orders, 4.0)
    logit += np.where(manners.orders > 0, history - 0.1, 0.15)
    logit += scenes.column("risk")[orders.scene]
    return INTERCEPT + STEEPNESS * logit


def _bill_effects(standing: Standing) -> Floats:
    late = 1.2 * standing.lateness - 0.5 + 0.7 * above(standing.past_due, 0)
    usage = np.nan_to_num(standing.usage, nan=0.4)
    use = 1.3 * (usage - 0.4) + 0.4 * above(usage, 0.85)
    both = 0.5 * above(usage, 0.7) * above(standing.worst_late, 5)
    line = np.where(np.isnan(standing.line), 0.25, -0.22 * np.nan_to_num(standing.line))
    return np.where(standing.bills > 0, late, 0.1) + use + both + line


def _spending_effects(standing: Standing) -> Floats:
    level = np.log((standing.spend_minor + 3_000.0) / 50_000.0)
    logit = -0.20 * np.clip(level, -3.0, 2.0) - 0.25 * np.clip(standing.trend, -1.5, 1.0)
    logit += 0.30 * np.clip(standing.deposit, -2.5, 2.0) + 0.15
    logit -= 0.15 * np.clip(standing.tenure, -3.0, 2.0)
    return logit + 0.4 * above(standing.deposit, 0.5) * above(-standing.tenure, 1.0)


def _latest_bills(bills: Bills, orders: Orders, known: Flags, last: Ints) -> tuple[Floats, Floats]:
    """Days late so far of each order's six latest bills, latest first; and of those unpaid now."""
    place = last[:, None] - np.arange(len(BILL_WEIGHTS))
    user, day = orders.user[:, None], orders.day[:, None]
    there = (place >= 0) & known[np.arange(len(last))[:, None], np.maximum(place, 0)]
    due, paid = bills.due[user, place], bills.paid[user, place]
    owed = there & (bills.billed_minor[user, place] > 0) & (due < day)
    late = np.where(owed, np.minimum(paid, day) - due, 0).clip(0).astype(np.float64)
    return late, np.where(paid >= day, late, 0.0)


def _spending(spent: Floats, orders: Orders) -> tuple[Floats, Floats]:
    """A month's spending over the last whole 13 weeks, and the log of the last five against it."""
    week = orders.day // WEEK
    quarter = spent[orders.user, week] - spent[orders.user, np.maximum(week - 13, 0)]
    recent = spent[orders.user, week] - spent[orders.user, np.maximum(week - 5, 0)]
    month = quarter.astype(np.float64) / 3.0
    return month, np.log((recent / 1.15 + 5_000.0) / (month + 5_000.0))
