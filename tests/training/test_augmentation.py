"""Outcomes inferred of those turned away: what is kept whatever the scores are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.unseen.augmentation import BAND_ROWS_MIN, BANDS, fuzzy, parcelled, score_bands

ROWS = 400


def _accepted(seed: int, rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    chance = random.beta(1, 8, rows)
    return (random.random(rows) < chance).astype(np.int8), chance


books = st.integers(0, 10_000)
uplifts = st.floats(0.5, 6.0)
scores = st.lists(st.floats(0.0, 1.0), max_size=200).map(np.array)


@given(seed=books, rejected=scores, uplift=uplifts)
@settings(max_examples=60, deadline=None)
def test_every_accepted_and_every_rejected_lies_in_one_band(seed, rejected, uplift):
    label, chance = _accepted(seed)
    bands = score_bands(label, chance, rejected, uplift=uplift)
    assert sum(band.accepted for band in bands) == ROWS
    assert sum(band.rejected for band in bands) == len(rejected)
    assert sum(round(band.accepted * band.bad_rate) for band in bands) == label.sum()
    assert all(band.accepted for band in bands)
    assert [band.low for band in bands[1:]] == [band.high for band in bands[:-1]]


@given(seed=books, rejected=scores, uplift=uplifts)
@settings(max_examples=60, deadline=None)
def test_parcels_hold_the_assumed_bads_of_their_band_to_the_nearest_row(seed, rejected, uplift):
    label, chance = _accepted(seed)
    bands = score_bands(label, chance, rejected, uplift=uplift)
    found = parcelled(rejected, bands, seed=seed)
    assert np.array_equal(found.place, np.arange(len(rejected)))
    assert np.all(found.weight == 1)
    for band in bands:
        inside = (rejected > band.low) & (rejected <= band.high)
        inside |= (band.low == 0.0) & (rejected == 0.0)
        assert abs(found.label[inside].sum() - inside.sum() * band.assumed_bad_rate) <= 0.5
        assert band.assumed_bad_rate == pytest.approx(min(1.0, band.bad_rate * uplift))


@given(rejected=scores, uplift=uplifts)
@settings(max_examples=60, deadline=None)
def test_both_copies_of_an_applicant_weigh_one_together(rejected, uplift):
    found = fuzzy(rejected, uplift=uplift)
    assert len(found.label) == 2 * len(rejected)
    each = np.bincount(found.place, found.weight, minlength=len(rejected))
    assert each == pytest.approx(np.ones(len(rejected)))
    bads = np.bincount(found.place, found.weight * found.label, minlength=len(rejected))
    assert bads == pytest.approx(np.minimum(1.0, rejected * uplift))
    assert np.all(found.weight >= 0)


def test_the_draw_follows_the_seed_and_moves_no_count():
    label, chance = _accepted(1)
    rejected = np.random.default_rng(2).random(300)
    bands = score_bands(label, chance, rejected)
    one, same, other = (parcelled(rejected, bands, seed=seed).label for seed in (3, 3, 4))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert one.sum() == other.sum()


def test_the_uplift_makes_the_rejected_worse_and_leaves_the_accepted():
    label, chance = _accepted(1)
    rejected = np.random.default_rng(2).beta(2, 8, 500)
    plain, lifted = (score_bands(label, chance, rejected, uplift=by) for by in (1.0, 2.0))
    assert [band.bad_rate for band in plain] == [band.bad_rate for band in lifted]
    few, many = (parcelled(rejected, bands, seed=0).label.sum() for bands in (plain, lifted))
    assert many > 1.5 * few


@pytest.mark.parametrize("rows", [0, 1, BAND_ROWS_MIN, 2 * BAND_ROWS_MIN])
def test_few_accepted_make_few_bands(rows):
    label, chance = _accepted(5, rows)
    bands = score_bands(label, chance, np.array([0.2, 0.9]))
    assert len(bands) <= min(BANDS, max(1, rows // BAND_ROWS_MIN))
    assert len(parcelled(np.array([0.2, 0.9]), bands, seed=0).label) == 2


def test_equal_scores_make_one_band():
    label = np.array([0, 1] * 100, dtype=np.int8)
    (band,) = score_bands(label, np.full(200, 0.5), np.array([0.1, 0.5, 0.9]), uplift=1.0)
    assert (band.accepted, band.bad_rate, band.rejected) == (200, 0.5, 3)
