"""What Vouch is compared with: each learns from the rows before the split and ranks the test."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.ranking.rows import FEW_ROWS, Division
from models.measures import log_loss

ROUNDS_MAX, PATIENCE, RATE = 2_000, 50, 0.05
REVISION = "1"  # of the settings below; the cache asks for it
LIGHTGBM_GRID = {
    "num_leaves": [4, 8, 16, 31, 63],
    "min_data_in_leaf": [20, 100],
}
XGBOOST_GRID = {
    "max_depth": [2, 3, 4, 6],
    "min_child_weight": [1, 20],
}
THREADS = 1  # where cores are shared, threads wait for each other longer than they work
WORDS_OF_ONE_HOT = 10  # rarer words share a column
SCORECARD_CUTOFF = 0.01


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool: its distribution's name (its version names the figure) and how it is used."""

    name: str
    distribution: str
    probabilities: Callable[[Division], Any]
    dear: bool = False


@dataclass(frozen=True, slots=True)
class _Sides:
    """Frames and labels of both sides; text is categories known from the rows before the split."""

    seen: Any
    label: Any
    unseen: Any


def _sides(division: Division, *, categories: bool = True) -> _Sides:
    seen, unseen = division.frame.iloc[division.rest], division.frame.iloc[division.test]
    if categories:
        import pandas as pd

        for name in _texts(division.frame):
            known = pd.CategoricalDtype(sorted(seen[name].dropna().astype(str).unique()))
            seen = seen.assign(**{name: seen[name].astype(known)})
            unseen = unseen.assign(**{name: unseen[name].astype(known)})
    return _Sides(seen, division.label[division.rest].astype(float), unseen)


def _texts(frame: Any) -> list[str]:
    return [name for name in frame.columns if frame[name].dtype == object]


def _logistic(division: Division) -> Any:
    """One-hot words, standardised numbers, medians and flags for what is missing; ridge of 1."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    sides = _sides(division, categories=False)
    words = _texts(division.frame)
    numbers = [name for name in division.frame.columns if name not in words]
    fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=WORDS_OF_ONE_HOT)
    design = ColumnTransformer(
        [
            ("numbers", make_pipeline(fill, StandardScaler()), numbers),
            ("words", one_hot, words),
        ]
    )
    model = make_pipeline(design, LogisticRegression(max_iter=1_000))
    seen, unseen = _spelt(sides.seen, words), _spelt(sides.unseen, words)
    return model.fit(seen, sides.label).predict_proba(unseen)[:, 1]


def _spelt(frame: Any, words: Sequence[str]) -> Any:
    return frame.assign(**{name: frame[name].fillna("(missing)").astype(str) for name in words})


def _lightgbm(division: Division) -> Any:
    import lightgbm as lgb

    sides = _sides(division)
    data = lgb.Dataset(sides.seen, sides.label)
    return lgb.train(_LIGHTGBM, data, num_boost_round=100).predict(sides.unseen)


_LIGHTGBM = {"objective": "binary", "verbosity": -1, "num_threads": THREADS, "seed": 0}
_SAMPLED = {"learning_rate": RATE, "feature_fraction": 0.7, "bagging_fraction": 0.8}


def _lightgbm_grid(division: Division) -> Any:
    """The setting and number of rounds with the least log loss across folds, fitted on all."""
    import lightgbm as lgb

    sides = _sides(division)

    def fit(rows: Any, stop: Any | None, setting: Mapping[str, Any], rounds: int) -> Any:
        chosen = {**_LIGHTGBM, **_SAMPLED, "bagging_freq": 1, **setting}
        chosen["metric"] = "binary_logloss"
        data = lgb.Dataset(sides.seen.iloc[rows], sides.label[rows])
        if stop is None:
            return lgb.train(chosen, data, num_boost_round=rounds)
        held_out = lgb.Dataset(sides.seen.iloc[stop], sides.label[stop], reference=data)
        patience = [lgb.early_stopping(PATIENCE, verbose=False)]
        return lgb.train(chosen, data, rounds, valid_sets=[held_out], callbacks=patience)

    def judged(rows: Any, stop: Any, setting: Mapping[str, Any]) -> tuple[float, int]:
        booster = fit(rows, stop, setting, ROUNDS_MAX)
        chance = booster.predict(sides.seen.iloc[stop])
        return log_loss(sides.label[stop], chance) or 0.0, booster.best_iteration

    setting, rounds = _best(sides, LIGHTGBM_GRID, judged)
    return fit(np.arange(len(sides.label)), None, setting, rounds).predict(sides.unseen)


def _xgboost(division: Division) -> Any:
    import xgboost as xgb

    sides = _sides(division)
    data = xgb.DMatrix(sides.seen, sides.label, enable_categorical=True)
    test = xgb.DMatrix(sides.unseen, enable_categorical=True)
    return xgb.train(_XGBOOST, data, num_boost_round=100).predict(test)


_XGBOOST = {"objective": "binary:logistic", "nthread": THREADS, "seed": 0, "tree_method": "hist"}


def _xgboost_grid(division: Division) -> Any:
    """As for LightGBM's grid."""
    import xgboost as xgb

    sides = _sides(division)
    every = xgb.DMatrix(sides.seen, sides.label, enable_categorical=True)
    sampled = {"eta": RATE, "subsample": 0.8, "colsample_bytree": 0.7, "eval_metric": "logloss"}

    def judged(rows: Any, stop: Any, setting: Mapping[str, Any]) -> tuple[float, int]:
        data, held_out = (
            xgb.DMatrix(sides.seen.iloc[side], sides.label[side], enable_categorical=True)
            for side in (rows, stop)
        )
        booster = xgb.train(
            {**_XGBOOST, **sampled, **setting},
            data,
            ROUNDS_MAX,
            evals=[(held_out, "held_out")],
            early_stopping_rounds=PATIENCE,
            verbose_eval=False,
        )
        chance = booster.predict(held_out, iteration_range=(0, booster.best_iteration + 1))
        return log_loss(sides.label[stop], chance) or 0.0, booster.best_iteration + 1

    setting, rounds = _best(sides, XGBOOST_GRID, judged)
    booster = xgb.train({**_XGBOOST, **sampled, **setting}, every, rounds)
    return booster.predict(xgb.DMatrix(sides.unseen, enable_categorical=True))


