"""A quick model: good enough to compare with others made alike, and never served."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.ranking.fit import Rows, boost, each_fold, fixed_parameters, fold_of, folds_of, margin

FOLDS = 3
QUICK: Mapping[str, Any] = {
    "num_leaves": 8,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "learning_rate": 0.1,
    "max_bin": 63,
}
LEAF_ROWS = 30
LEAF_SHARE = 40  # of few rows, a leaf holds one in so many
PATIENCE = 20


@dataclass(frozen=True, slots=True)
class Quick:
    """A quick model: its folds, and P(bad) of each row from folds that did not see it."""

    boosters: tuple[Any, ...]
    out_of_fold: Any

    def probability(self, matrix: Any) -> Any:
        """P(bad) by the mean of the folds' margins, not calibrated."""
        if not len(matrix):
            return np.zeros(0)
        return _chance(np.mean([margin(one, matrix) for one in self.boosters], axis=0))


def quick_fit(rows: Rows, *, seed: int) -> Quick:
    """Three folds of small trees, an entity's rows in one fold, one setting and no search."""
    parameters = fixed_parameters(rows.features, rows=len(rows.label), seed=seed) | {
        **QUICK,
        "min_data_in_leaf": max(2, min(LEAF_ROWS, len(rows.label) // LEAF_SHARE)),
    }
    fold = folds_of(rows, folds=FOLDS, seed=seed)

    def one(place: int) -> Any:
        cut = fold_of(rows.take(fold != place), rows.take(fold == place))
        return boost(cut, parameters, patience=PATIENCE)

    boosters = tuple(each_fold(one, range(FOLDS)))
    held_out = np.zeros(len(rows.label))
    for place, booster in enumerate(boosters):
        held_out[fold == place] = margin(booster, rows.matrix[fold == place])
    return Quick(boosters, _chance(held_out))


def _chance(margins: Any) -> Any:
    return 1 / (1 + np.exp(-margins))
