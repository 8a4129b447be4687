"""Waived deposits, order after order: standing, true probability, the answer, how it ended."""

from dataclasses import dataclass, fields

import numpy as np

from data.synthetic import scenes
from data.synthetic.past_policy import approved, judge_waivers
from data.synthetic.period import DAY_US, HOUR_US, MINUTE_US, NEVER, Flags, Floats, Ints
from data.synthetic.waiver_risk import (
    INTERCEPT,
    NOISE,
    Manners,
    Orders,
    Standing,
    waiver_logit,
)
from data.synthetic.world import World, happens

CAPTURE_WITHIN_DAYS = 28  # of the due time
UNPAID_DAYS = 30
WINDOW_AFTER_DUE_DAYS = 61  # a capture comes within 28 days, and is given 30 to be paid
LOST_SHARE = 0.003  # neither returned nor captured as far as anybody wrote down
NEVER_PAID_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Endings:
    """How holds ended; instants, NEVER where something did not happen."""

    closed: Ints
    captured: Ints
    captured_minor: Ints
    settled: Ints

    @classmethod
    def empty(cls, count: int) -> "Endings":
        """Room for `count` holds, none of them opened yet."""
        never = np.full(count, NEVER, dtype=np.int64)
        return cls(never, never.copy(), np.zeros(count, dtype=np.int64), never.copy())

    def put(self, places: Ints, holds: "Endings") -> None:
        """Keep `holds` at `places`."""
        for field in fields(self):
            getattr(self, field.name)[places] = getattr(holds, field.name)


@dataclass(slots=True)
class HoldBook:
    """Every order of a chunk with what came of it; filled in order of rank."""

    orders: Orders
    probability: Floats
    outcome: Ints
    bad: Flags
    endings: Endings

    @property
    def held(self) -> Flags:
        """Orders whose deposit was waived."""
        return approved(self.outcome)


def hold(world: World, orders: Orders, standing: Standing, rng: np.random.Generator) -> HoldBook:
    """The chunk's orders and holds."""
    count = len(orders.day)
    book = HoldBook(
        orders=orders,
        probability=np.zeros(count),
        outcome=np.full(count, -1, dtype=np.int64),
        bad=np.zeros(count, dtype=np.bool_),
        endings=Endings.empty(count),
    )
    shift = world.scenario.unseen * world.onset(orders.day.astype(np.float64))
    for rank in range(int(orders.rank.max(initial=-1)) + 1):
        places = np.flatnonzero(orders.rank == rank)
        _answer(world, book, standing, shift=shift, places=places, rng=rng)
    return book


def _answer(
    world: World,
    book: HoldBook,
    standing: Standing,
    *,
    shift: Floats,
    places: Ints,
    rng: np.random.Generator,
) -> None:
    asked = book.orders.take(places)
    known = Standing(*(getattr(standing, name)[places] for name in Standing.__slots__))
    manners = _manners(world, book, places)
    logit = waiver_logit(asked, known, manners) + shift[places]
    logit += NOISE * rng.standard_normal(len(places))
    book.probability[places] = 1.0 / (1.0 + np.exp(-logit))
    outcome = judge_waivers(known.past_due, manners.unpaid > 0, known.deposit, rng)
    book.outcome[places] = outcome
    bad = happens(rng, book.probability[places], len(places))
    held = approved(outcome)
    book.bad[places] = bad & held
    endings = _endings(asked.take(np.flatnonzero(held)), bad[held], logit[held] - INTERCEPT, rng)
    book.endings.put(places[held], endings)


def _manners(world: World, book: HoldBook, places: Ints) -> Manners:
    """What the user's earlier holds had come to before the day of each of these orders."""
    rank = book.orders.rank[places]
    back = np.arange(1, int(rank.max(initial=0)) + 1)
    earlier = places[:, None] - back
    now = world.period.instants(book.orders.day[places])[:, None]
    opened = book.orders.at[earlier]
    before = (back <= rank[:, None]) & book.held[earlier] & (opened < now)
    due = book.orders.due_at[earlier]
    closed, captured = book.endings.closed[earlier], book.endings.captured[earlier]
    over = before & (np.minimum(closed, captured) < now)
    late = before & (due < np.minimum(closed, now))
    taken = before & (captured < now)
    unpaid = before & (captured < now) & (book.endings.settled[earlier] >= now)
    still = before & ~over
    count = before.sum(axis=1)
    return Manners(
        orders=count.astype(np.float64),
        late_share=late.sum(axis=1) / np.maximum(count, 1),
        captured_share=taken.sum(axis=1) / np.maximum(count, 1),
        unpaid=unpaid.sum(axis=1).astype(np.float64),
        open_orders=still.sum(axis=1).astype(np.float64),
    )


def _endings(orders: Orders, bad: Flags, strain: Floats, rng: np.random.Generator) -> Endings:
    """Good: returned, or captured and paid within 25 days. Bad: captured, unpaid for 30 days."""
    count = len(bad)
    closed = orders.due_at + _return_delay(orders, strain, rng)
    damage = scenes.column("damage")[orders.scene] * np.exp(0.3 * strain)
    damaged = happens(rng, damage, count)
    charged = bad | damaged
    returned = happens(rng, 0.5, count)  # what was charged had come back after all, damaged
    lost = ~charged & happens(rng, LOST_SHARE, count)
    latest = CAPTURE_WITHIN_DAYS * DAY_US
    wait = HOUR_US + rng.integers(0, 8 * DAY_US, count)
    captured = np.minimum(np.maximum(closed, orders.due_at) + wait, orders.due_at + latest)
    share = np.where(happens(rng, 0.5, count), 1.0, rng.uniform(0.2, 1.0, count))
    taken = np.maximum(np.round(orders.deposit_minor * share / 100.0), 1.0).astype(np.int64) * 100
    closed = np.where(lost | (charged & ~returned), NEVER, closed)
    return Endings(
        closed=closed,
        captured=np.where(charged, captured, NEVER),
        captured_minor=np.where(charged, taken, 0),
        settled=np.where(charged, _settled(captured, bad, rng), NEVER),
    )


def _return_delay(orders: Orders, strain: Floats, rng: np.random.Generator) -> Ints:
    """From the due time: mostly before it; some hours or days late, the oftener under strain."""
    count = len(strain)
    often = scenes.column("late")[orders.scene] * np.exp(0.8 * strain)
    is_late = happens(rng, often, count)
    late = HOUR_US + np.minimum(rng.exponential(2.0 * DAY_US, count), 18.0 * DAY_US)
    early = -rng.random(count) * 0.6 * (orders.due_at - orders.at)
    return np.where(is_late, late, early).astype(np.int64)


def _settled(captured: Ints, bad: Flags, rng: np.random.Generator) -> Ints:
    """When a capture is paid: at once for half of the good ones, never for most bad ones."""
    count = len(bad)
    days = np.where(happens(rng, 0.5, count), 0.0, 1.0 + 24.0 * rng.random(count))
    good = MINUTE_US + (days * DAY_US).astype(np.int64)
    slow = (UNPAID_DAYS + 3) * DAY_US + rng.exponential(25.0 * DAY_US, count).astype(np.int64)
    lost = bad & happens(rng, NEVER_PAID_SHARE, count)
    return np.where(lost, NEVER, captured + np.where(bad, slow, good))
