"""Additive models as LightGBM's text: its margins are the model's, whatever the row."""

from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.manifest import ModelFeature
from training.ranking.additive import AdditiveModel, Term, mean_of

WORDS = 40
FEATURES = (
    ModelFeature("income", "number", 0, "income"),
    ModelFeature("trade", "category", 0, "trade", tuple(f"w{code}" for code in range(WORDS))),
    ModelFeature("noise", "number", 0, "noise"),
    ModelFeature("age", "number", 0, "age"),
)
CLOSE = 1e-9
ZERO = 1e-30  # LightGBM reads what is below 1e-35 as zero


def plain(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda value: value if abs(value) > ZERO else 0.0)


ADDED, EDGE = plain(-5, 5), plain(-1e12, 1e12)
COUNT = st.integers(0, 500)
SHARE = st.floats(-2, 2)


@st.composite
def number_terms(draw: Any, place: int) -> Term:
    edges = tuple(sorted(draw(st.sets(EDGE, max_size=12))))
    values = tuple(draw(st.lists(ADDED, min_size=len(edges) + 1, max_size=len(edges) + 1)))
    rows = tuple(draw(st.lists(COUNT, min_size=len(edges) + 2, max_size=len(edges) + 2)))
    return Term(place, False, edges, values, draw(ADDED), rows)


@st.composite
def category_terms(draw: Any, place: int) -> Term:
    few = st.sampled_from((-1.0, -0.3, 0.2, 2.5))  # codes often add the same
    values = tuple(draw(st.lists(few | ADDED, min_size=WORDS, max_size=WORDS)))
    rows = tuple(draw(st.lists(COUNT, min_size=WORDS + 1, max_size=WORDS + 1)))
    return Term(place, True, (), values, draw(few | ADDED), rows)


@st.composite
def models(draw: Any) -> AdditiveModel:
    income, age = draw(number_terms(0)), draw(number_terms(3))
    every = (income, draw(category_terms(1)), age)
    return AdditiveModel(every[: draw(st.integers(0, 3))], draw(ADDED))


def rows_for(model: AdditiveModel, *, seed: int) -> Any:
    """Rows with missing values, unknown categories, and values on the edges and beside them."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(120, 4)) * random.choice([1, 1e6, 1e12], (120, 4))
    matrix[:, 1] = random.integers(0, WORDS + 5, 120)
    for term in model.terms:
        if term.edges:
            edges = np.array(term.edges)
            beside = (edges, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf))
            found = np.concatenate(beside)[:120]
            matrix[: len(found), term.place] = found
    matrix[np.abs(matrix) < ZERO] = 0.0
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    matrix[-2:] = [[1e308] * 4, [-1e308, 3, -1e308, -1e308]]
    return matrix


def margins(text: str, matrix: Any) -> Any:
    return lgb.Booster(model_str=text).predict(matrix, raw_score=True, num_threads=1)


@settings(max_examples=25)
@given(model=models(), seed=st.integers(0, 99))
def test_the_text_says_what_the_model_says(model: AdditiveModel, seed: int) -> None:
    matrix = rows_for(model, seed=seed)
    said = margins(model.model_text(FEATURES), matrix)
    assert said == pytest.approx(model.margins(matrix), abs=CLOSE)


@settings(max_examples=25)
@given(model=models(), seed=st.integers(0, 99))
def test_contributions_sum_to_the_margin_and_are_the_terms_less_their_mean(
    model: AdditiveModel, seed: int
) -> None:
    matrix = rows_for(model, seed=seed)
    booster = lgb.Booster(model_str=model.model_text(FEATURES))
    added = booster.predict(matrix, pred_contrib=True, num_threads=1)
    assert added.sum(axis=1) == pytest.approx(model.margins(matrix), abs=CLOSE)
    for term in model.terms:
        told = added[:, term.place] - term.of(matrix[:, term.place])
        assert told == pytest.approx(np.full(len(told), told[0]), abs=CLOSE)


@settings(max_examples=25)
@given(model=models())
def test_lightgbm_writes_the_text_as_it_was_read(model: AdditiveModel) -> None:
    text = model.model_text(FEATURES)
    assert lgb.Booster(model_str=text).model_to_string() == text


@settings(max_examples=25)
@given(several=st.lists(st.tuples(models(), SHARE), min_size=1, max_size=4), seed=st.integers(0, 9))
def test_a_sum_of_additive_models_is_one_with_a_term_a_column(
    several: list[tuple[AdditiveModel, float]], seed: int
) -> None:
    every, shares = [model for model, _ in several], [share for _, share in several]
    merged = mean_of(every, weights=shares)
    matrix = rows_for(merged, seed=seed)
    wanted = sum(share * model.margins(matrix) for model, share in several)
    assert merged.margins(matrix) == pytest.approx(wanted, abs=CLOSE)
    assert margins(merged.model_text(FEATURES), matrix) == pytest.approx(wanted, abs=CLOSE)
    places = [term.place for term in merged.terms]
    assert places == sorted(set(places))


def test_contributions_are_measured_from_the_mean_of_the_training_rows() -> None:
    term = Term(0, False, (0.0,), (-1.0, 2.0), 0.5, (30, 60, 10))
    text = AdditiveModel((term,), 0.25).model_text(FEATURES)
    row = np.array([[1.0, np.nan, np.nan, np.nan]])
    added = lgb.Booster(model_str=text).predict(row, pred_contrib=True)[0]
    mean = (-1.0 * 30 + 2.0 * 60 + 0.5 * 10) / 100
    assert added.tolist() == pytest.approx([2.0 - mean, 0, 0, 0, 0.25 + mean])


def test_the_mean_counts_each_training_row_once() -> None:
    left = Term(0, False, (0.0,), (-1.0, 2.0), 0.5, (30, 60, 10))
    right = Term(0, False, (1.0,), (1.0, 4.0), 0.1, (70, 20, 10))
    (merged,) = mean_of([AdditiveModel((left,), 0.0), AdditiveModel((right,), 0.0)]).terms
    assert merged.edges == (0.0, 1.0)
    assert sum(merged.rows) == pytest.approx(100, abs=2)
    assert merged.rows[-1] == 10
