"""Drift: how far one set of rows lies from another, score by score and feature by feature.

The population stability index with the reference's own deciles and a bin for missing. One rule
for training, which looks at the months of its test rows, and for monitoring, which looks at what
was decided since.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np

from models.manifest import CATEGORY, ModelFeature

DECILES = tuple(share / 10 for share in range(1, 10))
MOVED_A_LITTLE = 0.10
MOVED = 0.25
CHANCE = 0.001  # how often chance alone may pass a threshold, a feature
PRIOR = 0.5  # rows added to each bin, so that an empty one has a finite logarithm
MISSING_ROSE = 0.20
NEVER_SEEN = "never seen in training"
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Shift:
    """One column against the reference.

    `psi` is the index; `chance` is what an unchanged population of these sizes stays below in
    999 of 1,000 windows. `level` is 0 steady, 1 moved a little (0.10), 2 moved (0.25), never
    above 0 within chance. `bins` are (label, reference share, window share).
    """

    name: str
    psi: float
    chance: float
    level: int
    missing_reference: float
    missing_window: float
    bins: tuple[tuple[str, float, float], ...]

    @property
    def went_missing(self) -> bool:
        """True where values stopped arriving: 20 points more are missing than in training."""
        return self.level > 0 and self.missing_window - self.missing_reference >= MISSING_ROSE


@dataclass(frozen=True, slots=True)
class Cut:
    """The bins of one column as its reference values divide it; the last bin is missing.

    `marks` are the rising edges of numbers, or the words known. Of numbers the first bin lies
    under the first edge, the second at it; of words the last but one is for words never seen.
    """

    labels: tuple[str, ...]
    marks: Any
    category: bool

    def places(self, values: Any) -> Any:
        """The bin of each value: float64 with NaN missing, or words and None."""
        if self.category:
            return self._places_of_words(values)
        values = np.asarray(values, dtype=np.float64)
        missing = len(self.labels) - 1
        if not len(self.marks):
            return np.where(np.isnan(values), missing, 0)
        found = np.searchsorted(self.marks, values, side="left") + 1
        found -= values < self.marks[0]
        return np.where(np.isnan(values), missing, found)

    def counts(self, places: Any) -> Any:
        """How many of these bins' rows lie in each (float64)."""
        return np.bincount(places, minlength=len(self.labels)).astype(np.float64)

    def _places_of_words(self, words: Sequence[Any]) -> Any:
        known = {word: place for place, word in enumerate(self.marks)} | {None: len(self.marks) + 1}
        never = len(self.marks)
        return np.fromiter((known.get(word, never) for word in words), np.int64, len(words))


def cut_of(reference: Any, *, category: bool) -> Cut:
    """The bins of a reference: float64 (NaN missing), or a sequence of words and None."""
    if category:
        words = sorted({word for word in reference if word is not None})
        return Cut((*words, NEVER_SEEN, MISSING), tuple(words), category=True)
    known = reference[~np.isnan(reference)]
    edges = np.unique(np.quantile(known, DECILES)) if len(known) else np.array([])
    return Cut(_labels(edges), edges, category=False)


def shift(name: str, reference: Any, window: Any, *, category: bool) -> Shift:
    """`window` against `reference`: float64 arrays (NaN missing), or lists of words and None."""
    cut = cut_of(reference, category=category)
    before, now = (cut.counts(cut.places(values)) for values in (reference, window))
    return shift_of(name, cut, before, now)


def shift_of(name: str, cut: Cut, before: Any, now: Any) -> Shift:
    """The shift between two arrays of counts in the bins of one cut."""
    kept = np.flatnonzero(before + now)
    index, chance = psi(before[kept], now[kept]), psi_by_chance(before[kept], now[kept])
    was, is_now = before / max(before.sum(), 1), now / max(now.sum(), 1)
    return Shift(
        name=name,
        psi=index,
        chance=chance,
        level=sum(index >= max(limit, chance) for limit in (MOVED_A_LITTLE, MOVED)),
        missing_reference=float(was[-1]),
        missing_window=float(is_now[-1]),
        bins=tuple((cut.labels[bin_], float(was[bin_]), float(is_now[bin_])) for bin_ in kept),
    )


def shifts(features: Sequence[ModelFeature], reference: Any, window: Any) -> tuple[Shift, ...]:
    """Each feature of the signature, columns of two PyArrow tables, in signature order."""
    return tuple(
        shift(
            feature.name,
            values_of(reference, feature),
            values_of(window, feature),
            category=feature.dtype == CATEGORY,
        )
        for feature in features
    )


def values_of(table: Any, feature: ModelFeature) -> Any:
    """A feature's column of a PyArrow table: float64 with NaN, or words and None."""
    column = table.column(feature.name)
    if feature.dtype == CATEGORY:
        return column.cast("string").to_pylist()
    return column.cast("float64").to_numpy()


def psi(reference: Any, window: Any) -> float:
    """The index of two arrays of counts, half a row added to each bin (Siddiqi 2006).

    >>> psi(np.array([50.0, 50.0]), np.array([500.0, 500.0]))
    0.0
    """
    if not reference.sum() or not window.sum():
        return 0.0
    a = (reference + PRIOR) / (reference + PRIOR).sum()
    b = (window + PRIOR) / (window + PRIOR).sum()
    return float(np.sum((b - a) * np.log(b / a)))


def psi_by_chance(reference: Any, window: Any) -> float:
    """What the index stays below in all but `CHANCE` of windows of an unchanged population.

    It is then about (1/n + 1/m) times a chi-square of bins - 1 degrees (Yurdakul 2018), whose
    quantile is Wilson and Hilferty's.
    """
    free, n, m = len(reference) - 1, window.sum(), reference.sum()
    if free < 1 or not n or not m:
        return 0.0
    z = NormalDist().inv_cdf(1 - CHANCE)
    quantile = free * (1 - 2 / (9 * free) + z * math.sqrt(2 / (9 * free))) ** 3
    return float(quantile * (1 / n + 1 / m))


def _labels(edges: Any) -> tuple[str, ...]:
    if not len(edges):
        return "any", MISSING
    marks = [f"{edge:,.6g}" for edge in edges]
    between = [f"to {mark}" for _, mark in pairwise(marks)]
    return f"under {marks[0]}", f"at {marks[0]}", *between, f"over {marks[-1]}", MISSING
