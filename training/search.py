"""How boldly to boost: a small search within a budget, judged on rows it does not fit."""

from typing import Any

import numpy as np

from models.measures import log_loss
from training.fit import (
    Fold,
    Parameters,
    Progress,
    Rows,
    boost,
    each_fold,
    fixed_parameters,
    fold_of,
    folds_of,
    margin,
)

SEARCH_RATE, FINAL_RATE = 0.1, 0.05
PATIENCE = 25
BADS_FOR_ONE_JUDGE = 300  # below this, valid rows alone are too few to tell settings apart
ROWS_MAX = 40_000  # a trial fits no more rows than this, over all its folds
FOLDS = 4
LEAF_MIN = 5
TIMID = {
    "num_leaves": 4,
    "min_data_in_leaf": 40,
    "lambda_l2": 20.0,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "cat_smooth": 30.0,
}
MIDDLE = {
    "num_leaves": 12,
    "min_data_in_leaf": 60,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "cat_smooth": 20.0,
}
BOLD = {
    "num_leaves": 31,
    "min_data_in_leaf": 80,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "cat_smooth": 10.0,
}


def search(
    train: Rows, valid: Rows, *, trials: int, seed: int, progress: Progress | None = None
) -> dict[str, Any]:
    """LightGBM parameters for the final fit: of `trials` settings the one with least log loss.

    Judged on `valid`, or, where that holds few bads, across folds of train and valid together.
    The first three settings are fixed: middle, timid and bold; with no trials, the first is it.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rows = len(train.label) + len(valid.label)
    fixed = fixed_parameters(train.features, rows=rows, seed=seed)
    judge = _Judge(train, valid, seed=seed)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, multivariate=False))
    starts = (MIDDLE, TIMID, BOLD) if judge.few else (MIDDLE, BOLD, TIMID)
    leaf_max = _leaf_max(rows)
    first = [
        start | {"min_data_in_leaf": min(start["min_data_in_leaf"], leaf_max)} for start in starts
    ]
    if trials == 0:
        return fixed | first[0] | {"learning_rate": FINAL_RATE}
    for start in first[:trials]:
        study.enqueue_trial(start)

    def loss(trial: Any) -> float:
        found = judge.loss(fixed | suggested(trial, leaf_max) | {"learning_rate": SEARCH_RATE})
        if progress is not None:
            progress("search", (trial.number + 1) / trials)
        return found

    study.optimize(loss, n_trials=trials)
    return fixed | study.best_params | {"learning_rate": FINAL_RATE}


def suggested(trial: Any, leaf_max: int) -> dict[str, Any]:
    """One setting of the search space, in which no leaf must hold more than `leaf_max` rows."""
    return {
        "num_leaves": trial.suggest_int("num_leaves", 3, 63, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", LEAF_MIN, leaf_max, log=True),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.1, 100.0, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.15, 1.0),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
        "cat_smooth": trial.suggest_float("cat_smooth", 1.0, 100.0, log=True),
    }


def _leaf_max(rows: int) -> int:
    """Fewer rows allow smaller leaves, else no tree could part the few bads from the goods."""
    return max(2 * LEAF_MIN, min(400, rows // 20))


class _Judge:
    """Tells settings apart by log loss on rows that were not fitted."""

    def __init__(self, train: Rows, valid: Rows, *, seed: int) -> None:
        self.few = int(valid.label.sum()) < BADS_FOR_ONE_JUDGE
        if self.few:
            self._folds = _crossed(_joined(train, valid), seed)
        else:
            self._folds = [fold_of(_thinned(train, seed), valid)]

    def loss(self, parameters: Parameters) -> float:
        """Log loss over all judged rows."""

        def one(fold: Fold) -> float:
            booster = boost(fold, parameters, patience=PATIENCE)
            chance = 1 / (1 + np.exp(-margin(booster, fold.unseen.matrix)))
            return log_loss(fold.unseen.label, chance) or 0.0

        weights = [len(fold.unseen.label) for fold in self._folds]
        return float(np.average(list(each_fold(one, self._folds)), weights=weights))


def _joined(train: Rows, valid: Rows) -> Rows:
    entity = None if train.entity is None else np.concatenate([train.entity, valid.entity])
    return Rows(
        np.concatenate([train.matrix, valid.matrix]),
        np.concatenate([train.label, valid.label]),
        train.features,
        entity,
    )


def _crossed(rows: Rows, seed: int) -> list[Fold]:
    fold = folds_of(rows, folds=FOLDS, seed=seed)
    used = max(1, min(FOLDS, ROWS_MAX // len(rows.label)))
    return [
        fold_of(rows.take(np.flatnonzero(fold != place)), rows.take(np.flatnonzero(fold == place)))
        for place in range(used)
    ]


def _thinned(train: Rows, seed: int) -> Rows:
    if len(train.label) <= ROWS_MAX:
        return train
    kept = np.random.default_rng(seed).permutation(len(train.label))[:ROWS_MAX]
    return train.take(np.sort(kept))
