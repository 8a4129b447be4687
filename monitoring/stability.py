"""Stability: how far the window's scores and features lie from the training reference.

The population stability index with the reference's own deciles and a bin for missing. Evidently's
PSI drops missing values and bins by width, which hides a shift of money amounts; so it is
computed here and handed to its report.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
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


def shift(name: str, reference: Any, window: Any, *, category: bool) -> Shift:
    """`window` against `reference`: float64 arrays (NaN missing), or lists of words and None."""
    counted = _words(reference, window) if category else _numbers(reference, window)
    kept = [(label, before, now) for label, before, now in counted if before + now]
    before = np.array([count for _, count, _ in kept], float)
    now = np.array([count for _, _, count in kept], float)
    index, chance = psi(before, now), psi_by_chance(before, now)
    return Shift(
        name=name,
        psi=index,
        chance=chance,
        level=sum(index >= max(limit, chance) for limit in (MOVED_A_LITTLE, MOVED)),
        missing_reference=_missing(reference, category=category),
        missing_window=_missing(window, category=category),
        bins=tuple(
            (label, float(a), float(b))
            for (label, _, _), a, b in zip(
                kept, before / max(before.sum(), 1), now / max(now.sum(), 1), strict=True
            )
        ),
    )


def shifts(features: Sequence[ModelFeature], reference: Any, window: Any) -> tuple[Shift, ...]:
    """Each feature of the signature, columns of two PyArrow tables, in signature order."""
    return tuple(
        shift(
            feature.name,
            _values(reference, feature),
            _values(window, feature),
            category=feature.dtype == CATEGORY,
        )
        for feature in features
    )


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


def _numbers(reference: Any, window: Any) -> list[tuple[str, int, int]]:
    known = reference[~np.isnan(reference)]
    edges = np.unique(np.quantile(known, DECILES)) if len(known) else np.array([])
    before, now = _counts(edges, reference), _counts(edges, window)
    return list(zip(_labels(edges), before, now, strict=True))


def _counts(edges: Any, values: Any) -> list[int]:
    """Values up to each edge, below the first edge apart from at it, above the last, missing."""
    known = values[~np.isnan(values)]
    if not len(edges):
        return [len(known), len(values) - len(known)]
    under = int(np.sum(known < edges[0]))
    places = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
    return [under, int(places[0]) - under, *map(int, places[1:]), len(values) - len(known)]


def _labels(edges: Any) -> list[str]:
    if not len(edges):
        return ["any", "missing"]
    marks = [f"{edge:,.6g}" for edge in edges]
    between = [f"to {mark}" for mark in marks[1:]]
    return [f"under {marks[0]}", f"at {marks[0]}", *between, f"over {marks[-1]}", "missing"]


def _words(reference: Sequence[Any], window: Sequence[Any]) -> list[tuple[str, int, int]]:
    known = sorted({word for word in reference if word is not None})
    place = {word: number for number, word in enumerate(known)}
    rows = []
    for words in (reference, window):
        counts = [0] * (len(known) + 2)
        for word in words:
            counts[-1 if word is None else place.get(word, len(known))] += 1
        rows.append(counts)
    return list(zip([*known, "never seen in training", "missing"], *rows, strict=True))


def _missing(values: Any, *, category: bool) -> float:
    if not len(values):
        return 0.0
    return float(np.mean([word is None for word in values] if category else np.isnan(values)))


def _values(table: Any, feature: ModelFeature) -> Any:
    column = table.column(feature.name)
    if feature.dtype == CATEGORY:
        return column.cast("string").to_pylist()
    return column.cast("float64").to_numpy()
