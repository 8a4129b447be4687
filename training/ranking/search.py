"""One way more: searched for within a budget of trials, judged on rows it does not fit."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from credit.progress import Progress
from training.ranking.boosted import Bench, try_out
from training.ranking.cuts import Cut
from training.ranking.fit import Rows, folds_of
from training.ranking.ways import RATE, WORDS, Way, patience_for, ways_for

SEARCH_RATE = 0.1
ROWS_MAX = 40_000  # a trial fits no more rows than this, over all its folds
FOLDS = 4
LEAF_MIN = 2
DEPTH_MAX = 8


def tuned(
    rest: Rows,
    fixed: Mapping[str, Any],
    *,
    trials: int,
    seed: int,
    progress: Progress | None = None,
) -> tuple[Way, ...]:
    """The new way with least held-out loss of `trials`; none where these are but the fixed ones.

    The fixed ways come first, and what they tell guides the rest (TPE, Bergstra et al. 2011).
    """
    starts = ways_for(len(rest.label), stated=False)
    if trials <= len(starts):
        return ()
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rows = _thinned(rest, seed)
    bench = Bench(rows, _cuts(rows, seed), fixed, seed)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, multivariate=False))
    leaf_max = max(2 * LEAF_MIN, min(400, len(rest.label) // 20))
    for way in starts:
        study.enqueue_trial(_start(way, leaf_max))
    patience = max(20, patience_for(len(rows.label)) // 3)

    def loss(trial: Any) -> float:
        asked = {**_suggested(trial, leaf_max), "learning_rate": SEARCH_RATE}
        found = try_out(bench, Way("tuned", asked, patience=patience)).loss
        if progress is not None:
            progress("search", (trial.number + 1) / trials)
        return found

    study.optimize(loss, n_trials=trials)
    found = min(study.trials[len(starts) :], key=lambda trial: trial.value)
    best = {**WORDS, "max_depth": DEPTH_MAX, **found.params, "learning_rate": RATE}
    return (Way("tuned", best, patience=patience_for(len(rest.label))),)


def _suggested(trial: Any, leaf_max: int) -> Mapping[str, Any]:
    """One way of the search space, in which no leaf must hold more than `leaf_max` rows."""
    return {
        **WORDS,
        "max_depth": DEPTH_MAX,
        "num_leaves": trial.suggest_int("num_leaves", 3, 63, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", LEAF_MIN, leaf_max, log=True),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.3, 50.0, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.2, 1.0),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
        "cat_smooth": trial.suggest_float("cat_smooth", 1.0, 60.0, log=True),
        "extra_trees": trial.suggest_categorical("extra_trees", [False, True]),
    }


def _start(way: Way, leaf_max: int) -> dict[str, Any]:
    """A fixed way as a point of the search space."""
    asked = {
        name: value
        for name, value in way.parameters.items()
        if name in {"num_leaves", "lambda_l2", "feature_fraction", "bagging_fraction", "cat_smooth"}
    }
    leaf = min(way.parameters["min_data_in_leaf"], leaf_max)
    extra = bool(way.parameters.get("extra_trees"))
    return {**asked, "min_data_in_leaf": leaf, "extra_trees": extra}


def _cuts(rows: Rows, seed: int) -> tuple[Cut, ...]:
    """Folds to judge by: fewer where rows are many."""
    fold = folds_of(rows, folds=FOLDS, seed=seed)
    used = max(1, min(FOLDS, ROWS_MAX // len(rows.label)))
    return tuple(
        Cut(np.flatnonzero(fold != place), np.flatnonzero(fold == place)) for place in range(used)
    )


def _thinned(rows: Rows, seed: int) -> Rows:
    if len(rows.label) <= ROWS_MAX:
        return rows
    kept = np.random.default_rng(seed).permutation(len(rows.label))[:ROWS_MAX]
    return rows.take(np.sort(kept))
