"""Who buys: all users of a world, small enough to be kept whole while merchants pass by."""

from dataclasses import dataclass

import numpy as np

from data.synthetic.merchants import NEWCOMERS_OF, lifetimes
from data.synthetic.period import BLOCK_DAYS, Flags, Floats, Ints
from data.synthetic.world import USERS_A_CHUNK, Stream, World, autoregression, chunks, happens

Singles = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
LIFETIME_DAYS = 2190.0
LINE_SHARE = 0.75
LINES_MINOR = (50_000, 100_000, 200_000, 300_000, 500_000, 800_000, 1_200_000, 2_000_000)
LINE_SHARES = (0.06, 0.12, 0.2, 0.2, 0.18, 0.12, 0.08, 0.04)


@dataclass(frozen=True, slots=True)
class Users:
    """All users, a row each; `stress` and `weight` have a column for every block.

    `stress` (mean 0, deviation 1) makes bills late, lines used and deposits unpaid; no table
    shows it. `weight` is how much a user buys; 0 where the user is not there for a whole block.
    """

    registered: Ints
    left: Ints
    line_minor: Ints  # 0: no credit line
    line_grows: Ints  # the day on which the line was raised by half; may never come
    bill_day: Ints
    stress: Singles
    weight: Singles
    ticket: Floats
    habit: Floats
    orders: Floats
    newcomer: Flags
    woman: Flags
    age: Ints

    @property
    def count(self) -> int:
        """Number of users."""
        return len(self.registered)


def draw_users(world: World) -> Users:
    """All users, drawn chunk by chunk."""
    parts = [
        _draw(world, numbers, chunk)
        for chunk, numbers in enumerate(chunks(world.users, USERS_A_CHUNK))
    ]
    names = Users.__dataclass_fields__
    return Users(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in names})


def payers_by_block(users: Users) -> Floats:
    """Cumulative shares of users' weights, every block's shifted by its number: one sorted row.

    `searchsorted(row, block + uniform)` draws a payer of that block.
    """
    shares = np.cumsum(users.weight, axis=0, dtype=np.float64)
    totals = np.where(shares[-1] > 0, shares[-1], 1.0)
    flat = (shares / totals + np.arange(shares.shape[1])).T.ravel()
    return np.ascontiguousarray(flat)


def _draw(world: World, numbers: range, chunk: int) -> Users:
    rng = world.rng(Stream.USERS, chunk)
    number = np.arange(numbers.start, numbers.stop)
    count = len(number)
    nobody = np.zeros(count, dtype=np.bool_)
    registered, left = lifetimes(world, rng, count, LIFETIME_DAYS, nobody)
    newcomer = (number % NEWCOMERS_OF) < round(world.scenario.newcomers * NEWCOMERS_OF)
    arrival = world.turn - rng.integers(0, 40, count)
    registered = np.where(newcomer, arrival, registered)
    left = np.where(newcomer, arrival + 4 * world.period.days, left)
    quality = rng.standard_normal(count)
    stress = _stress(world, rng, quality) + 0.4 * newcomer[:, None]
    has_line = happens(rng, np.where(newcomer, 0.3, LINE_SHARE), count)
    line = rng.choice(np.array(LINES_MINOR), count, p=LINE_SHARES)
    return Users(
        registered=registered,
        left=left,
        line_minor=np.where(has_line, line, 0),
        line_grows=rng.integers(0, 6 * world.period.days, count),
        bill_day=rng.integers(0, 28, count),
        stress=stress.astype(np.float32),
        weight=_weight(rng, stress, registered, left),
        ticket=np.exp(0.25 * rng.standard_normal(count)),
        habit=rng.standard_normal(count),
        orders=rng.gamma(0.8, 1.0 / 0.8, count),
        newcomer=newcomer,
        woman=happens(rng, 0.5, count),
        age=rng.integers(18, 66, count),
    )


def _stress(world: World, rng: np.random.Generator, quality: Floats) -> Floats:
    moving = autoregression(rng, len(quality), world.period.blocks, persistence=0.85)
    settled = np.sqrt(0.55) * quality[:, None] + np.sqrt(0.45) * moving
    return settled + world.scenario.stress * world.onset_by_block()


def _weight(rng: np.random.Generator, stress: Floats, registered: Ints, left: Ints) -> Singles:
    usual = np.exp(0.7 * rng.standard_normal((len(stress), 1)))
    own = autoregression(rng, *stress.shape, persistence=0.8)
    weight = usual * np.exp(0.3 * own - 0.3 * stress)
    first = np.arange(stress.shape[1]) * BLOCK_DAYS
    here = (registered[:, None] < first) & (first + BLOCK_DAYS < left[:, None])
    return np.where(here, weight, 0.0).astype(np.float32)
