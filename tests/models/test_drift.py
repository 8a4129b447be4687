"""The index agrees with a computation made apart, and small samples do not cry wolf."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from models.drift import psi, psi_by_chance, shift

CHANCE = np.random.default_rng(5)
NUMBERS = st.lists(st.none() | st.floats(-1e9, 1e9), min_size=1, max_size=60)
WORDS = st.lists(st.none() | st.sampled_from("abc"), min_size=1, max_size=60)


def _apart(reference: np.ndarray, window: np.ndarray) -> float:
    """The index by pandas' own cutting of the reference's deciles, missing as one more bin."""
    inner = np.unique(np.nanquantile(reference, np.arange(0.1, 0.95, 0.1)))
    edges = [-np.inf, np.nextafter(inner[0], -np.inf), *inner, np.inf]
    counts = []
    for values in (reference, window):
        cut = pd.Series(pd.cut(values, edges, labels=False, right=True)).fillna(99)
        counts.append(cut.value_counts())
    table = pd.concat(counts, axis=1).fillna(0) + 0.5
    shares = table / table.sum()
    return float(
        (
            (shares.iloc[:, 1] - shares.iloc[:, 0]) * np.log(shares.iloc[:, 1] / shares.iloc[:, 0])
        ).sum()
    )


def _floats(values: list[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


@pytest.mark.parametrize("moved", [0.0, 0.4, 3.0])
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_the_index_agrees_with_an_independent_computation(moved: float, missing: float) -> None:
    reference, window = CHANCE.lognormal(8, 2, 5000), CHANCE.lognormal(8 + moved, 2, 1200)
    window[CHANCE.random(1200) < missing] = np.nan
    found = shift("turnover", reference, window, category=False)
    assert found.psi == pytest.approx(_apart(reference, window), rel=1e-9)
    assert found.missing_window == pytest.approx(missing, abs=0.05)


def test_counts_full_of_ties_are_cut_where_they_lie() -> None:
    reference, window = CHANCE.poisson(0.4, 5000) * 1.0, CHANCE.poisson(0.9, 900) * 1.0
    found = shift("chargebacks", reference, window, category=False)
    assert found.psi == pytest.approx(_apart(reference, window), rel=1e-9)
    assert found.level == 2


@given(NUMBERS, NUMBERS)
def test_the_index_is_never_negative_and_every_row_falls_in_one_bin(
    reference: list[float | None], window: list[float | None]
) -> None:
    found = shift("any", _floats(reference), _floats(window), category=False)
    assert found.psi >= 0
    assert sum(share for _, share, _ in found.bins) == pytest.approx(1)
    assert sum(share for _, _, share in found.bins) == pytest.approx(1)


@given(WORDS, WORDS)
def test_words_likewise(reference: list[str | None], window: list[str | None]) -> None:
    found = shift("any", reference, window, category=True)
    assert found.psi >= 0
    assert sum(share for _, _, share in found.bins) == pytest.approx(1)


@given(NUMBERS)
def test_a_population_that_is_its_own_reference_has_not_moved(values: list[float | None]) -> None:
    assert shift("any", _floats(values), _floats(values), category=False).psi == pytest.approx(0)


def test_a_column_constant_in_training_is_seen_to_move_either_way() -> None:
    constant = np.zeros(1000)
    for value in (-1.0, 1.0):
        assert shift("flat", constant, np.full(500, value), category=False).level == 2


def test_a_word_never_seen_in_training_has_a_bin_of_its_own() -> None:
    found = shift("industry", ["food"] * 900 + [None] * 100, ["crypto"] * 500, category=True)
    assert {label: now for label, _, now in found.bins}["never seen in training"] == 1
    assert found.level == 2


def test_a_feed_that_stopped_is_named_as_missing() -> None:
    reference = CHANCE.normal(0, 1, 4000)
    assert shift("bills", reference, np.full(300, np.nan), category=False).went_missing
    assert not shift("bills", reference, reference[:300], category=False).went_missing


def test_what_chance_alone_gives_agrees_with_the_chi_square() -> None:
    before, now = np.full(10, 500.0), np.full(10, 30.0)
    exact = chi2.ppf(0.999, 9) * (1 / 5000 + 1 / 300)
    assert psi_by_chance(before, now) == pytest.approx(exact, rel=0.01)


def test_small_unchanged_samples_pass_the_threshold_as_seldom_as_promised() -> None:
    reference = CHANCE.lognormal(8, 2, 5000)
    levels = [
        shift("x", reference, CHANCE.lognormal(8, 2, 60), category=False).level for _ in range(1500)
    ]
    assert sum(level > 0 for level in levels) <= 6
    above = [
        shift("x", reference, CHANCE.lognormal(8, 2, 60), category=False).psi > 0.10
        for _ in range(300)
    ]
    assert sum(above) > 100, "without the guard a third of them would have been named"


@given(st.lists(st.integers(0, 500), min_size=2, max_size=12))
@settings(max_examples=50)
def test_the_order_of_bins_and_the_direction_do_not_matter(counts: list[int]) -> None:
    before, now = np.array(counts, float), np.array(counts[::-1], float)
    assert psi(before, now) == pytest.approx(psi(now, before), abs=1e-12)
