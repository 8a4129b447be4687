"""Weights of evidence: a column in a few bins, each with what its bads and goods tell.

After Siddiqi, Credit Risk Scorecards (2006), chapter 6; here the sign is that of bad, so that a
higher weight of evidence always means a higher P(bad).
"""

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

FINE_BINS = 64
BINS_MAX = 16
ROWS_MIN_SHARE = 0.01
ROWS_MIN = 10
BADS_MIN = 3
GAIN_MIN = 2.0  # of twice the log likelihood: what an edge must be worth to be kept
PSEUDO_ROWS = 10.0  # rows of average badness added to every bin: a small bin says little
PSEUDO_ROWS_CATEGORY = 25.0  # a category's bins are not steadied by neighbours


@dataclass(frozen=True, slots=True)
class Binned:
    """One column in bins; `rows`, `bads` and `woe` are by bin, the missing's last.

    Numbers: bin i holds edges[i-1] < x <= edges[i]. Categories: `codes` gives the bin of each
    code, and codes beyond are missing.
    """

    place: int
    categorical: bool
    edges: tuple[float, ...]
    codes: tuple[int, ...]
    rows: Any
    bads: Any
    woe: Any

    def of(self, column: Any) -> Any:
        """The weight of evidence of each value."""
        return self.woe[self.bin_of(column)]

    def bin_of(self, column: Any) -> Any:
        """The bin of each value; -1 for missing."""
        known = ~np.isnan(column)
        if not self.categorical:
            return np.where(known, np.searchsorted(self.edges, column), -1)
        known &= (column >= 0) & (column < len(self.codes))
        return np.array([*self.codes, -1])[np.where(known, column, -1).astype(np.int64)]

    @property
    def information(self) -> Any:
        """Information value by bin; 0.02 in sum is weak, 0.1 medium, 0.3 strong (Siddiqi)."""
        goods = self.rows - self.bads
        shares = self.bads / max(self.bads.sum(), 1e-9) - goods / max(goods.sum(), 1e-9)
        return shares * self.woe


def bin_number(place: int, column: Any, label: Any, weight: Any, *, direction: int) -> Binned:
    """A number's bins: cut fine, then joined until every edge is worth it.

    With a direction, weights of evidence never move against it. Very common values are not
    mixed with their neighbours unless these tell the same.
    """
    known = ~np.isnan(column)
    edges, rows, bads = _fine(column[known], label[known], weight[known])
    bins = _Bins(edges, rows, bads, prior=float(np.average(label, weights=weight)))
    bins.join_against(direction)
    bins.join_weak(rows_min=max(ROWS_MIN, ROWS_MIN_SHARE * weight.sum()))
    bins.join_against(direction)
    missing = (weight[~known].sum(), weight[~known] @ label[~known])
    every, bad = np.append(bins.rows, missing[0]), np.append(bins.bads, missing[1])
    woe = evidence(every, bad, bins.prior, PSEUDO_ROWS)
    return Binned(place, False, tuple(bins.edges), (), every, bad, woe)


def bin_category(place: int, column: Any, label: Any, weight: Any, *, words: int) -> Binned:
    """A category's bins: one a common code, one that the rare share."""
    known = ~np.isnan(column)
    code = np.where(known, column, words).astype(np.int64)
    rows = np.bincount(code, weight, words + 1)
    bads = np.bincount(code, weight * label, words + 1)
    common = rows[:-1] >= max(ROWS_MIN, ROWS_MIN_SHARE / 4 * weight.sum())
    codes = np.where(common, np.cumsum(common) - 1, common.sum())
    count = int(codes.max(initial=-1)) + 1
    by_bin = [
        np.append(np.bincount(codes, values[:-1], count), values[-1]) for values in (rows, bads)
    ]
    prior = float(np.average(label, weights=weight))
    woe = evidence(*by_bin, prior, PSEUDO_ROWS_CATEGORY)
    return Binned(place, True, (), tuple(codes.tolist()), *by_bin, woe)


def evidence(rows: Any, bads: Any, prior: float, pseudo_rows: float) -> Any:
    """Log odds of each bin less those of all rows, drawn to zero where rows are few."""
    prior = min(max(prior, 1e-6), 1 - 1e-6)
    odds = (bads + pseudo_rows * prior) / (rows - bads + pseudo_rows * (1 - prior))
    return np.log(odds) - np.log(prior / (1 - prior))


def _fine(column: Any, label: Any, weight: Any) -> tuple[Any, Any, Any]:
    """Upper edges, rows and bads of many bins of about equal rows, common values apart."""
    if not len(column):
        return np.empty(0), np.zeros(1), np.zeros(1)
    count = int(min(FINE_BINS, max(2, len(column) // ROWS_MIN)))
    values, place = np.unique(column, return_inverse=True)
    rows, bads = np.bincount(place, weight), np.bincount(place, weight * label)
    share = np.cumsum(rows) / rows.sum()
    last = np.searchsorted(share, np.arange(1, count) / count)
    common = np.flatnonzero(rows > 2 / count * rows.sum())
    last = np.unique(np.concatenate([last, common, common - 1]))
    last = last[(last >= 0) & (last < len(values) - 1)]
    first = np.append(0, last + 1)
    middle = values[last] + (values[last + 1] - values[last]) / 2
    edges = np.where(middle < values[last + 1], middle, values[last])
    return edges, np.add.reduceat(rows, first), np.add.reduceat(bads, first)


class _Bins:
    """Neighbouring bins being joined: lists, since there are few and they change one by one."""

    def __init__(self, edges: Any, rows: Any, bads: Any, *, prior: float) -> None:
        self.edges, self.rows, self.bads = edges.tolist(), rows.tolist(), bads.tolist()
        self.prior = prior
        self._gains = [self._gain(left) for left in range(len(self.edges))]

    def join_against(self, direction: int) -> None:
        """Joins neighbours whose evidence moves against the direction (pool adjacent violators)."""
        while direction and self.edges:
            told = evidence(np.array(self.rows), np.array(self.bads), self.prior, PSEUDO_ROWS)
            rise = np.diff(told) * direction
            if rise.min() >= 0:
                return
            self._join(int(np.argmin(rise)))

    def join_weak(self, *, rows_min: float) -> None:
        """Joins the least telling neighbours while they are too many, small or alike."""
        while self.edges:
            small = [
                rows < rows_min or bads < BADS_MIN
                for rows, bads in zip(self.rows, self.bads, strict=True)
            ]
            beside = [left for left in range(len(self.edges)) if small[left] or small[left + 1]]
            weakest = min(beside or range(len(self.edges)), key=self._gains.__getitem__)
            few_enough = len(self.rows) <= BINS_MAX
            if not beside and few_enough and self._gains[weakest] >= GAIN_MIN:
                return
            self._join(weakest)

    def _join(self, left: int) -> None:
        del self.edges[left], self._gains[left]
        self.rows[left] += self.rows.pop(left + 1)
        self.bads[left] += self.bads.pop(left + 1)
        for beside in range(max(left - 1, 0), min(left + 1, len(self.edges))):
            self._gains[beside] = self._gain(beside)

    def _gain(self, left: int) -> float:
        """Twice the log likelihood that the edge after bin `left` is worth."""
        mine, other = ((self.rows[place], self.bads[place]) for place in (left, left + 1))
        together = _likelihood(mine[0] + other[0], mine[1] + other[1])
        return 2 * (_likelihood(*mine) + _likelihood(*other) - together)


def _likelihood(rows: float, bads: float) -> float:
    return sum(part * log(part / rows) for part in (bads, rows - bads) if part > 0)
