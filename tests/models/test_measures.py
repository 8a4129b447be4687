"""Figures agree with scikit-learn's where it has them, and are None where they mean nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score, roc_curve

from models.measures import measure, ranked, reliability

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 99)), min_size=2, max_size=80)


@given(ROWS)
@settings(max_examples=60)
def test_figures_agree_with_an_independent_library(rows: list[tuple[int, int]]) -> None:
    label = np.array([bad for bad, _ in rows])
    said = np.array([percent / 100 for _, percent in rows])
    found = measure(label, said)
    assert found["brier"] == pytest.approx(brier_score_loss(label, said))
    assert found["log_loss"] == pytest.approx(log_loss(label, said, labels=[0, 1]))
    if len(set(label)) == 1:
        assert found["auc"] is found["gini"] is found["ks"] is None
        return
    goods, bads, _ = roc_curve(label, said)
    assert found["auc"] == pytest.approx(roc_auc_score(label, said))
    assert found["ks"] == pytest.approx(max(abs(bads - goods)))


def test_no_rows_have_no_figures() -> None:
    assert set(measure([], []).values()) == {None, 0}


def test_calibration_error_is_the_weighted_gap_of_ten_bins_of_equal_count() -> None:
    said = np.linspace(0.05, 0.95, 100)
    bins = reliability(np.zeros(100), said)
    assert [rows for _, _, rows in bins] == [10] * 10
    assert measure(np.zeros(100), said)["ece"] == pytest.approx(said.mean())


def test_true_probabilities_stay_true_however_the_file_was_sorted() -> None:
    by_outcome = np.repeat([0, 1], [700, 300])
    assert measure(by_outcome, np.full(1000, 0.3))["ece"] < 0.06


def test_rows_of_one_probability_are_ranked_without_regard_to_their_place() -> None:
    place = ranked(np.full(1000, 0.3))
    assert sorted(place) == list(range(1000))
    assert abs(np.corrcoef(place, np.arange(1000))[0, 1]) < 0.1