def _best(
    sides: _Sides,
    grid: Mapping[str, Sequence[Any]],
    judged: Callable[[Any, Any, Mapping[str, Any]], tuple[float, int]],
) -> tuple[dict[str, Any], int]:
    """The grid's setting of least log loss, and its mean number of rounds."""
    from sklearn.model_selection import StratifiedKFold

    folds = 5 if len(sides.label) < FEW_ROWS else 3
    cuts = list(
        StratifiedKFold(folds, shuffle=True, random_state=0).split(sides.label, sides.label)
    )
    found = []
    for values in itertools.product(*grid.values()):
        setting = dict(zip(grid, values, strict=True))
        losses, rounds = zip(*(judged(*cut, setting) for cut in cuts), strict=True)
        found.append((float(np.mean(losses)), round(float(np.mean(rounds))), setting))
    _, rounds, setting = min(found, key=lambda one: one[0])
    return setting, max(1, rounds)


def _catboost(division: Division) -> Any:
    """As it comes: a thousand rounds, ordered statistics of the words."""
    from catboost import CatBoostClassifier

    sides = _sides(division, categories=False)
    words = _texts(division.frame)
    model = CatBoostClassifier(
        cat_features=words,
        thread_count=THREADS,
        random_seed=0,
        verbose=False,
        allow_writing_files=False,
    )
    model.fit(_spelt(sides.seen, words), sides.label)
    return model.predict_proba(_spelt(sides.unseen, words))[:, 1]


def _scorecard(division: Division) -> Any:
    """Optimal bins, weights of evidence, a logistic regression of them."""
    from optbinning import BinningProcess
    from sklearn.linear_model import LogisticRegression

    sides = _sides(division, categories=False)
    words = _texts(division.frame)
    names = list(division.frame.columns)
    process = BinningProcess(
        names,
        categorical_variables=words,
        binning_fit_params={name: {"cat_cutoff": SCORECARD_CUTOFF} for name in words},
    )
    missing = {"metric_missing": "empirical", "metric": "woe"}
    process.fit(sides.seen, sides.label)
    model = LogisticRegression(max_iter=1_000)
    model.fit(process.transform(sides.seen, **missing), sides.label)
    return model.predict_proba(process.transform(sides.unseen, **missing))[:, 1]


PEERS = (
    Peer("logistic", "scikit-learn", _logistic),
    Peer("lightgbm", "lightgbm", _lightgbm),
    Peer("xgboost", "xgboost", _xgboost),
    Peer("optbinning", "optbinning", _scorecard),
    Peer("catboost", "catboost", _catboost, dear=True),
    Peer("lightgbm_grid", "lightgbm", _lightgbm_grid, dear=True),
    Peer("xgboost_grid", "xgboost", _xgboost_grid, dear=True),
)
