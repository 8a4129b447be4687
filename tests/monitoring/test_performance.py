"""What was promised against what came, with honest doubt."""

from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.stats import binomtest

from models.measures import wilson
from monitoring.performance import _Z, bad_rate, perform

CHANCE = np.random.default_rng(9)


def _draw(rows: int, lift: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    said = CHANCE.beta(1.2, 12, rows)
    return said, (CHANCE.random(rows) < np.minimum(said * lift, 1)).astype(float)


def test_the_interval_is_wilsons() -> None:
    exact = binomtest(37, 800).proportion_ci(confidence_level=0.99, method="wilson")
    assert wilson(37, 800, deviations=_Z) == pytest.approx((exact.low, exact.high))


def test_true_probabilities_seldom_lie_three_errors_from_what_comes() -> None:
    errors = [abs(bad_rate(*_draw(400), training_bads=1000).z) for _ in range(400)]
    assert sum(error > 3 for error in errors) <= 5
    assert sum(error > 1 for error in errors) > 60


def test_doubled_risk_is_far_from_what_was_promised() -> None:
    found = bad_rate(*_draw(3000, lift=2.0), training_bads=1000)
    assert found.ratio == pytest.approx(2, abs=0.3)
    assert found.z > 6


def test_a_model_that_learnt_from_few_bads_is_held_less_strictly() -> None:
    said, bad = _draw(3000, lift=1.5)
    assert bad_rate(said, bad, training_bads=40).z < bad_rate(said, bad, training_bads=4000).z


def test_the_promised_gini_is_met_by_true_probabilities_and_not_by_shuffled_ones() -> None:
    said, bad = _draw(4000)
    moments = [datetime(2026, 1, 1, tzinfo=UTC)] * 4000
    true = perform(moments, said, bad, training_bads=500, seed=1).ranking
    assert true.low < true.gini
    lost = perform(moments, CHANCE.permutation(said), bad, training_bads=500, seed=1).ranking
    assert lost.gini < lost.low


def test_rows_are_told_by_month_and_sum_to_all() -> None:
    said, bad = _draw(300)
    moments = [datetime(2026, 1 + place // 100, 5, tzinfo=UTC) for place in range(300)]
    found = perform(moments, said, bad, training_bads=500, seed=1)
    assert [month.month for month in found.months] == ["2026-01", "2026-02", "2026-03"]
    assert sum(month.rate.bads for month in found.months) == found.rate.bads


def test_nothing_matured_is_no_performance_and_one_class_no_ranking() -> None:
    assert perform([], np.array([]), np.array([]), training_bads=10, seed=1) is None
    moments = [datetime(2026, 1, 1, tzinfo=UTC)] * 3
    found = perform(moments, np.full(3, 0.1), np.zeros(3), training_bads=10, seed=1)
    assert found.ranking is None
    assert found.measures["gini"] is None
