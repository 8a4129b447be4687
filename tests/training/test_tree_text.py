"""LightGBM's texts summed and reworded: not a margin changes."""

from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.errors import InputError
from training.ranking.trees import averaged, weighted, worded

WORDS = 70  # more than one and two of LightGBM's 32-bit words
CLOSE = 1e-9
SHARE = st.integers(-20, 20).map(lambda tenths: tenths / 10)


def columns(seed: int, rows: int = 600) -> tuple[Any, Any]:
    """A number, a category of many words, one of few and noise, all with missing values; labels."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, 4))
    matrix[:, 1], matrix[:, 2] = random.integers(0, WORDS, rows), random.integers(0, 4, rows)
    told = np.sin(matrix[:, 1]) + matrix[:, 0] + (matrix[:, 2] == 3) + random.normal(size=rows)
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    return matrix, (told > 0.3).astype(int)


def boosted(matrix: Any, label: Any, *, seed: int = 0, rounds: int = 15) -> lgb.Booster:
    data = lgb.Dataset(
        matrix, label, categorical_feature=[2], feature_name=[f"f{place}" for place in range(4)]
    )
    asked = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": seed}
    asked |= {"num_leaves": 15, "min_data_in_leaf": 5, "deterministic": True}
    return lgb.train(asked, data, rounds)


@pytest.fixture(scope="module")
def boosters() -> tuple[lgb.Booster, ...]:
    """Three, the last of trees without a split."""
    matrix, label = columns(1)
    flat = boosted(matrix[:9], label[:9], rounds=2)
    return boosted(matrix, label), boosted(matrix[200:], label[200:], seed=5), flat


def raw(text_or_booster: Any, matrix: Any) -> Any:
    booster = text_or_booster
    if isinstance(booster, str):
        booster = lgb.Booster(model_str=booster)
    return booster.predict(matrix, raw_score=True, num_threads=1)


@settings(max_examples=25)
@given(
    weights=st.tuples(*[SHARE] * 3),
    intercept=SHARE,
)
def test_a_weighted_sum_of_texts_has_the_weighted_sum_of_margins(
    boosters: tuple[lgb.Booster, ...], weights: tuple[float, ...], intercept: float
) -> None:
    matrix, _ = columns(2, rows=100)
    text = weighted([b.model_to_string() for b in boosters], weights, intercept=intercept)
    wanted = intercept + sum(w * raw(b, matrix) for w, b in zip(weights, boosters, strict=True))
    assert raw(text, matrix) == pytest.approx(wanted, abs=CLOSE)
    one = lgb.Booster(model_str=text)
    assert one.model_to_string() == text
    added = one.predict(matrix, pred_contrib=True, num_threads=1)
    assert added.sum(axis=1) == pytest.approx(wanted, abs=CLOSE)


def test_the_average_is_the_mean_and_of_one_is_itself(boosters: tuple[lgb.Booster, ...]) -> None:
    matrix, _ = columns(3, rows=100)
    texts = [booster.model_to_string() for booster in boosters]
    mean = np.mean([raw(booster, matrix) for booster in boosters], axis=0)
    assert raw(averaged(texts), matrix) == pytest.approx(mean, abs=CLOSE)
    assert averaged(texts[:1]) == texts[0]


def test_models_of_other_features_are_not_summed(boosters: tuple[lgb.Booster, ...]) -> None:
    text = boosters[0].model_to_string()
    other = text.replace("feature_names=f0 f1", "feature_names=f1 f0")
    with pytest.raises(InputError, match="read other features"):
        averaged([text, other])


@settings(max_examples=25)
@given(seed=st.integers(0, 9), missing=st.sampled_from([0.0, 0.31, 0.5, 1.0, float("nan")]))
def test_splits_on_a_statistic_become_splits_on_words(seed: int, missing: float) -> None:
    matrix, label = columns(seed)
    statistics = np.append(np.random.default_rng(seed).random(WORDS), missing)
    booster = boosted(told(matrix, statistics), label, rounds=5)
    text = worded(booster.model_to_string(), {1: statistics})
    unseen, _ = columns(seed + 50, rows=200)
    unseen[:20, 1] = WORDS + np.arange(20)
    numbers = told(unseen, statistics)
    assert raw(text, unseen) == pytest.approx(raw(booster, numbers), abs=CLOSE)
    added = [
        one.predict(rows, pred_contrib=True, num_threads=1)
        for one, rows in ((lgb.Booster(model_str=text), unseen), (booster, numbers))
    ]
    assert added[0] == pytest.approx(added[1], abs=CLOSE)
    assert lgb.Booster(model_str=text).model_to_string() == text


def told(matrix: Any, statistics: Any) -> Any:
    """The matrix with the second column's codes as their statistics."""
    numbers, code = matrix.copy(), matrix[:, 1]
    known = ~np.isnan(code) & (code < WORDS)
    numbers[:, 1] = statistics[np.where(known, code, WORDS).astype(int)]
    return numbers
