"""A world's size, time, seed and story: what every part of the generator is told."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from data.synthetic.period import BLOCK_DAYS, Flags, Floats, Period
from data.synthetic.scenarios import Scenario

MERCHANTS_A_CHUNK = 256
USERS_A_CHUNK = 4096
ONSET_DAYS = 60


class Stream(IntEnum):
    """Independent sources of chance: a change in one part leaves the others' draws alone."""

    MERCHANTS = 1
    USERS = 2
    TRADE = 3
    PAYMENTS = 4
    LOANS = 5
    BILLS = 6
    WAIVERS = 7
    ARRIVALS = 8
    PAYERS = 9


@dataclass(frozen=True, slots=True)
class World:
    """Everything a chunk needs to know; chunks share nothing else but the users."""

    merchants: int
    users: int
    period: Period
    seed: int
    scenario: Scenario
    faults: frozenset[str]

    def rng(self, stream: Stream, chunk: int = 0) -> np.random.Generator:
        """Chance of one stream and chunk, the same whatever else was drawn before."""
        sequence = np.random.SeedSequence(self.seed, spawn_key=(int(stream), chunk))
        return np.random.Generator(np.random.PCG64(sequence))

    @property
    def turn(self) -> int:
        """The day on which the scenario's story and the ordered faults begin."""
        return self.period.share_day(self.scenario.begins)

    def onset(self, days: Floats) -> Floats:
        """How much of the story's shift has arrived by each day, from 0 to 1."""
        return np.clip((days - self.turn) / ONSET_DAYS, 0.0, 1.0)

    def onset_by_block(self) -> Floats:
        """The same at the first day of every block."""
        return self.onset(np.arange(self.period.blocks) * float(BLOCK_DAYS))

    def boost(self) -> Floats:
        """What the story multiplies trade by on every local day."""
        days = np.arange(self.period.days + 1)
        lasts = (days >= self.turn) & (days < self.turn + self.scenario.boost_days)
        return np.where(lasts, self.scenario.boost, 1.0)


def happens(
    rng: np.random.Generator, chance: float | Floats, shape: int | tuple[int, ...]
) -> Flags:
    """True with the chance given, in each place by itself."""
    return np.asarray(rng.random(shape) < chance)


def above(values: Floats, threshold: float) -> Floats:
    """1 where a value exceeds the threshold, else 0: a step in an otherwise smooth effect."""
    return (values > threshold).astype(np.float64)


def chunks(total: int, size: int) -> list[range]:
    """Numbers 0 to `total` in runs of `size`: the same for every machine."""
    return [range(first, min(first + size, total)) for first in range(0, total, size)]


def autoregression(
    rng: np.random.Generator, rows: int, blocks: int, *, persistence: float
) -> Floats:
    """Paths with mean 0 and deviation 1 at every block, each leaning on the block before."""
    shocks = rng.standard_normal((rows, blocks))
    paths = np.empty((rows, blocks))
    paths[:, 0] = shocks[:, 0]
    fresh = np.sqrt(1.0 - persistence**2)
    for block in range(1, blocks):
        paths[:, block] = persistence * paths[:, block - 1] + fresh * shocks[:, block]
    return paths


def by_day(blocks: Floats, days: int) -> Floats:
    """Values at blocks' first days, drawn out to straight lines from day to day."""
    block, within = np.divmod(np.arange(days), BLOCK_DAYS)
    share = within / BLOCK_DAYS
    return blocks[:, block] * (1.0 - share) + blocks[:, block + 1] * share
