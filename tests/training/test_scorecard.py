"""The scorecard and the linear component: no reason turns round, and what is judged is served."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

from models.manifest import ModelFeature
from models.measures import auc
from training.ranking.fit import Rows
from training.ranking.linear import fit_linear
from training.ranking.scorecard import Scorecard, fit_scorecard
from training.ranking.woe import bin_category, bin_number

FEATURES = (
    ModelFeature("income", "number", -1, "income"),
    ModelFeature("arrears", "number", 1, "arrears"),
    ModelFeature("trade", "category", 0, "trade", ("=food", "retail", "travel")),
    ModelFeature("noise", "number", 0, "noise"),
    ModelFeature("against", "number", 1, "against"),
)
FITS = pytest.mark.parametrize("fit", [fit_scorecard, fit_linear])


def lent(rows: int = 3000, *, seed: int = 3) -> Rows:
    """Rows of which income, arrears and trade tell; one column points against its direction."""
    random = np.random.default_rng(seed)
    income, arrears = random.lognormal(8, 0.6, rows), random.poisson(0.6, rows).astype(float)
    trade, noise = random.integers(0, 3, rows).astype(float), random.normal(size=rows)
    margin = -1.5 - 0.9 * (np.log(income) - 8) + 0.8 * arrears + 0.7 * (trade == 2)
    label = (random.random(rows) < 1 / (1 + np.exp(-margin))).astype(np.int64)
    matrix = np.column_stack([income, arrears, trade, noise, random.normal(size=rows) - label])
    matrix[random.random(matrix.shape) < 0.05] = np.nan
    return Rows(matrix, label, FEATURES)


@pytest.fixture(scope="module")
def rows() -> Rows:
    return lent()


@pytest.fixture(scope="module")
def card(rows: Rows) -> Scorecard:
    return fit_scorecard(rows, seed=0)


@FITS
def test_the_text_serves_the_margins_that_were_judged(fit: Any, rows: Rows) -> None:
    model = fit(rows, seed=0)
    booster = lgb.Booster(model_str=model.model_text(FEATURES))
    unseen = lent(seed=4)
    said = booster.predict(unseen.matrix, raw_score=True, num_threads=1)
    assert said == pytest.approx(model.margins(unseen.matrix), abs=1e-9)
    assert auc(unseen.label, said) > 0.7


@FITS
def test_no_column_moves_against_its_direction(fit: Any, rows: Rows) -> None:
    model = fit(rows, seed=0)
    swept = np.linspace(-4, 20000, 9001)
    for place, feature in enumerate(FEATURES):
        term = next((term for term in model.terms if term.place == place), None)
        if term is not None and feature.direction:
            assert (np.diff(term.of(swept)) * feature.direction).min() >= 0, feature.name
            assert (np.diff(term.of(swept / 1000)) * feature.direction).min() >= 0, feature.name


@FITS
def test_the_same_seed_gives_the_same_text(fit: Any, rows: Rows) -> None:
    first, again = (fit(rows, seed=5).model_text(FEATURES) for _ in range(2))
    assert first == again


@FITS
def test_rows_count_by_their_weight(fit: Any, rows: Rows) -> None:
    heavy = replace(rows, weight=np.where(rows.label == 1, 3.0, 1.0))
    plain, weighed = (fit(each, seed=0).margins(rows.matrix) for each in (rows, heavy))
    assert np.mean(weighed - plain) == pytest.approx(np.log(3), abs=0.15)
    alike = replace(rows, weight=np.ones(len(rows.label)))
    assert fit(alike, seed=0).margins(rows.matrix) == pytest.approx(plain, abs=1e-9)


@FITS
def test_a_few_rows_of_noise_teach_next_to_nothing(fit: Any) -> None:
    random = np.random.default_rng(0)
    features = tuple(ModelFeature(f"n{place}", "number", 0, "n") for place in range(20))
    label = (np.arange(300) % 5 == 0).astype(int)
    noise = Rows(random.normal(size=(300, 20)), label, features)
    spread = np.std(fit(noise, seed=0).margins(random.normal(size=(300, 20))))
    assert spread < 0.45


def test_no_coefficient_turns_a_reason_round(card: Scorecard) -> None:
    assert min(card.coefficients) > 0
    columns = {card.features[binned.place].name for binned in card.bins}
    assert {"income", "arrears", "trade"} <= columns
    assert "against" not in columns


def test_a_column_that_only_corrects_another_gets_no_negative_coefficient() -> None:
    random = np.random.default_rng(2)
    debt, noise = random.normal(size=6000), random.normal(size=6000) * 0.7
    label = (random.random(6000) < 1 / (1 + np.exp(1.5 - debt + noise))).astype(int)
    features = tuple(ModelFeature(name, "number", 0, name) for name in ("debt", "blurred"))
    both = Rows(np.column_stack([debt, debt + noise]), label, features)
    found, alone = (
        fit_scorecard(rows, seed=0)
        for rows in (both, replace(both, matrix=both.matrix[:, :1], features=features[:1]))
    )
    assert [found.features[binned.place].name for binned in found.bins] == ["debt"]
    assert found.coefficients == pytest.approx(alone.coefficients, rel=0.02)


def test_points_are_the_margin_on_the_stated_scale(card: Scorecard, rows: Rows) -> None:
    points = card.points(base=600, odds=50, pdo=20)
    of_bin = {(row["column"], row["bin"]): row["points"] for row in points}
    names = list(dict.fromkeys(row["column"] for row in points))
    bins = {name: [row["bin"] for row in points if row["column"] == name] for name in names}
    for row, margin in zip(rows.matrix[:50], card.margins(rows.matrix[:50]), strict=True):
        total = sum(
            of_bin[name, bins[name][binned.bin_of(row[[binned.place]])[0]]]
            for name, binned in zip(names, card.bins, strict=True)
        )
        exact = 600 + 20 / np.log(2) * (-margin - np.log(50))
        assert total == pytest.approx(exact, abs=len(names) / 2)


def test_the_table_counts_every_row_of_every_column(card: Scorecard, rows: Rows) -> None:
    for name in {row["column"] for row in card.points()}:
        mine = [row for row in card.points() if row["column"] == name]
        assert sum(row["rows"] for row in mine) == len(rows.label)
        assert sum(row["bads"] for row in mine) == rows.label.sum()
        assert mine[-1]["bin"] == "missing"


def test_the_table_states_its_scale_and_holds_no_formula(card: Scorecard, tmp_path: Path) -> None:
    card.write_csv(tmp_path / "scorecard.csv")
    with (tmp_path / "scorecard.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert {(row["base_points"], row["base_odds"]) for row in read} == {("600.0", "50.0")}
    assert "'=food" in {row["bin"] for row in read}


def test_a_very_common_value_has_a_bin_of_its_own() -> None:
    random = np.random.default_rng(1)
    column = np.where(random.random(4000) < 0.4, 0.0, random.normal(size=4000))
    label = (random.random(4000) < np.where(column == 0, 0.4, 0.1)).astype(int)
    binned = bin_number(0, column, label, np.ones(4000), direction=0)
    mine = binned.bin_of(np.array([0.0]))[0]
    assert binned.rows[mine] == pytest.approx((column == 0).sum(), rel=0.01)
    assert np.argmax(binned.woe) == mine


def test_rare_words_share_a_bin_and_unknown_ones_are_missing() -> None:
    column = np.array([0.0] * 500 + [1.0] * 480 + [2.0] * 4 + [3.0] * 3 + [np.nan] * 13)
    label = (np.arange(1000) % 4 == 0).astype(int)
    binned = bin_category(0, column, label, np.ones(1000), words=4)
    assert binned.bin_of(np.array([2.0, 3.0])).tolist() == [2, 2]
    assert binned.rows.tolist() == [500, 480, 7, 13]
    assert binned.of(np.array([9.0, np.nan])).tolist() == [binned.woe[-1]] * 2


def test_a_column_without_values_tells_nothing() -> None:
    label = np.array([0, 1] * 50)
    binned = bin_number(0, np.full(100, np.nan), label, np.ones(100), direction=1)
    assert binned.woe == pytest.approx([0.0, 0.0])
