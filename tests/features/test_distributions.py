"""Distributions of features say what is there, and what is not."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.distributions import (
    BINS,
    CATEGORIES,
    CLIP,
    PROBABILITIES,
    Category,
    of_category,
    of_number,
)

TAME = st.one_of(st.none(), st.floats(-1e15, 1e15), st.integers(-40, 40).map(float))


def column(values):
    return pa.chunked_array([pa.array(values, pa.float64())])


@given(st.lists(TAME, max_size=60))
@settings(max_examples=150, deadline=None)
def test_bars_hold_every_value_between_the_clipping_quantiles_once(values):
    seen = of_number(column(values))
    there = [value for value in values if value is not None]
    assert (seen.rows, seen.missing) == (len(values), len(values) - len(there))
    if not there:
        assert seen.histogram is None
        assert seen.quantiles == ()
        return
    low, high = (seen.quantiles[PROBABILITIES.index(share)] for share in CLIP)
    assert sum(seen.histogram.counts) == sum(low <= value <= high for value in there)
    assert len(seen.histogram.edges) == len(seen.histogram.counts) + 1
    assert list(seen.histogram.edges) == sorted(seen.histogram.edges)


@given(st.lists(TAME.filter(lambda it: it is not None), min_size=1, max_size=60))
@settings(max_examples=100, deadline=None)
def test_a_quantile_is_the_least_value_that_its_share_of_rows_does_not_exceed(values):
    seen = of_number(column(values))
    for share, quantile in zip(PROBABILITIES, seen.quantiles, strict=True):
        assert quantile in values
        assert np.quantile(values, share, method="inverted_cdf") == quantile


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_is_missing(nothing):
    seen = of_number(column([1.0, nothing, 3.0]))
    assert seen.missing == 1
    assert seen.missing_share == pytest.approx(1 / 3)
    assert seen.quantiles[0] == 1.0
    assert seen.quantiles[-1] == 3.0


def test_few_whole_numbers_have_a_bar_each():
    seen = of_number(column([0, 0, 1, 3]))
    assert seen.histogram.whole
    assert seen.histogram.edges == (-0.5, 0.5, 1.5, 2.5, 3.5)
    assert seen.histogram.counts == (2, 1, 0, 1)


def test_the_bars_of_a_long_tail_widen():
    rng = np.random.default_rng(0)
    seen = of_number(column(rng.lognormal(8, 2, 20_000)))
    widths = np.diff(seen.histogram.edges)
    assert len(widths) == BINS
    assert widths[-1] > 20 * widths[0]
    assert max(seen.histogram.counts) < 0.25 * 20_000  # in even bars, nearly all fall in one
    even = of_number(column(rng.normal(0, 1, 20_000)))
    assert np.ptp(np.diff(even.histogram.edges)) < 1e-9


def test_rare_names_are_counted_together():
    names = [name for number in range(CATEGORIES + 3) for name in [f"n{number:02}"] * (20 - number)]
    seen = of_category(pa.chunked_array([pa.array([*names, None])]))
    assert seen.missing == 1
    assert seen.categories[0] == Category("n00", 20)
    assert seen.categories[-1] == Category(None, 12 + 11 + 10)
    assert sum(one.rows for one in seen.categories) == len(names)
