"""What anyone would try first, fitted on the same rows: logistic regression, default LightGBM."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.signature import categorical_places
from training.ranking.fit import Rows, dataset, threads_for

DEFAULT_ROUNDS = 100
CLIP_LOW, CLIP_HIGH = 0.01, 0.99
LEVELS_MAX = 50


def benchmark_probabilities(rest: Rows, test_matrix: Any, *, seed: int) -> Mapping[str, Any]:
    """P(bad) of the test rows under `logistic` and `lightgbm_default`."""
    return {
        "logistic": _logistic(rest, test_matrix),
        "lightgbm_default": _default_trees(rest, test_matrix, seed),
    }


def _default_trees(rest: Rows, test_matrix: Any, seed: int) -> Any:
    import lightgbm as lgb

    parameters = {
        "objective": "binary",
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads_for(len(rest.label)),
        "verbosity": -1,
    }
    booster = lgb.train(parameters, dataset(rest), num_boost_round=DEFAULT_ROUNDS)
    return booster.predict(test_matrix, num_threads=threads_for(len(test_matrix)))


def _logistic(rest: Rows, test_matrix: Any) -> Any:
    """Clipped, imputed, flagged, standardised numbers and one-hot categories, ridge of 1."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    design = _Design(rest)
    model = LogisticRegression(C=1.0, max_iter=300)
    with threadpool_limits(limits=1):  # figures must not depend on the machine's cores
        model.fit(design.of(rest.matrix), rest.label)
        return model.predict_proba(design.of(test_matrix))[:, 1]


class _Design:
    """The matrix a linear model can read, learnt from training rows."""

    def __init__(self, rest: Rows) -> None:
        coded = set(categorical_places(rest.features))
        numbers = [p for p in range(rest.matrix.shape[1]) if p not in coded]
        self._levels = {p: _common(rest.matrix[:, p]) for p in sorted(coded)}
        shapes = {p: _Shape(rest.matrix[:, p]) for p in numbers}
        self._shape = {p: shape for p, shape in shapes.items() if shape.tells}

    def of(self, matrix: Any) -> Any:
        """Rows in the linear model's terms."""
        columns = []
        for place, shape in self._shape.items():
            columns += shape.columns(matrix[:, place])
        for place, levels in self._levels.items():
            columns += [(matrix[:, place] == level).astype(np.float64) for level in levels]
        return np.column_stack(columns) if columns else np.zeros((len(matrix), 1))


class _Shape:
    """One number's clip, median and spread."""

    def __init__(self, values: Any) -> None:
        known = values[~np.isnan(values)]
        self._flagged = bool(len(known) < len(values))
        if not len(known):
            known = np.zeros(1)
        self._low, self._high = np.quantile(known, [CLIP_LOW, CLIP_HIGH])
        clipped = np.clip(known, self._low, self._high)
        self._middle, self._mean = float(np.median(clipped)), float(clipped.mean())
        self._spread = float(clipped.std()) or 1.0
        varies = bool(clipped.std() > 0) or self._flagged
        self.tells = varies and not np.isnan(values).all()

    def columns(self, values: Any) -> list[Any]:
        """The standardised number and, where training rows lacked some, a flag of missing."""
        unknown = np.isnan(values)
        filled = np.where(unknown, self._middle, np.clip(values, self._low, self._high))
        standard = (filled - self._mean) / self._spread
        return [standard, unknown.astype(np.float64)] if self._flagged else [standard]


def _common(codes: Any) -> Any:
    levels, counts = np.unique(codes[~np.isnan(codes)], return_counts=True)
    return levels[np.argsort(-counts, kind="stable")][:LEVELS_MAX]
