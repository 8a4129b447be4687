"""Monthly bills of users with a credit line, and when each was paid.

These banks do not print days past due on a statement: lateness shows in when a bill was paid.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from data.synthetic.columns import days, ids, instants, schema, table, whole
from data.synthetic.period import (
    BLOCK_DAYS,
    HOUR_US,
    MINUTE_US,
    NEVER,
    NEVER_DAY,
    Floats,
    Ints,
    Period,
)
from data.synthetic.users import Users
from data.synthetic.world import World, above, happens

GRACE_DAYS = 20
IN_CREDIT_SHARE = 0.02
PART_PAID_SHARE = 0.25
MONTHS_MOST = 1000


@dataclass(frozen=True, slots=True)
class Bills:
    """A chunk's bills, users by months; `issued` is NEVER_DAY where there is none."""

    issued: Ints
    paid: Ints  # NEVER_DAY: not paid for longer than anybody looks
    line_minor: Ints
    billed_minor: Ints
    usage: Floats

    @property
    def due(self) -> Ints:
        """Due days."""
        return np.where(self.issued < NEVER_DAY, self.issued + GRACE_DAYS, NEVER_DAY)


def draw_bills(world: World, users: Users, chosen: Ints, rng: np.random.Generator) -> Bills:
    """Bills of the users at places `chosen`, and the days on which they are paid."""
    months = _month_starts(world.period)
    issued = months + users.bill_day[chosen, None]
    here = (issued > users.registered[chosen, None] + 30) & (issued < users.left[chosen, None])
    here &= (issued >= 0) & (issued < world.period.days) & (users.line_minor[chosen, None] > 0)
    block = np.clip(issued // BLOCK_DAYS, 0, world.period.blocks - 1)
    stress = users.stress[chosen[:, None], block].astype(np.float64)
    grown = issued >= users.line_grows[chosen, None]
    line = np.where(grown, users.line_minor[chosen, None] * 3 // 2, users.line_minor[chosen, None])
    usage = _usage(users, chosen, stress, rng)
    billed = np.round(line * usage / 100.0).astype(np.int64) * 100 + 100
    in_credit = happens(rng, IN_CREDIT_SHARE, issued.shape)
    billed = np.where(in_credit, -billed // 20, billed)
    late = _lateness(stress, usage, rng)
    paid = np.where(here & ~in_credit, issued + GRACE_DAYS + late, NEVER_DAY)
    return Bills(
        issued=np.where(here, issued, NEVER_DAY),
        paid=paid,
        line_minor=np.broadcast_to(line, issued.shape),
        billed_minor=billed,
        usage=np.where(in_credit, 0.0, usage),
    )


def bill_table(world: World, chosen: Ints, bills: Bills, rng: np.random.Generator) -> pa.Table:
    """Versions known at the period's end: when issued, when part is paid, and when all is."""
    user, month = np.nonzero(bills.issued < NEVER_DAY)
    issued = bills.issued[user, month]
    paid = bills.paid[user, month]
    billed = np.maximum(bills.billed_minor[user, month], 0)
    issued_at = world.period.instants(issued) + rng.integers(HOUR_US, 4 * HOUR_US, len(user))
    late = (paid < NEVER_DAY) & (paid > issued + GRACE_DAYS + 2)
    in_part = late & happens(rng, PART_PAID_SHARE, len(user))
    part_day = np.where(in_part, issued + GRACE_DAYS, NEVER_DAY)
    part = np.round(billed * rng.uniform(0.1, 0.6, len(user))).astype(np.int64)
    never = np.full(len(user), NEVER)
    versions = [
        (user, month, np.zeros_like(user), never, issued_at),
        (user, month, part, *_payment_times(world, part_day, rng)),
        (user, month, billed, *_payment_times(world, paid, rng)),
    ]
    columns = [np.concatenate(column) for column in zip(*versions, strict=True)]
    known = columns[-1] < world.period.closes_us
    user, month, paid_minor, paid_at, recorded = (column[known] for column in columns)
    numbers = chosen[user]
    billed = bills.billed_minor[user, month]
    columns_by_name = {
        "bill_id": ids("B", numbers * MONTHS_MOST + month, 11),
        "user_id": ids("U", numbers, 8),
        "due_on": days(bills.due[user, month], world.period.start_epoch_day),
        "billed_minor": whole(billed, missing=np.zeros(len(user), dtype=np.bool_)),
        "paid_minor": whole(paid_minor),
        "paid_at": instants(paid_at),
        "credit_line_minor": whole(bills.line_minor[user, month]),
        "recorded_at": instants(recorded),
    }
    return table(schema("bills"), columns_by_name)


def _payment_times(world: World, day: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    within = 5 * HOUR_US + rng.integers(0, 10 * HOUR_US, len(day))
    paid_at = np.where(day < NEVER_DAY, world.period.instants(day) + within, NEVER)
    delay = rng.integers(MINUTE_US, 6 * HOUR_US, len(day))
    return paid_at, np.where(day < NEVER_DAY, paid_at + delay, NEVER)


def _month_starts(period: Period) -> Ints:
    """Days on which calendar months begin that touch the period; the first may be negative."""
    first = period.start.year * 12 + period.start.month - 1
    last = period.end.year * 12 + period.end.month - 1
    starts = [date(month // 12, month % 12 + 1, 1) for month in range(first, last + 1)]
    return np.array([(start - period.start).days for start in starts], dtype=np.int64)


def _usage(users: Users, chosen: Ints, stress: Floats, rng: np.random.Generator) -> Floats:
    """Share of the line that is billed: a habit, more under stress, and some chance."""
    pull = -0.9 + 0.7 * users.habit[chosen, None] + 0.75 * stress
    return np.asarray(1.0 / (1.0 + np.exp(-pull - 0.35 * rng.standard_normal(stress.shape))))


def _lateness(stress: Floats, usage: Floats, rng: np.random.Generator) -> Ints:
    """Days from the due day: mostly none or before it; a few late, fewer by months."""
    often = 1.0 / (1.0 + np.exp(2.9 - 1.3 * stress - 0.9 * above(usage, 0.8)))
    is_late = happens(rng, often, stress.shape)
    long = 3.0 + 8.0 * np.exp(0.45 * np.clip(stress, -2.0, 3.0))
    days = 1 + rng.exponential(1.0, stress.shape) * long
    early = -rng.integers(0, 10, stress.shape)
    return np.where(is_late, np.minimum(days, 150.0).astype(np.int64), early)
