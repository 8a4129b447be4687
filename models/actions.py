"""What a person can change, how far, and what a step of it is worth."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np

QUANTILES = 101
DECIMALS_MAX = 16
LOWEST, HIGHEST = 0.01, 0.99  # what is rarer than this is nobody's advice


@dataclass(frozen=True, slots=True)
class Action:
    """A feature that can be moved: which way, between which values, in which steps.

    `direction` is +1 where it can only rise, -1 where it can only fall, None where either.
    `step` is 1 where values are whole numbers, 0 where any value may be. `values` rise, and
    `ranks` say which share of the reference rows lies below each: the length of a move is how
    much of them it passes.
    """

    name: str
    direction: int | None
    lowest: float
    highest: float
    step: float
    values: tuple[float, ...]
    ranks: tuple[float, ...]

    def distance(self, start: float, end: float) -> float:
        """How much of the reference rows lies between two values; straight lines between ranks."""
        before, after = np.interp((start, end), self.values, self.ranks)
        return abs(float(after - before))


def action(name: str, values: Any, *, direction: int | None = None) -> Action | None:
    """What reference rows tell of moving a feature; None where they know one value or none.

    Bounds are their 1st and 99th percentile; a column that holds whole numbers stays whole.
    """
    known = values[np.isfinite(values)]
    if len(known) == 0 or known.min() == known.max():
        return None
    shares = np.linspace(0, 1, QUANTILES)
    quantiles = np.quantile(known, shares, method="inverted_cdf")
    passed, place = np.unique(quantiles, return_inverse=True)
    ranks = np.bincount(place, weights=shares) / np.bincount(place)
    lowest, highest = np.quantile(known, [LOWEST, HIGHEST], method="inverted_cdf")
    return Action(
        name,
        direction,
        float(lowest),
        float(highest),
        1.0 if (known == np.trunc(known)).all() else 0.0,
        tuple(passed.tolist()),
        tuple(ranks.tolist()),
    )


@dataclass(frozen=True, slots=True)
class Ladder:
    """The values that a feature could be moved to from `start` in one way, nearest first."""

    action: Action
    start: float
    rungs: tuple[float, ...]

    def distance(self, rung: int) -> float:
        """The length of the move to a rung."""
        return self.action.distance(self.start, self.rungs[rung])


def ladder(action: Action, start: float, cuts: Sequence[float], *, way: int) -> Ladder:
    """The values just across each cut, up (`way` +1) or down (-1) from `start`, within bounds.

    A model asks `x <= cut`: down to a cut is across it, up to it is not.
    """
    place = bisect_right(cuts, start)
    if way > 0:
        first = place - 1 if place and cuts[place - 1] == start else place
        across = (_above(cut, action.step) for cut in cuts[first:])
        reached = takewhile(lambda value: value <= action.highest, across)
        rungs = [value for value in reached if value >= action.lowest and value > start]
    else:
        across = (_below(cut, action.step) for cut in reversed(cuts[:place]))
        reached = takewhile(lambda value: value >= action.lowest, across)
        rungs = [value for value in reached if value <= action.highest and value < start]
    return Ladder(action, start, tuple(dict.fromkeys(rungs)))


def _above(cut: float, step: float) -> float:
    return (math.floor(cut / step) + 1) * step if step else math.nextafter(cut, math.inf)


def _below(cut: float, step: float) -> float:
    return math.floor(cut / step) * step if step else cut


def neat(nearest: float, farthest: float) -> float:
    """The number with the fewest decimals from `nearest` up to, not including, `farthest`.

    >>> neat(0.18340000000000004, 0.179), neat(-0.3, 0.4), neat(1234.5, 1300.0)
    (0.18, 0.0, 1240.0)
    """
    low, high = min(nearest, farthest), max(nearest, farthest)
    largest = max(abs(low), abs(high))
    first = -math.floor(math.log10(largest)) if largest else 0
    for decimals in range(min(0, first), min(first + 17, DECIMALS_MAX)):
        towards = math.floor if farthest < nearest else math.ceil
        value = towards(nearest * 10.0**decimals) / 10.0**decimals
        if value != farthest and low <= value <= high:
            return value + 0.0
    return nearest
