"""How a loan is paid: due days, and a path of payments that agrees with its outcome.

A good loan's instalments come at most 25 days late. A bad one misses an instalment by more than
30 days, or for good, or is restructured before it comes to that.
"""

from dataclasses import dataclass, fields

import numpy as np

from data.synthetic.period import NEVER_DAY, Flags, Floats, Ints
from data.synthetic.world import happens

MOST_INSTALMENTS = 6
STEP_DAYS = 30
GOOD_LATEST = 25
BAD_EARLIEST = 33
CURED_SHARE = 0.8  # of bad loans: paid in the end, some of them after they were written off
CURE_DAYS = 30.0
RESTRUCTURED_SHARE = 0.08
WRITE_OFF_AFTER = 100
BULLET_SHARE = 0.3  # of loans of up to two months
PART_SHARE = 0.2
PART_FROM_DAYS = 4


@dataclass(frozen=True, slots=True)
class Schedules:
    """Loans by instalments; days are NEVER_DAY and amounts 0 beyond a loan's last one."""

    due: Ints
    due_minor: Ints
    paid: Ints
    partial: Ints  # the day of a part payment before the whole, or NEVER_DAY
    restructured: Ints
    written_off: Ints

    @classmethod
    def empty(cls, count: int) -> "Schedules":
        """Room for `count` loans, none of them lent yet."""
        never = np.full((count, MOST_INSTALMENTS), NEVER_DAY, dtype=np.int64)
        once = np.full(count, NEVER_DAY, dtype=np.int64)
        return cls(never, np.zeros_like(never), never.copy(), never.copy(), once, once.copy())

    def put(self, places: Ints, loans: "Schedules") -> None:
        """Keep `loans` at `places`."""
        for field in fields(self):
            getattr(self, field.name)[places] = getattr(loans, field.name)


def draw_schedules(
    *,
    lent: Ints,
    principal_minor: Ints,
    apr: Floats,
    term_days: Ints,
    bad: Flags,
    strain: Floats,
    rng: np.random.Generator,
) -> Schedules:
    """Paths of loans disbursed on days `lent`; `strain` is the logit of P(bad), centred."""
    parts = _parts(term_days, rng)
    place = np.arange(MOST_INSTALMENTS)
    exists = place < parts[:, None]
    span = term_days // parts
    due = np.where(exists, lent[:, None] + span[:, None] * (place + 1), NEVER_DAY)
    late = _good_lateness(strain, rng)
    missed = (rng.random(len(lent)) * parts).astype(np.int64)
    cure = _cures(len(lent), rng)
    gone = bad[:, None] & (place >= missed[:, None])  # from the missed one on
    late = np.where(gone, cure[:, None], late)
    paid = np.where(exists & (late < NEVER_DAY), due + late, NEVER_DAY)
    first_due = due[np.arange(len(lent)), missed]
    restructured = bad & happens(rng, RESTRUCTURED_SHARE, len(lent))
    restructured_on = first_due + rng.integers(8, 26, len(lent))
    lost = bad & ~restructured & (cure > WRITE_OFF_AFTER)
    return Schedules(
        due=due,
        due_minor=_amounts(principal_minor, apr, term_days, parts),
        paid=paid,
        partial=_partial(due, paid, rng),
        restructured=np.where(restructured, restructured_on, NEVER_DAY),
        written_off=np.where(lost, first_due + WRITE_OFF_AFTER, NEVER_DAY),
    )


def _parts(term_days: Ints, rng: np.random.Generator) -> Ints:
    bullet = (term_days <= 2 * STEP_DAYS) & happens(rng, BULLET_SHARE, len(term_days))
    return np.where(bullet, 1, term_days // STEP_DAYS)


def _amounts(principal: Ints, apr: Floats, term_days: Ints, parts: Ints) -> Ints:
    """Equal instalments of principal and interest, the last one taking up the rest."""
    average_days = term_days * (parts + 1) / (2 * parts)
    total = np.round(principal * (1.0 + apr * average_days / 365.0)).astype(np.int64)
    each = total // parts
    place = np.arange(MOST_INSTALMENTS)
    amounts = np.where(place < parts[:, None], each[:, None], 0)
    last = place == parts[:, None] - 1
    return amounts + np.where(last, (total - each * parts)[:, None], 0)


def _good_lateness(strain: Floats, rng: np.random.Generator) -> Ints:
    """Days late: mostly none or a little early; the more strain, the oftener some days."""
    shape = (len(strain), MOST_INSTALMENTS)
    often = 1.0 / (1.0 + np.exp(1.55 - 1.15 * strain))
    is_late = happens(rng, often[:, None], shape)
    days = 1.0 + rng.exponential(5.0, shape) * np.exp(0.25 * np.clip(strain, -2, 2))[:, None]
    early = -np.minimum(rng.exponential(1.2, shape).astype(np.int64), 5)
    return np.where(is_late, np.minimum(days.astype(np.int64), GOOD_LATEST), early)


def _cures(count: int, rng: np.random.Generator) -> Ints:
    """Days late of what a bad loan missed; NEVER_DAY where it is never paid."""
    delay = BAD_EARLIEST + rng.exponential(CURE_DAYS, count).astype(np.int64)
    return np.where(happens(rng, CURED_SHARE, count), delay, NEVER_DAY)


def _partial(due: Ints, paid: Ints, rng: np.random.Generator) -> Ints:
    """One late or lost instalment in five is first paid in part."""
    room = np.where(paid < NEVER_DAY, paid - due, 20)
    day = due + 1 + (rng.random(due.shape) * np.maximum(room - 2, 1)).astype(np.int64)
    in_part = (due < NEVER_DAY) & (room >= PART_FROM_DAYS)
    in_part &= happens(rng, PART_SHARE, due.shape)
    return np.where(in_part, day, NEVER_DAY)
