"""Who sells: one chunk of merchants with what they are, most of which no table shows."""

from dataclasses import dataclass

import numpy as np

from data.synthetic.industries import INDUSTRIES, NEWCOMER_TRADES, column
from data.synthetic.period import NEVER_DAY, Flags, Floats, Ints
from data.synthetic.scenarios import WASH_TRADING
from data.synthetic.world import Stream, World, autoregression, happens

PARTNERS = ("acquirer-a", "acquirer-b", "acquirer-c", "acquirer-d", "acquirer-new")
PARTNER_SHARES = (0.4, 0.25, 0.2, 0.15)
NEW_PARTNER = 4
SILENT_PARTNER = 1  # whose feed breaks
LIFETIME_DAYS = 2920.0  # openings balance closings, so that ages do not drift
RING_EVERY = 64
NEWCOMERS_OF = 10
REGULARS = 40
BUSIEST_A_DAY = 60.0
TAIL_SHARE = 0.05
SETTLING_BLOCKS = 12  # before the period, so that trade starts as spread as it stays


@dataclass(frozen=True, slots=True)
class Merchants:
    """One chunk, a row each. Days may be negative: before the period.

    `quality` is what a merchant keeps for life; `health` (by block) also moves. Both have mean 0
    and deviation 1 over the population, and no table shows either.
    """

    numbers: Ints
    industry: Ints
    tier: Ints
    partner: Ints
    opened: Ints
    joined: Ints
    closed: Ints
    a_day: Floats
    ticket_minor: Floats
    quality: Floats
    health: Floats
    level: Floats
    volatility: Floats
    refund_rate: Floats
    chargeback_rate: Floats
    payout_share: Floats
    payout_every: Ints
    concentration: Floats
    regular_share: Floats
    appetite: Floats
    ring: Flags
    woman: Flags
    age: Ints

    @property
    def count(self) -> int:
        """Number of merchants in the chunk."""
        return len(self.numbers)


def draw_merchants(world: World, numbers: range, chunk: int) -> Merchants:
    """The chunk's merchants, the same for one seed whatever other chunks do."""
    rng = world.rng(Stream.MERCHANTS, chunk)
    number = np.arange(numbers.start, numbers.stop, dtype=np.int64)
    count = len(number)
    ring = _ring(world, number)
    newcomer = (number % NEWCOMERS_OF) < round(world.scenario.newcomers * NEWCOMERS_OF)
    industry = _industries(rng, newcomer)
    opened, closed = lifetimes(world, rng, count, LIFETIME_DAYS, ring)
    joined = np.where(newcomer, np.maximum(opened, world.turn + rng.integers(0, 30, count)), opened)
    quality = rng.standard_normal(count) - 0.5 * newcomer
    health = _health(world, rng, quality)
    scale = np.where(newcomer, 0.6, 1.0) * np.where(ring, 0.5, 1.0)
    partner = rng.choice(len(PARTNER_SHARES), count, p=PARTNER_SHARES)
    tier = rng.choice(np.arange(1, 6), count, p=(0.15, 0.25, 0.25, 0.2, 0.15))
    return Merchants(
        numbers=number,
        industry=industry,
        tier=np.where(newcomer, 4 + tier % 2, tier),
        partner=np.where(newcomer, NEW_PARTNER, partner),
        opened=np.where(newcomer, np.maximum(opened, joined - 500), opened),
        joined=joined,
        closed=np.where(closed > joined, closed, joined + 200),
        a_day=scale * _payments_a_day(rng, count),
        ticket_minor=column("ticket_minor")[industry] * np.exp(0.35 * rng.standard_normal(count)),
        quality=quality,
        health=health[:, SETTLING_BLOCKS:],
        level=_level(rng, health)[:, SETTLING_BLOCKS:],
        volatility=0.15 + 0.35 * rng.beta(2.0, 3.0, count),
        refund_rate=column("refunds")[industry] * np.exp(0.5 * rng.standard_normal(count)),
        chargeback_rate=column("chargebacks")[industry] * np.exp(0.5 * rng.standard_normal(count)),
        payout_share=np.clip(0.78 + 0.06 * rng.standard_normal(count), 0.5, 0.95),
        payout_every=rng.choice(np.array([7, 14, 28]), count, p=(0.25, 0.35, 0.4)),
        concentration=rng.beta(2.0, 3.0, count),
        regular_share=0.2 + 0.5 * rng.beta(2.0, 2.0, count),
        appetite=rng.gamma(1.2, 1.0 / 1.2, count),
        ring=ring,
        woman=happens(rng, 0.46, count),
        age=rng.integers(20, 65, count),
    )


def lifetimes(
    world: World, rng: np.random.Generator, count: int, mean_days: float, immortal: Flags
) -> tuple[Ints, Ints]:
    """First and last days such that as many begin as end, and ages keep their distribution."""
    days = world.period.days
    here = rng.random(count) < 1.0 / (1.0 + days / mean_days)
    age = np.minimum(rng.exponential(mean_days, count), 2.0 * mean_days).astype(np.int64) + 30
    opened = np.where(here | immortal, -age, rng.integers(0, days, count))
    life = rng.exponential(mean_days, count).astype(np.int64) + 45
    closed = np.maximum(opened, 0) + life
    return opened, np.where(immortal, NEVER_DAY, closed)


def _ring(world: World, numbers: Ints) -> Flags:
    ordered = WASH_TRADING in world.faults
    return (numbers % RING_EVERY == 0) & ordered


def _industries(rng: np.random.Generator, newcomer: Flags) -> Ints:
    shares = column("share")
    usual = rng.choice(len(INDUSTRIES), len(newcomer), p=shares / shares.sum())
    names = [industry.name for industry in INDUSTRIES]
    small = np.array([names.index(name) for name in NEWCOMER_TRADES])
    return np.where(newcomer, small[usual % len(small)], usual)


def _payments_a_day(rng: np.random.Generator, count: int) -> Floats:
    """Heavy-tailed: a lognormal body and, for one in twenty, a Pareto tail."""
    body = 0.66 * np.exp(0.75 * rng.standard_normal(count))
    tail = 1.0 + rng.pareto(1.6, count)
    in_tail = happens(rng, TAIL_SHARE, count)
    return np.minimum(np.where(in_tail, body * tail * 2.0, body), BUSIEST_A_DAY)


def _health(world: World, rng: np.random.Generator, quality: Floats) -> Floats:
    """By block, with blocks to settle in before the period's first."""
    blocks = SETTLING_BLOCKS + world.period.blocks
    moving = autoregression(rng, len(quality), blocks, persistence=0.85)
    health = np.sqrt(0.5) * quality[:, None] + np.sqrt(0.5) * moving
    health[:, SETTLING_BLOCKS:] += world.scenario.health * world.onset_by_block()
    return np.asarray(health)


def _level(rng: np.random.Generator, health: Floats) -> Floats:
    """Log of trade against its usual level: poor health drags it down month by month."""
    level = np.empty_like(health)
    level[:, 0] = 0.3 * health[:, 0]
    own = 0.10 * rng.standard_normal(health.shape)
    for block in range(1, health.shape[1]):
        level[:, block] = 0.80 * level[:, block - 1] + 0.16 * health[:, block] + own[:, block]
    return level
