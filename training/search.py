"""How boldly to boost: fixed ways from timid to deep, and one searched for within a budget."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from credit.progress import Progress
from models.measures import log_loss
from training.boosted import Setting
from training.fit import (
    Fold,
    Parameters,
    Rows,
    boost,
    each_fold,
    fold_of,
    folds_of,
    margin,
)

SEARCH_RATE, FINAL_RATE = 0.1, 0.05
PATIENCE = 25
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
DEEP = {
    "num_leaves": 63,
    "min_data_in_leaf": 5,
    "lambda_l2": 1.0,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.9,
    "cat_smooth": 10.0,
}
WAYS = {"timid": TIMID, "middle": MIDDLE, "bold": BOLD, "deep": DEEP}


def settings(rows: int) -> tuple[Setting, ...]:
    """The fixed ways, from timid to deep, with leaves that so many rows can fill."""
    leaf_max = _leaf_max(rows)
    return tuple(
        Setting(
            name,
            way
            | {"min_data_in_leaf": min(way["min_data_in_leaf"], leaf_max)}
            | {"learning_rate": FINAL_RATE},
        )
        for name, way in WAYS.items()
    )


def tuned(
    rest: Rows, fixed: Parameters, *, trials: int, seed: int, progress: Progress | None = None
) -> tuple[Setting, ...]:
    """The way with least log loss of `trials`, judged across folds; none for no trials.

    The fixed ways come first, and what they tell guides the rest (TPE, Bergstra 2011).
    """
    if trials == 0:
        return ()
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    folds = _folds(rest, seed)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, multivariate=False))
    leaf_max = _leaf_max(len(rest.label))
    for way in settings(len(rest.label))[:trials]:
        start = {name: value for name, value in way.parameters.items() if name != "learning_rate"}
        study.enqueue_trial(start)

    def loss(trial: Any) -> float:
        found = _loss(folds, {**fixed, **suggested(trial, leaf_max), "learning_rate": SEARCH_RATE})
        if progress is not None:
            progress("search", (trial.number + 1) / trials)
        return found

    study.optimize(loss, n_trials=trials)
    return (Setting("tuned", study.best_params | {"learning_rate": FINAL_RATE}),)


def suggested(trial: Any, leaf_max: int) -> Mapping[str, Any]:
    """One way of the search space, in which no leaf must hold more than `leaf_max` rows."""
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


def _loss(folds: list[Fold], parameters: Parameters) -> float:
    """Log loss over all judged rows."""

    def one(fold: Fold) -> float:
        booster = boost(fold, parameters, patience=PATIENCE)
        chance = 1 / (1 + np.exp(-margin(booster, fold.unseen.matrix)))
        return log_loss(fold.unseen.label, chance) or 0.0

    weights = [len(fold.unseen.label) for fold in folds]
    return float(np.average(list(each_fold(one, folds)), weights=weights))


def _folds(rows: Rows, seed: int) -> list[Fold]:
    """Folds to judge by: fewer where rows are many."""
    some = _thinned(rows, seed)
    fold = folds_of(some, folds=FOLDS, seed=seed)
    used = max(1, min(FOLDS, ROWS_MAX // len(some.label)))
    return [
        fold_of(some.take(np.flatnonzero(fold != place)), some.take(np.flatnonzero(fold == place)))
        for place in range(used)
    ]


def _thinned(rows: Rows, seed: int) -> Rows:
    if len(rows.label) <= ROWS_MAX:
        return rows
    kept = np.random.default_rng(seed).permutation(len(rows.label))[:ROWS_MAX]
    return rows.take(np.sort(kept))
