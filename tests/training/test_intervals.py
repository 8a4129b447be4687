"""Intervals are those of a plain bootstrap, and hold the truth as often as they say."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from models.measures import ece, ks, measure, ranked
from training.judging.intervals import (
    auc_difference_interval,
    auc_interval,
    differences,
    draws_for,
    intervals,
)

RANDOM = np.random.default_rng(11)


def _rows(count, *, seed=0, spread=2.0):
    random = np.random.default_rng(seed)
    chance = random.beta(spread, 6, count)
    return (random.random(count) < chance).astype(int), chance


def _plainly(label, chance, draws, seed):
    """Each draw's figures by other libraries, the draws themselves being the same."""
    order = ranked(chance)
    label, chance = label[order], chance[order]
    drawn = np.random.default_rng(seed).integers(0, len(label), (draws, len(label)))
    found = []
    for rows in drawn:
        y, p = label[rows], chance[rows]
        found.append((roc_auc_score(y, p), ks(y, p), brier_score_loss(y, p), log_loss(y, p)))
    return np.quantile(np.array(found), [0.025, 0.975], axis=0)


@pytest.mark.parametrize("ties", [False, True])
def test_intervals_agree_with_a_plain_bootstrap(ties):
    label, chance = _rows(150)
    chance = np.round(chance, 1).clip(0.05, 0.95) if ties else chance
    found = intervals(label, chance, seed=4, draws=80)
    low, high = _plainly(label, chance, 80, 4)
    for place, name in enumerate(("auc", "ks", "brier", "log_loss")):
        if name != "ks":
            assert found[name]["low"] == pytest.approx(low[place])
            assert found[name]["high"] == pytest.approx(high[place])
    assert found["ks"]["high"] - found["ks"]["low"] == pytest.approx(high[1] - low[1])
    assert found["gini"]["low"] == pytest.approx(2 * low[0] - 1)


def test_an_interval_holds_the_truth_about_as_often_as_it_says():
    truth = 0.25 * RANDOM.random(40_000) + 0.05
    area = roc_auc_score(RANDOM.random(40_000) < truth, truth)
    held = 0
    for seed in range(60):
        rows = RANDOM.integers(0, len(truth), 500)
        label = (RANDOM.random(500) < truth[rows]).astype(int)
        found = intervals(label, truth[rows], seed=seed, draws=120)["auc"]
        held += found["low"] <= area <= found["high"]
    assert held >= 50


@pytest.mark.parametrize("seed", range(6))
def test_an_interval_holds_its_own_figure_even_where_a_score_says_nothing(seed):
    random = np.random.default_rng(seed)
    label, chance = (random.random(300) < 0.25).astype(int), 0.2 + 0.1 * random.random(300)
    found, figures = intervals(label, chance, seed=seed, draws=100), measure(label, chance)
    for name in ("auc", "gini", "ks", "brier", "log_loss", "ece"):
        assert found[name]["low"] <= figures[name] <= found[name]["high"], name


def test_true_probabilities_stay_under_what_chance_allows_of_calibration_error():
    over = 0
    for seed in range(40):
        label, chance = _rows(600, seed=seed)
        over += ece(label, chance) > intervals(label, chance, seed=1, draws=100)["ece_by_chance"]
    assert over <= 7


def test_a_better_score_is_better_beyond_chance_and_a_twin_is_not():
    label, chance = _rows(900)
    worse = np.clip(chance + RANDOM.normal(0, 0.3, 900), 0.01, 0.99)
    found = differences(label, chance, worse, seed=0)
    assert found["auc_difference"]["low"] > 0
    assert found["brier_difference"]["high"] < 0
    assert found["log_loss_difference"]["high"] < 0
    twin = differences(label, chance, chance, seed=0)
    for gap in twin.values():
        assert [gap["low"], gap["mean"], gap["high"]] == pytest.approx([0, 0, 0], abs=1e-12)
    alone = auc_difference_interval(label, chance, worse, seed=0)
    assert alone == found["auc_difference"]


def test_differences_are_of_the_same_rows_drawn():
    label, chance = _rows(200)
    other = np.clip(chance + RANDOM.normal(0, 0.05, 200), 0.01, 0.99)
    order = np.argsort(chance, kind="stable")
    y, p, q = label[order], chance[order], other[order]
    drawn = np.random.default_rng(2).integers(0, 200, (60, 200))
    plainly = [roc_auc_score(y[at], p[at]) - roc_auc_score(y[at], q[at]) for at in drawn]
    found = auc_difference_interval(label, chance, other, seed=2, draws=60)
    assert found["mean"] == pytest.approx(roc_auc_score(y, p) - roc_auc_score(y, q))
    assert [found["low"], found["high"]] == pytest.approx(np.quantile(plainly, [0.025, 0.975]))


def test_sides_turn_with_the_models():
    label, chance = _rows(300)
    other = np.clip(chance + RANDOM.normal(0, 0.1, 300), 0.01, 0.99)
    here = differences(label, chance, other, seed=0, draws=60)
    there = differences(label, other, chance, seed=0, draws=60)
    for name, gap in here.items():
        assert gap["mean"] == pytest.approx(-there[name]["mean"])


@given(st.integers(1, 40), st.integers(0, 40), st.booleans())
@settings(max_examples=30, deadline=None)
def test_few_rows_one_class_and_ties_are_undefined_and_no_error(rows, bads, level):
    label = (np.arange(rows) < bads).astype(int)
    chance = np.full(rows, 0.3) if level else np.linspace(0.1, 0.9, rows)
    found = intervals(label, chance, seed=0, draws=20)
    if label.min() == label.max():
        assert found["auc"] == {"low": None, "high": None}
    assert found["brier"]["low"] <= found["brier"]["high"]
    assert differences(label, chance, chance, seed=0, draws=5)["brier_difference"]["mean"] == 0
    auc_interval(label, chance)


def test_the_auc_of_few_rows_has_an_error_only_where_it_can_be_known():
    label, chance = _rows(400)
    told = auc_interval(label, chance)
    again = intervals(label, chance, seed=0)["auc"]
    assert told["auc_low"] == pytest.approx(again["low"], abs=0.015)
    assert told["auc_high"] == pytest.approx(again["high"], abs=0.015)
    few = auc_interval(np.array([1, 0, 0, 0, 0, 0, 0]), np.linspace(0, 1, 7))
    assert few["auc"] == 0
    assert few["auc_low"] is None


def test_work_is_bounded_and_equal_seeds_give_equal_figures():
    assert draws_for(45_000) * 45_000 <= 12_000_000
    label, chance = _rows(4_000)
    started = time.process_time()
    first = intervals(label, chance, seed=3)
    assert time.process_time() - started < 5, "about half a second on a quiet machine"
    assert first == intervals(label, chance, seed=3)
    assert first != intervals(label, chance, seed=4)
