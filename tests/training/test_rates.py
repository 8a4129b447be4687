"""Intervals of bad rates, held against what others compute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from models.measures import wilson
from training.judging.rates import difference, rate

counts = st.integers(1, 5000).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows)))


@given(counts)
def test_the_interval_is_wilsons(count):
    bads, rows = count
    exact = binomtest(bads, rows).proportion_ci(method="wilson")
    assert wilson(bads, rows) == pytest.approx((exact.low, exact.high), abs=1e-9)


@given(counts, counts)
def test_a_difference_lies_in_its_interval_and_turns_with_its_sides(one, other):
    gap, back = difference(one, other), difference(other, one)
    assert -1 <= gap["low"] <= gap["bad_rate"] <= gap["high"] <= 1
    assert gap["bad_rate"] == pytest.approx(-back["bad_rate"])
    assert gap["low"] == pytest.approx(-back["high"])


def test_the_difference_is_newcombes():
    # Newcombe 1998, table II, method 10, 56/70 - 48/80: 0.0524 to 0.3339
    gap = difference((56, 70), (48, 80))
    assert (gap["low"], gap["high"]) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_no_rows_have_no_rate():
    assert rate(0, 0) == {"rows": 0, "bads": 0, "bad_rate": None, "low": None, "high": None}
    assert difference((0, 0), (1, 2)) == {"bad_rate": None, "low": None, "high": None}
