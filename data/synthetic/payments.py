"""Payments: expected trade becomes single payments with payer, amount, hour and channel."""

from dataclasses import dataclass, fields, replace

import numpy as np

from data.synthetic.industries import column, hours_table
from data.synthetic.merchants import Merchants
from data.synthetic.period import BLOCK_DAYS, DAY_US, HOUR_US, LOCAL_US, Flags, Floats, Ints
from data.synthetic.users import Users
from data.synthetic.world import Stream, World, happens

PAYMENT, REFUND, CHARGEBACK, PAYOUT = 0, 1, 2, 3
CHANNELS = ("qr_code", "app", "mini_program", "face")
CHANNEL_SHARES = (0.5, 0.2, 0.22, 0.08)
PARTS = (3, 6, 12)
PART_SHARES = (0.5, 0.3, 0.2)
PARTS_FROM_MINOR = 60_000
PARTS_SHARE = 0.22
SUBSIDY_RATES = {3: 0.018, 6: 0.035, 12: 0.06}
LARGEST_MINOR = 50_000_000
RING_PAYERS = 10
RING_ROUND_MINOR = 50_000
NOBODY = -1
NOTHING = -1


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of payments, column by column; `merchant` counts within the chunk.

    `number` tells rows of a chunk apart; `refers_to` is a number or NOTHING. `user` may be
    NOBODY, `parts` and `subsidy_minor` NOTHING.
    """

    number: Ints
    merchant: Ints
    user: Ints
    kind: Ints
    amount_minor: Ints
    channel: Ints
    parts: Ints
    subsidy_minor: Ints
    refers_to: Ints
    occurred: Ints
    recorded: Ints

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.number)

    def take(self, places: Ints | Flags) -> "Rows":
        """Rows at places, or where a mask is true."""
        return Rows(*(getattr(self, field.name)[places] for field in fields(self)))

    def numbered_from(self, first: int) -> "Rows":
        """The same rows with numbers of their own."""
        return replace(self, number=np.arange(first, first + self.count, dtype=np.int64))


def stacked(parts: list[Rows]) -> Rows:
    """Rows of several parts, in their order."""
    columns = ([getattr(part, field.name) for part in parts] for field in fields(Rows))
    return Rows(*(np.concatenate(column) for column in columns))


def draw_payments(
    world: World,
    merchants: Merchants,
    users: Users,
    *,
    payers: Floats,
    trade: Floats,
    chunk: int,
) -> Rows:
    """The chunk's payments, recorded at once; arrival delays come later."""
    rng = world.rng(Stream.PAYMENTS, chunk)
    counts = rng.poisson(trade)
    merchant = np.repeat(np.arange(merchants.count), counts.sum(axis=1))
    day = np.repeat(np.tile(np.arange(counts.shape[1]), merchants.count), counts.ravel())
    user = _payers(merchants, users, payers, rng, merchant=merchant, day=day)
    amount = _amounts(merchants, users, rng, merchant, user)
    occurred = _instants(world, merchants, rng, merchant, day)
    rows = _rows(rng, merchant, user, amount, occurred)
    if merchants.ring.any():
        rows = stacked([rows, _ring_payments(world, merchants, users, rng)])
    inside = (rows.occurred >= world.period.opens_us) & (rows.occurred < world.period.closes_us)
    return rows.take(inside).numbered_from(0)


def _rows(
    rng: np.random.Generator, merchant: Ints, user: Ints, amount: Ints, occurred: Ints
) -> Rows:
    count = len(merchant)
    parts = _parts(rng, amount)
    nothing = np.full(count, NOTHING, dtype=np.int64)
    return Rows(
        number=np.arange(count, dtype=np.int64),
        merchant=merchant,
        user=user,
        kind=np.zeros(count, dtype=np.int64),
        amount_minor=amount,
        channel=_drawn(rng, CHANNEL_SHARES, count),
        parts=parts,
        subsidy_minor=_subsidies(rng, parts, amount),
        refers_to=nothing,
        occurred=occurred,
        recorded=occurred,
    )


def _drawn(rng: np.random.Generator, shares: tuple[float, ...], count: int) -> Ints:
    edges = np.cumsum(shares)[:-1]
    return np.searchsorted(edges, rng.random(count)).astype(np.int64)


