"""What is flagged is beyond chance, and true probabilities are flagged as seldom as promised."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson

from training.judging.reliability import by_group, chance_of, prior_by_scores, reliability_facts

MANY = 10**9  # bads before the split: the level is known


def _rows(count, *, seed=0, raised=1.0):
    random = np.random.default_rng(seed)
    chance = random.beta(2, 10, count)
    return (random.random(count) < chance * raised).astype(int), chance


def test_a_segment_that_strays_is_flagged_and_the_others_are_not():
    label, chance = _rows(4000)
    groups = np.repeat(["a", "b", "c", "d"], 1000)
    label[groups == "c"] = (np.random.default_rng(1).random(1000) < 0.35).astype(int)
    rows = by_group(label, chance, groups, training_bads=MANY)
    assert [row["group"] for row in rows if row["beyond_chance"]] == ["c"]
    assert all(row["low"] <= row["bad_rate"] <= row["high"] for row in rows)
    assert sum(row["rows"] for row in rows) == 4000


def test_true_probabilities_are_flagged_in_about_one_table_of_twenty():
    flagged = 0
    for seed in range(120):
        label, chance = _rows(1200, seed=seed)
        groups = np.arange(1200) % 8
        rows = by_group(label, chance, groups, training_bads=MANY)
        flagged += any(row["beyond_chance"] for row in rows)
    assert flagged <= 14


def test_a_level_known_from_few_bads_is_given_more_room():
    label, chance = _rows(3000, raised=1.2)
    sure = chance_of(label, chance, training_bads=MANY)
    unsure = chance_of(label, chance, training_bads=60)
    assert sure < 0.01 < unsure


def test_few_expected_bads_count_as_poisson():
    label, chance = np.zeros(100, int), np.full(100, 0.01)
    label[:4] = 1
    assert chance_of(label, chance, training_bads=MANY) == pytest.approx(2 * poisson.sf(3, 1.0))
    assert chance_of(1 - label, 1 - chance, training_bads=MANY) == pytest.approx(
        2 * poisson.sf(3, 1.0)
    )


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 99)), min_size=0, max_size=60))
@settings(max_examples=60, deadline=None)
def test_a_chance_is_a_chance(rows):
    label = np.array([bad for bad, _ in rows], dtype=float)
    chance = np.array([percent / 100 for _, percent in rows])
    found = chance_of(label, chance, training_bads=10)
    assert found is None if not rows else 0 <= found <= 1


def test_scores_alone_tell_a_moved_bad_rate():
    random = np.random.default_rng(5)
    bad = random.random(60_000) < 0.08
    score = random.normal(bad * 1.5, 1.0)
    before = np.array(0.2)
    odds = before / (1 - before) * np.exp(1.5 * score - 1.125)
    said = odds / (1 + odds)  # P(bad) where a fifth are bad
    assert prior_by_scores(said, before=0.2) == pytest.approx(bad.mean(), abs=0.006)
    assert prior_by_scores(said, before=0.0) is None
    assert prior_by_scores(np.array([]), before=0.2) is None


def test_a_shift_of_the_bad_rate_is_noted():
    label, chance = _rows(5000)
    still = reliability_facts(label, chance, rest_bads=int(label.mean() * 9000), rest_rows=9000)
    assert still["prior_shift"]["beyond_chance"] is False
    moved = reliability_facts(label, chance, rest_bads=900, rest_rows=9000)
    assert moved["prior_shift"]["beyond_chance"] is True


def test_bins_hold_every_row_once_and_months_are_told_where_known():
    label, chance = _rows(333)
    facts = reliability_facts(label, chance, rest_bads=100, rest_rows=600)
    assert sum(row["rows"] for row in facts["bins"]) == 333
    assert "by_month" not in facts
    months = np.where(np.arange(333) < 100, "2025-02", "2025-01")
    told = reliability_facts(
        label, chance, months=months, segments={"trade": months}, rest_bads=9, rest_rows=90
    )
    assert [row["group"] for row in told["by_month"]] == ["2025-01", "2025-02"]
    assert told["by_segment"]["trade"] == told["by_month"]
