"""A ridge logistic regression on the columns as they are, its lines written as fine steps."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.manifest import CATEGORY, ModelFeature
from training.ranking.additive import AdditiveModel, Term
from training.ranking.fit import Rows, folds_of
from training.ranking.logistic import (
    Problem,
    chosen_strength,
    fit_ridge,
    fold_count,
    thinned,
    weights_of,
)

FOLDS = 5
STEPS = 128
CLIPPED = 0.005  # of the rows at either end: one outlier must not hold the whole line
WORDS_MAX = 40  # more of a category share what its rare words add
ROWS_MIN = 10
STRENGTHS = (1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0)
PLAIN, RANKED, FLAG = "plain", "ranked", "flag"
SHAPES = ((PLAIN,), (RANKED,), (PLAIN, RANKED))


@dataclass(frozen=True, slots=True)
class _Steps:
    """One column cut into steps, and what each step is to the regression.

    `basis` has a row a step, the missing's last, and a column a kind of `kinds`; those of
    `signed` may only have coefficients >= 0.
    """

    place: int
    categorical: bool
    edges: tuple[float, ...]
    basis: Any
    kinds: tuple[str, ...]
    signed: tuple[bool, ...]
    step: Any

    def term(self, coefficients: Any) -> Term:
        """What the column adds."""
        values = (self.basis @ coefficients).tolist()
        rows = np.bincount(self.step % len(values), minlength=len(values)).tolist()
        return Term(
            self.place, self.categorical, self.edges, tuple(values[:-1]), values[-1], tuple(rows)
        )


def fit_linear(rows: Rows, *, seed: int) -> AdditiveModel:
    """The regression whose shape and ridge have the least log loss on folds not fitted.

    Numbers are clipped and standardised, as they are, by rank, or both; missing values and common
    words have a coefficient each; a direction keeps its coefficients' sign.
    """
    weight = weights_of(rows)
    steps = list(_steps(rows))
    fold = folds_of(rows, folds=fold_count(rows.label, weight, FOLDS), seed=seed)
    kinds = np.array([kind for each in steps for kind in each.kinds])
    signed = np.array([sign for each in steps for sign in each.signed], dtype=bool)
    design = np.column_stack([each.basis[each.step] for each in steps])
    problem = Problem(design, rows.label, weight, signed)
    some, some_fold = thinned(problem, fold, seed=seed)
    judged = {
        shape: chosen_strength(
            some.only(np.isin(kinds, (*shape, FLAG))), some_fold, seed=seed, strengths=STRENGTHS
        )
        for shape in SHAPES
    }
    shape = min(judged, key=lambda each: judged[each][1])
    used = np.isin(kinds, (*shape, FLAG))
    line = fit_ridge(problem.only(used), strength=judged[shape][0])
    coefficients = np.zeros(len(kinds))
    coefficients[used] = line.coefficients
    return _model(steps, coefficients, line.intercept)


def _model(steps: list[_Steps], coefficients: Any, intercept: float) -> AdditiveModel:
    ends = np.cumsum([len(each.kinds) for each in steps])
    parts = np.split(coefficients, ends[:-1])
    terms = [each.term(part) for each, part in zip(steps, parts, strict=True)]
    return AdditiveModel(tuple(terms), intercept)


def _steps(rows: Rows) -> Iterator[_Steps]:
    for place, feature in enumerate(rows.features):
        column = rows.matrix[:, place]
        if feature.dtype == CATEGORY:
            yield _category(place, column, len(feature.vocabulary))
        else:
            yield _number(place, column, feature)


def _category(place: int, column: Any, words: int) -> _Steps:
    step = np.where(np.isnan(column), words, column).astype(np.int64)
    counts = np.bincount(step, minlength=words + 1)
    common = np.argsort(-counts, kind="stable")[:WORDS_MAX]
    common = common[counts[common] >= ROWS_MIN]
    basis = np.eye(words + 1)[:, common]
    kinds, signed = (FLAG,) * len(common), (False,) * len(common)
    return _Steps(place, True, (), basis, kinds, signed, step)


def _number(place: int, column: Any, feature: ModelFeature) -> _Steps:
    known = ~np.isnan(column)
    edges = _edges(column[known])
    step = np.where(known, np.searchsorted(edges, column), len(edges) + 1)
    rows = np.bincount(step, minlength=len(edges) + 2)
    sign = feature.direction or 1
    shapes = [_standard(values, rows[:-1]) * sign for values in _shapes(column, known, step, rows)]
    columns, kinds = [np.append(shape, 0.0) for shape in shapes], [PLAIN, RANKED]
    signed = [bool(feature.direction)] * len(shapes)
    if rows[-1] >= ROWS_MIN:
        columns, kinds, signed = (
            [*columns, np.append(np.zeros(len(edges) + 1), 1.0)], [*kinds, FLAG], [*signed, False]
        )  # fmt: skip
    basis = np.column_stack(columns)
    return _Steps(place, False, tuple(edges.tolist()), basis, tuple(kinds), tuple(signed), step)


def _edges(values: Any) -> Any:
    """Upper edges of the steps, half way to the next value; few values have a step each."""
    if not len(values):
        return np.empty(0)
    own = np.unique(values)
    if len(own) > STEPS:
        cuts = np.quantile(values, np.arange(1, STEPS) / STEPS, method="inverted_cdf")
        last = np.unique(np.searchsorted(own, cuts))
    else:
        last = np.arange(len(own))
    last = last[last < len(own) - 1]
    middle = own[last] + (own[last + 1] - own[last]) / 2
    return np.where(middle < own[last + 1], middle, own[last])


def _shapes(column: Any, known: Any, step: Any, rows: Any) -> tuple[Any, Any]:
    """Each step's mean value, outliers clipped, and its mean rank."""
    values, count = column[known], np.maximum(rows[:-1], 1)
    if not len(values):
        return np.zeros(1), np.zeros(1)
    clipped = np.clip(values, *np.quantile(values, (CLIPPED, 1 - CLIPPED)))
    plain = np.bincount(step[known], clipped, len(rows) - 1) / count
    return plain, np.cumsum(rows[:-1]) - rows[:-1] / 2


def _standard(values: Any, rows: Any) -> Any:
    """Values less their mean, over their spread; nothing where there is no spread."""
    if not rows.sum():
        return np.zeros(len(values))
    away = values - np.average(values, weights=rows)
    spread = np.sqrt(np.average(away**2, weights=rows))
    return away / spread if spread > 0 else np.zeros(len(values))
