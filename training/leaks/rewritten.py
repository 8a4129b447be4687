"""Columns whose usual values are of one class and the values just beside them of the other.

A term agreed on is round; one rewritten when the loan ends is not. Honest columns change slowly
from a value to its neighbours, round or not.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

SPIKE, NEIGHBOURS = 5.0, 6  # this much more common than so many values on either side
SPIKE_ROWS, SPIKE_SHARE = 8, 0.004
OFF_ROWS, OFF_SHARE = 20, 0.02
ODDS, ODDS_LEAST, DEVIATIONS = 6.0, 4.0, 3.0  # honest round figures differ by odds of three
MOVED_SHARE = 0.3  # of the class that was rewritten
FILLED_IN = 4  # fewer usual values with many bads may stand for missing ones


@dataclass(frozen=True, slots=True)
class Rewritten:
    """How many usual values there are, and the share of bads on them and beside them."""

    usual: int
    on: float
    off: float


def rewritten(values: Any, label: Any) -> Rewritten | None:
    """What shows that a column was rewritten for one class; None where it was not.

    The odds of bads beside against on each usual value are pooled by Mantel and Haenszel's
    estimate (1959), with the variance of Robins, Breslow and Greenland (1986).
    """
    known = ~np.isnan(values)
    worth, place, count = np.unique(values[known], return_inverse=True, return_counts=True)
    if len(worth) < 2 * NEIGHBOURS:
        return None
    bads = np.bincount(place, weights=label[known], minlength=len(worth))
    spikes = _spikes(count, len(values))
    off_rows = int(count[~spikes].sum())
    if not spikes.any() or off_rows < max(OFF_ROWS, OFF_SHARE * len(values)):
        return None
    strata = _strata(spikes, count, bads)
    if not len(strata) or not _contrasted(strata) or not _moved(spikes, count, bads):
        return None
    on, off = strata[:, 0:2].sum(axis=0), strata[:, 2:4].sum(axis=0)
    return Rewritten(int(spikes.sum()), on[0] / on.sum(), off[0] / off.sum())


def _spikes(count: Any, rows: int) -> Any:
    """Values far more common than the values on either side of them."""
    padded = np.pad(count.astype(np.float64), NEIGHBOURS, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * NEIGHBOURS + 1)
    around = np.delete(windows, NEIGHBOURS, axis=1)
    common = count >= max(SPIKE_ROWS, SPIKE_SHARE * rows)
    spikes = np.zeros(len(count), dtype=bool)
    spikes[common] = count[common] >= SPIKE * np.nanmedian(around[common], axis=1)
    return spikes


def _strata(spikes: Any, count: Any, bads: Any) -> Any:
    """For each spike: its bads and goods, and those of its neighbours that are no spikes.

    A spike with nothing below it is left out: so do counts begin, most of them at none.
    """
    found = []
    for place in np.flatnonzero(spikes):
        near = np.arange(max(0, place - NEIGHBOURS), min(len(count), place + NEIGHBOURS + 1))
        near = near[~spikes[near]]
        if not (near < place).any():
            continue
        off, off_bads = count[near].sum(), bads[near].sum()
        found.append((bads[place], count[place] - bads[place], off_bads, off - off_bads))
    table = np.array(found, dtype=np.float64).reshape(-1, 4)
    return table[table[:, 2] + table[:, 3] > 0]


def _contrasted(strata: Any) -> bool:
    """Whether the pooled odds ratio, beside against on, is far from one, either way."""
    ways = (strata.T, strata.T[[1, 0, 3, 2]]) if len(strata) >= FILLED_IN else (strata.T,)
    for usual_bad, usual_good, off_bad, off_good in ways:
        rows = usual_bad + usual_good + off_bad + off_good
        first, second = off_bad * usual_good / rows, off_good * usual_bad / rows
        ratio = (first.sum() + 0.5) / (second.sum() + 0.5)
        if ratio >= ODDS and np.log(ratio) - DEVIATIONS * _spread(
            off_bad, off_good, usual_bad, usual_good
        ) >= np.log(ODDS_LEAST):
            return True
    return False


def _spread(off_bad: Any, off_good: Any, usual_bad: Any, usual_good: Any) -> float:
    rows = off_bad + off_good + usual_bad + usual_good
    straight, crossed = (off_bad + usual_good) / rows, (off_good + usual_bad) / rows
    first, second = off_bad * usual_good / rows + 1e-9, off_good * usual_bad / rows + 1e-9
    one, two = first.sum() + 0.5, second.sum() + 0.5
    variance = (
        (straight * first).sum() / (2 * one**2)
        + (straight * second + crossed * first).sum() / (2 * one * two)
        + (crossed * second).sum() / (2 * two**2)
    )
    return float(np.sqrt(variance))


def _moved(spikes: Any, count: Any, bads: Any) -> bool:
    """Whether a large part of either class lies beside the usual values."""
    goods = count - bads
    return bool(
        bads[~spikes].sum() >= MOVED_SHARE * bads.sum()
        or goods[~spikes].sum() >= MOVED_SHARE * goods.sum()
    )
