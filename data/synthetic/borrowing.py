"""Who asks for a loan, when, how much and for how long."""

import numpy as np

from data.synthetic.loan_risk import Requests
from data.synthetic.merchants import Merchants
from data.synthetic.period import BLOCK_DAYS, HOUR_US, MINUTE_US, Flags, Ints
from data.synthetic.turnover import Turnover
from data.synthetic.world import World

A_MONTH = 0.65  # applications of a merchant with usual appetite
TERMS = (30, 60, 90, 180)
TERM_SHARES = (0.4, 0.25, 0.25, 0.1)
LEAST_MINOR = 50_000
MOST_MINOR = 50_000_000
ROUND_MINOR = 10_000
RING_ASKS_AFTER = (45, 75, 105)
SPACING_DAYS = 5
MOST_APPLICATIONS = 60


def draw_requests(
    world: World, merchants: Merchants, turnover: Turnover, rng: np.random.Generator
) -> Requests:
    """Applications of merchants who trade, in order of merchant and time."""
    merchant, day = _asking(world, merchants, rng)
    trading = turnover.within("taken", merchant, day, 90)
    recent = turnover.within("count", merchant, day, 30)
    keeps = (trading > 0) & (recent > 0) & (day < merchants.closed[merchant])
    merchant, day, trading = merchant[keeps], day[keeps], trading[keeps]
    at = world.period.instants(day) + 30 * MINUTE_US + rng.integers(0, 14 * HOUR_US, len(day))
    health = merchants.health[merchant, day // BLOCK_DAYS]
    wish = np.exp(-0.35 + 0.65 * rng.standard_normal(len(day)) - 0.12 * health)
    amount = np.ceil(wish * trading / 3.0 / ROUND_MINOR) * ROUND_MINOR
    term = np.array(TERMS)[rng.choice(len(TERMS), len(day), p=TERM_SHARES)]
    return Requests(
        merchant=merchant,
        day=day,
        at=at,
        amount_minor=np.clip(amount, LEAST_MINOR, MOST_MINOR).astype(np.int64),
        term_days=term,
        rank=ranks(merchant),
    )


def ranks(entity: Ints) -> Ints:
    """Place of each row among the rows of its entity; rows stand entity by entity."""
    if len(entity) == 0:
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, entity[1:] != entity[:-1]])
    lengths = np.diff(np.r_[starts, len(entity)])
    return np.arange(len(entity)) - np.repeat(starts, lengths)


def spread_out(entity: Ints, day: Ints, spacing: int) -> Flags:
    """True for rows that come at least `spacing` days after the row before, of one entity."""
    same = np.r_[False, entity[1:] == entity[:-1]] if len(entity) else np.zeros(0, np.bool_)
    after = np.r_[spacing, np.diff(day)] if len(day) else np.zeros(0, np.int64)
    return ~same | (after >= spacing)


def arrival_days(
    world: World, rng: np.random.Generator, total: int, *, until: int | None = None
) -> Ints:
    """Days of applications, spread evenly but for a story's boost."""
    first = world.period.first_application_day
    weights = np.cumsum(world.boost()[first : until or world.period.days])
    chance = rng.random(total) * weights[-1]
    return first + np.searchsorted(weights, chance, side="right").astype(np.int64)


def _asking(world: World, merchants: Merchants, rng: np.random.Generator) -> tuple[Ints, Ints]:
    months = (world.period.days - world.period.first_application_day) / 30.4
    counts = rng.poisson(A_MONTH * months * merchants.appetite)
    counts = np.minimum(counts, MOST_APPLICATIONS)
    merchant = np.repeat(np.arange(merchants.count), counts)
    day = arrival_days(world, rng, len(merchant))
    schemers = np.repeat(np.flatnonzero(merchants.ring), len(RING_ASKS_AFTER))
    scheme = np.tile(world.turn + np.array(RING_ASKS_AFTER), int(merchants.ring.sum()))
    merchant, day = np.concatenate([merchant, schemers]), np.concatenate([day, scheme])
    inside = day < world.period.days
    merchant, day = merchant[inside], day[inside]
    order = np.lexsort((day, merchant))
    merchant, day = merchant[order], day[order]
    apart = spread_out(merchant, day, SPACING_DAYS)
    return merchant[apart], day[apart]
