"""Categories as numbers: the bad rate of each word, from rows that come before the row itself.

Ordered target statistics after Prokhorenkova et al., CatBoost (2018): a row's own outcome never
speaks in its statistic. After the fit, splits on statistics become splits on words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.signature import categorical_places
from training.ranking.fit import Rows

PSEUDO_ROWS = 10.0  # rows of average badness that every word starts with
WORDS_MIN = 30  # of fewer words LightGBM's own splits learn as well


@dataclass(frozen=True, slots=True)
class CategoryStatistics:
    """For each place of a category: the statistic of every code, the missing's last."""

    by_place: Mapping[int, Any]

    def of(self, matrix: Any) -> Any:
        """The matrix with codes replaced by their statistics."""
        told = matrix.copy()
        for place, values in self.by_place.items():
            told[:, place] = values[_codes(matrix[:, place], len(values) - 1)]
        return told


def stated_places(rows: Rows) -> tuple[int, ...]:
    """Categories of many words: those that are told by statistics."""
    return tuple(
        place
        for place in categorical_places(rows.features)
        if len(rows.features[place].vocabulary) >= WORDS_MIN
    )


def statistics_of(rows: Rows) -> CategoryStatistics:
    """What unseen rows are told: the statistics over all of `rows`."""
    label, weight = _label_and_weight(rows)
    base = np.average(label, weights=weight)
    by_place = {}
    for place in stated_places(rows):
        words = len(rows.features[place].vocabulary)
        code = _codes(rows.matrix[:, place], words)
        count = np.bincount(code, weight, words + 1)
        bads = np.bincount(code, weight * label, words + 1)
        by_place[place] = (bads + PSEUDO_ROWS * base) / (count + PSEUDO_ROWS)
    return CategoryStatistics(by_place)


def ordered(rows: Rows, *, seed: int) -> Any:
    """The matrix of rows that teach: each is told what the rows before it, in one shuffle, tell."""
    random = np.random.default_rng(seed)
    label, weight = _label_and_weight(rows)
    base = np.average(label, weights=weight)
    told = rows.matrix.copy()
    for place in stated_places(rows):
        words = len(rows.features[place].vocabulary)
        shuffle = random.permutation(len(label))
        code = _codes(rows.matrix[shuffle, place], words)
        count = _before(code, weight[shuffle])
        bads = _before(code, (weight * label)[shuffle])
        told[shuffle, place] = (bads + PSEUDO_ROWS * base) / (count + PSEUDO_ROWS)
    return told


def _before(code: Any, amount: Any) -> Any:
    """The sum of `amount` over earlier rows of the same code."""
    order = np.argsort(code, kind="stable")
    summed = np.cumsum(amount[order]) - amount[order]
    first = np.r_[True, np.diff(code[order]) != 0]
    start = summed[first][np.cumsum(first) - 1]
    found = np.empty(len(code))
    found[order] = summed - start
    return found


def _codes(column: Any, words: int) -> Any:
    known = ~np.isnan(column) & (column >= 0) & (column < words)
    return np.where(known, column, words).astype(np.int64)


def _label_and_weight(rows: Rows) -> tuple[Any, Any]:
    label = rows.label.astype(np.float64)
    return label, np.ones(len(label)) if rows.weight is None else rows.weight
