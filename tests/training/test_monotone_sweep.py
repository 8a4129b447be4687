"""A fitted model's directions, swept over real rows at every threshold of its own."""

from collections.abc import Callable
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

from models.forest import read_trees, thresholds
from models.manifest import ModelFeature
from training.ranking.monotone import _moves, _values, sweep, violations

FEATURES = (
    ModelFeature("income", "number", -1, "income"),
    ModelFeature("arrears", "number", 1, "arrears"),
    ModelFeature("trade", "category", 0, "trade", ("food", "retail", "travel", "other")),
    ModelFeature("noise", "number", 0, "noise"),
)


def rows_of(count: int = 1500, *, seed: int = 0) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(count, 4))
    matrix[:, 1] = random.poisson(1.0, count)
    matrix[:, 2] = random.integers(0, 4, count)
    margin = (
        np.sin(3 * matrix[:, 0]) + matrix[:, 1] * (matrix[:, 2] - 1) + random.normal(size=count)
    )
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    return matrix, (margin > 0).astype(int)


def text_of(*, constrained: bool, rounds: int = 40, seed: int = 0, **told: Any) -> str:
    matrix, label = rows_of(seed=seed)
    told = {"objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 15, **told}
    if constrained:
        told |= {"monotone_constraints": [it.direction for it in FEATURES]}
    data = lgb.Dataset(matrix, label, categorical_feature=[2])
    return lgb.train(told, data, rounds).model_to_string()


def test_the_trees_read_from_the_text_add_up_to_lightgbms_margin_to_the_bit() -> None:
    text = text_of(constrained=False)
    matrix, _ = rows_of(400, seed=5)
    matrix[:5, 2] = [-1, 7, 3.9, np.nan, 2]
    columns = np.ascontiguousarray(matrix.T)
    margin = sum(_values(tree, tree.goes_left(columns))[tree.root] for tree in read_trees(text))
    assert np.array_equal(margin, lgb.Booster(model_str=text).predict(matrix, raw_score=True))


def test_a_model_that_kept_its_directions_has_no_violation() -> None:
    matrix, _ = rows_of()
    found = sweep(text_of(constrained=True), FEATURES, matrix, seed=0)
    assert (found.features, found.rows, found.violations) == (("income", "arrears"), 1500, ())
    assert found.steps > 20


def test_a_model_that_was_told_no_direction_is_caught_in_both() -> None:
    matrix, _ = rows_of()
    assert violations(text_of(constrained=False), FEATURES, matrix, seed=0) == ("income", "arrears")


@pytest.mark.parametrize("method", ["basic", "intermediate", "advanced"])
def test_the_sweep_says_of_each_method_what_lightgbm_itself_predicts(
    method: str, runs: Callable[..., int]
) -> None:
    """Held against plain predictions at every threshold, just below and just above."""
    for seed in range(runs(full=40, short=3)):
        text = text_of(constrained=True, seed=seed, monotone_constraints_method=method)
        matrix, _ = rows_of(60, seed=seed)
        found = sweep(text, FEATURES, matrix, seed=0)
        assert found.violations == brute_force(text, matrix)


def test_every_move_of_every_row_is_the_one_that_lightgbm_predicts() -> None:
    text, (matrix, _) = text_of(constrained=False, rounds=12), rows_of(30, seed=9)
    booster, trees = lgb.Booster(model_str=text), read_trees(text)
    asked = thresholds(trees)
    for place, moves in _moves(trees, asked, np.ascontiguousarray(matrix.T)).items():
        for cut, moved in zip(asked[place], moves, strict=True):
            below, above = matrix.copy(), matrix.copy()
            below[:, place], above[:, place] = cut, np.nextafter(cut, np.inf)
            was, becomes = (booster.predict(rows, raw_score=True) for rows in (below, above))
            assert np.abs(becomes - was - moved).max() < 1e-9


def test_a_bump_between_two_quantiles_is_seen() -> None:
    """One leaf that only few values reach: no step from quantile to quantile would land in it."""
    matrix = np.zeros((2000, 1))
    matrix[:, 0] = np.repeat([0.0, 1.0], 1000)
    matrix[:3, 0] = 0.5
    label = (matrix[:, 0] > 0.9).astype(int)
    label[:3] = 1
    told = {"objective": "binary", "verbose": -1, "min_data_in_leaf": 1, "min_data_in_bin": 1}
    label[1000:1400] = 0
    text = lgb.train(told, lgb.Dataset(matrix, label), 5).model_to_string()
    feature = (ModelFeature("x", "number", 1, "x"),)
    assert violations(text, feature, matrix, seed=0) == ("x",)


def test_nothing_constrained_or_no_rows_is_nothing_to_sweep() -> None:
    free = tuple(ModelFeature(it.name, it.dtype, 0, it.reason, it.vocabulary) for it in FEATURES)
    text = text_of(constrained=False)
    assert violations(text, free, rows_of()[0], seed=0) == ()
    assert violations(text, FEATURES, rows_of()[0][:0], seed=0) == ()
    assert sweep(text, free, rows_of()[0], seed=0).features == ()


def brute_force(text: str, matrix: Any) -> tuple[str, ...]:
    booster, asked = lgb.Booster(model_str=text), thresholds(read_trees(text))
    wrong = []
    for place, feature in enumerate(FEATURES):
        if not feature.direction or place not in asked:
            continue
        swept = np.repeat(matrix[None], 2 * len(asked[place]), axis=0)
        below_and_above = np.stack([asked[place], np.nextafter(asked[place], np.inf)], axis=1)
        swept[:, :, place] = below_and_above.reshape(-1, 1)
        margins = booster.predict(swept.reshape(-1, 4), raw_score=True).reshape(len(swept), -1)
        if (np.diff(margins, axis=0) * feature.direction < -1e-9).any():
            wrong.append(feature.name)
    return tuple(wrong)
