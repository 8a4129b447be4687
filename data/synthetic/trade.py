"""How many payments each merchant may expect on each local day."""

import numpy as np

from data.synthetic.industries import seasons
from data.synthetic.merchants import Merchants
from data.synthetic.period import Flags, Floats
from data.synthetic.world import World, by_day, happens

WEEK = 7
CLOSING_DAYS = 45  # trade fades before a shop closes
SPELL_DAYS = (3, 15)


def expected_trade(world: World, merchants: Merchants, rng: np.random.Generator) -> Floats:
    """Expected payments, merchants by local days (one more than the period's UTC days)."""
    days = world.period.days + 1
    season = seasons(world.period.dates())[merchants.industry]
    level = np.exp(by_day(merchants.level, days) - 0.15)
    noise = merchants.volatility[:, None]
    shocks = np.exp(noise * rng.standard_normal((merchants.count, days)) - 0.5 * noise**2)
    trade = merchants.a_day[:, None] * season * level * shocks * world.boost()
    trade *= _fading(merchants, days)
    return np.where(_open(merchants, days) & ~_shut(merchants, rng, days), trade, 0.0)


def _open(merchants: Merchants, days: int) -> Flags:
    day = np.arange(days)
    return (merchants.joined[:, None] < day) & (day < merchants.closed[:, None])


def _fading(merchants: Merchants, days: int) -> Floats:
    left = merchants.closed[:, None] - np.arange(days)
    return np.clip(0.2 + 0.8 * left / CLOSING_DAYS, 0.2, 1.0)


def _shut(merchants: Merchants, rng: np.random.Generator, days: int) -> Flags:
    """Days without trade: spells that come the oftener the poorer a merchant's health."""
    health = by_day(merchants.health, days)[:, ::WEEK]
    chance = 0.018 * np.exp(-0.8 * health)
    starts = happens(rng, chance, health.shape)
    merchant, week = np.nonzero(starts)
    first = week * WEEK + rng.integers(0, WEEK, len(week))
    edges = np.zeros((merchants.count, days + max(SPELL_DAYS) + WEEK + 1), dtype=np.int64)
    np.add.at(edges, (merchant, first), 1)
    np.add.at(edges, (merchant, first + rng.integers(*SPELL_DAYS, len(week))), -1)
    return np.asarray(np.cumsum(edges, axis=1)[:, :days] > 0)
