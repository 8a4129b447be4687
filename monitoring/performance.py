"""Performance: what the scores promised against what came of the approvals that have matured."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import NormalDist
from typing import Any

import numpy as np

from models.measures import Measures, auc, measure, wilson

DRAWS = 500
LEVEL_WANDERS = 0.12  # of itself: how far a bad rate strays from season to season undrifted
CONFIDENCE = 0.99
_Z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)


@dataclass(frozen=True, slots=True)
class BadRate:
    """Observed bads against the sum of probabilities.

    `low` and `high` hold the observed rate (Wilson 1927, 99%). `z` is the distance in standard
    errors; they count the chance of the draw (Poisson-binomial), that the model's own level is
    known no better than its training bads tell, and that levels stray from season to season.
    """

    rows: int
    bads: int
    observed: float
    expected: float
    low: float
    high: float
    z: float

    @property
    def ratio(self) -> float:
        """Observed over expected."""
        return self.observed / self.expected


@dataclass(frozen=True, slots=True)
class Ranking:
    """Gini of the matured approvals against the one that their own probabilities promise.

    Approvals lie close together, so their Gini is below a test set's whatever happens; the
    promise is the mean over outcomes drawn from the probabilities, `low` their 0.5% quantile.
    """

    gini: float
    promised: float
    low: float


@dataclass(frozen=True, slots=True)
class Month:
    """One month of decisions."""

    month: str
    rate: BadRate


@dataclass(frozen=True, slots=True)
class Performance:
    """Figures of the matured approvals; None where a figure is undefined."""

    rate: BadRate
    ranking: Ranking | None
    measures: Measures
    months: tuple[Month, ...]


def perform(
    decided_at: Sequence[datetime], probability: Any, bad: Any, *, training_bads: int, seed: int
) -> Performance | None:
    """Performance of rows whose outcome is known (all arrays of one length); None without rows."""
    if not len(bad):
        return None
    return Performance(
        rate=bad_rate(probability, bad, training_bads=training_bads),
        ranking=_ranking(probability, bad, seed=seed),
        measures=measure(bad, probability),
        months=_months(decided_at, probability, bad, training_bads=training_bads),
    )


def bad_rate(probability: Any, bad: Any, *, training_bads: int) -> BadRate:
    """Observed against expected bads of some rows, at least one."""
    rows, bads, expected = len(bad), float(np.sum(bad)), float(np.sum(probability))
    by_draw = float(np.sum(probability * (1 - probability)))
    by_level = expected**2 * (1 / max(training_bads, 1) + LEVEL_WANDERS**2)
    low, high = wilson(int(bads), rows, deviations=_Z)
    return BadRate(
        rows=rows,
        bads=int(bads),
        observed=bads / rows,
        expected=expected / rows,
        low=low,
        high=high,
        z=(bads - expected) / float(np.sqrt(by_draw + by_level)),
    )


def _ranking(probability: Any, bad: Any, *, seed: int) -> Ranking | None:
    area = auc(bad, probability)
    if area is None:
        return None
    chance = np.random.default_rng(seed)
    drawn = (auc(chance.random(len(bad)) < probability, probability) for _ in range(DRAWS))
    promised = np.array([2 * value - 1 for value in drawn if value is not None])
    if not len(promised):
        return None
    low = float(np.quantile(promised, (1 - CONFIDENCE) / 2))
    return Ranking(gini=2 * area - 1, promised=float(promised.mean()), low=low)


def _months(
    decided_at: Sequence[datetime], probability: Any, bad: Any, *, training_bads: int
) -> tuple[Month, ...]:
    names = np.array([f"{moment:%Y-%m}" for moment in decided_at])
    return tuple(
        Month(
            str(name),
            bad_rate(probability[names == name], bad[names == name], training_bads=training_bads),
        )
        for name in np.unique(names)
    )