def _payers(
    merchants: Merchants,
    users: Users,
    payers: Floats,
    rng: np.random.Generator,
    *,
    merchant: Ints,
    day: Ints,
) -> Ints:
    """Regulars first, else anybody by weight of the block, and some who give no name."""
    block = day // BLOCK_DAYS
    chance = rng.random(len(merchant))
    passer_by = np.searchsorted(payers, block + chance, side="right") - block * users.count
    passer_by = np.clip(passer_by, 0, users.count - 1)
    regular = _regulars(merchants, users, rng, merchant)
    weight = users.weight[regular, block]
    comes = rng.random(len(merchant)) * 1.6 < weight  # who buys more comes oftener
    loyal = rng.random(len(merchant)) < merchants.regular_share[merchant] * 1.4
    user = np.where(loyal & comes, regular, passer_by)
    anonymous = rng.random(len(merchant)) < column("anonymous")[merchants.industry][merchant]
    return np.where(anonymous | (users.weight[user, block] <= 0), NOBODY, user)


def _regulars(merchants: Merchants, users: Users, rng: np.random.Generator, merchant: Ints) -> Ints:
    """One of the merchant's regulars; where concentration is high, mostly the first few."""
    pool = rng.integers(0, users.count, (merchants.count, 40))
    skew = 1.0 + 5.0 * merchants.concentration
    place = (pool.shape[1] * rng.random(len(merchant)) ** skew[merchant]).astype(np.int64)
    return pool[merchant, place]


def _amounts(
    merchants: Merchants, users: Users, rng: np.random.Generator, merchant: Ints, user: Ints
) -> Ints:
    spread = column("spread")[merchants.industry][merchant]
    taste = np.where(user == NOBODY, 1.0, users.ticket[user])
    noise = np.exp(spread * rng.standard_normal(len(merchant)) - 0.5 * spread**2)
    amount = merchants.ticket_minor[merchant] * taste * noise
    return np.clip(np.round(amount / 10.0) * 10.0, 100, LARGEST_MINOR).astype(np.int64)


def _instants(
    world: World, merchants: Merchants, rng: np.random.Generator, merchant: Ints, day: Ints
) -> Ints:
    hours = hours_table()
    flat = (hours + np.arange(len(hours))[:, None]).ravel()
    industry = merchants.industry[merchant]
    hour = np.searchsorted(flat, industry + rng.random(len(merchant)), side="right") - 24 * industry
    within = rng.integers(0, HOUR_US // 1000, len(merchant)) * 1000
    local = np.minimum(hour, 23) * HOUR_US + within
    return world.period.opens_us + day * DAY_US + local - LOCAL_US


def _parts(rng: np.random.Generator, amount: Ints) -> Ints:
    count = len(amount)
    chosen = np.array(PARTS)[_drawn(rng, PART_SHARES, count)]
    splits = (amount >= PARTS_FROM_MINOR) & happens(rng, PARTS_SHARE, count)
    return np.where(splits, chosen, NOTHING)


def _subsidies(rng: np.random.Generator, parts: Ints, amount: Ints) -> Ints:
    """Who bears the cost of instalments: the merchant or a brand for half of them."""
    rate = np.zeros(len(parts))
    for part, part_rate in SUBSIDY_RATES.items():
        rate[parts == part] = part_rate
    borne = (parts != NOTHING) & happens(rng, 0.5, len(parts))
    return np.where(borne, np.round(amount * rate).astype(np.int64), NOTHING)


def _ring_payments(
    world: World, merchants: Merchants, users: Users, rng: np.random.Generator
) -> Rows:
    """Circular trade from the turn on: few payers, round amounts, far above usual turnover."""
    days = np.arange(world.turn, world.period.days)
    trade = np.where(merchants.ring, 2.0 + 2.5 * merchants.a_day, 0.0)
    counts = rng.poisson(np.repeat(trade[:, None], len(days), axis=1))
    merchant = np.repeat(np.arange(merchants.count), counts.sum(axis=1))
    day = np.repeat(np.tile(days, merchants.count), counts.ravel())
    staying = np.flatnonzero(users.weight[:, -2] > 0)
    insiders = (staying if len(staying) else np.arange(users.count))[:RING_PAYERS]
    user = insiders[rng.integers(0, len(insiders), len(merchant))]
    user = np.where(users.weight[user, day // BLOCK_DAYS] > 0, user, NOBODY)
    steps = np.maximum(1.5 * merchants.ticket_minor[merchant] / RING_ROUND_MINOR, 1.0)
    amount = np.ceil(steps * rng.uniform(0.8, 2.2, len(merchant))).astype(np.int64)
    at = world.period.opens_us + day * DAY_US + rng.integers(0, DAY_US // 1000, len(day)) * 1000
    return _rows(rng, merchant, user, amount * RING_ROUND_MINOR, at)
