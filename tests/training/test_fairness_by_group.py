"""What is said of a group is what anybody would count, and is no surer than the rows allow."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.fairness.by_group import ALONE, NOBODY, fairness
from training.fairness.groups import NOT_KNOWN, SMALL, Groups
from training.fairness.impact import Cells, impact_ratios, interval
from training.judging import tested


def rows_of(label: Any, probability: Any, group: Any, *, cut_off: float) -> tested.Tested:
    """Test rows with one protected attribute."""
    return tested.Tested(
        label=np.asarray(label, dtype=np.int8),
        probability=np.asarray(probability, dtype=np.float64),
        table=pa.table({}),
        features=(),
        scorer=None,  # nothing here is scored again
        cut_off=cut_off,
        row_id=pa.array(range(len(label))),
        protected={"group": np.array([*group, None], dtype=object)[:-1]},
    )


def drawn(
    rows: int, *, seed: int, shift: float = 0.0, names: str = "ab", shares: Any = None
) -> tested.Tested:
    """True probabilities; the last group's log odds lie `shift` above the others'."""
    random = np.random.default_rng(seed)
    group = random.choice(list(names), rows, p=shares)
    margin = random.normal(-1.5, 1.0, rows) + shift * (group == names[-1])
    chance = 1 / (1 + np.exp(-margin))
    label = random.random(rows) < chance
    return rows_of(label, chance, group, cut_off=0.25)


def of_group(facts: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in facts["groups"] if one["group"] == name)


def ratio_of(rows: tested.Tested) -> float:
    """How often b is approved against a."""
    passes, mine = rows.probability <= rows.cut_off, rows.protected["group"] == "b"
    return float(passes[mine].mean() / passes[~mine].mean())


def test_figures_are_what_anybody_would_count() -> None:
    rows = drawn(900, seed=1, shift=0.8, names="abc")
    facts = fairness(rows, seed=0)["group"]
    group, passes = rows.protected["group"], rows.probability <= rows.cut_off
    rates = {name: passes[group == name].mean() for name in "abc"}
    assert facts["reference"] == max(rates, key=rates.get)
    margin = np.log(rows.probability / (1 - rows.probability))
    for name in "abc":
        mine, found = group == name, of_group(facts, name)
        bad = mine & (rows.label == 1)
        good = mine & (rows.label == 0)
        assert found["rows"] == mine.sum()
        assert found["bads"] == bad.sum()
        assert found["approval_rate"]["rate"] == pytest.approx(rates[name])
        assert found["air"] == pytest.approx(rates[name] / rates[facts["reference"]])
        assert found["declined_goods"]["rate"] == pytest.approx(np.mean(~passes[good]))
        assert found["approved_bads"]["rate"] == pytest.approx(np.mean(passes[bad]))
        assert found["approved_bad_rate"]["rate"] == pytest.approx(rows.label[mine & passes].mean())
        said = found["calibration"]
        assert said["mean_probability"] == pytest.approx(rows.probability[mine].mean())
        pairs = rows.probability[bad][:, None] > rows.probability[good][None, :]
        assert found["auc"]["value"] == pytest.approx(pairs.mean())
        if name != facts["reference"]:
            other = group == facts["reference"]
            wrong = np.mean(passes[bad]) - np.mean(passes[other & (rows.label == 1)])
            assert found["approved_bads"]["difference"] == pytest.approx(wrong)
            spread = np.sqrt(
                (margin[mine].var(ddof=1) * (mine.sum() - 1)
                 + margin[other].var(ddof=1) * (other.sum() - 1))
                / (mine.sum() + other.sum() - 2)
            )  # fmt: skip
            gap = (margin[mine].mean() - margin[other].mean()) / spread
            assert found["score_difference"]["value"] == pytest.approx(gap)


def test_intervals_are_those_of_drawing_the_rows_again() -> None:
    rows = drawn(500, seed=3, shift=0.7)
    facts = fairness(rows, seed=0, draws=4000)["group"]
    other = "a" if facts["reference"] == "b" else "b"
    passes, mine = rows.probability <= rows.cut_off, rows.protected["group"] == other
    random = np.random.default_rng(5)
    ratios = []
    for _ in range(4000):
        again = random.integers(0, 500, 500)
        approved, here = passes[again], mine[again]
        ratios.append(approved[here].mean() / approved[~here].mean())
    low, high = np.quantile(ratios, [0.025, 0.975])
    found = of_group(facts, other)
    assert found["air_low"] == pytest.approx(low, abs=0.015)
    assert found["air_high"] == pytest.approx(high, abs=0.015)


def test_a_group_held_back_is_found_beyond_chance() -> None:
    facts = fairness(drawn(3000, seed=2, shift=1.5), seed=0)["group"]
    found = of_group(facts, "b")
    truth = ratio_of(drawn(400_000, seed=9, shift=1.5))
    assert found["four_fifths"] == "below 0.8 beyond chance"
    assert found["air_low"] < truth < found["air_high"]
    assert facts["impact"]["b"] == {
        "air": found["air"],
        "low": found["air_low"],
        "high": found["air_high"],
        "rows": found["rows"],
    }
    assert found["score_difference"]["low"] > 0.5


def test_an_attribute_that_has_nothing_to_do_with_risk_passes() -> None:
    facts = fairness(drawn(3000, seed=4, names="abcd"), seed=0)["group"]
    assert {one["four_fifths"] for one in facts["groups"]} == {"above"}
    assert all(one["high"] > 0.95 for one in facts["impact"].values())


def test_few_rows_below_four_fifths_are_called_chance() -> None:
    passes = [1] * 60 + [0] * 40 + [1] * 18 + [0] * 22
    rows = rows_of([0] * 140, [0.1 if one else 0.9 for one in passes],
                  ["a"] * 100 + ["b"] * 40, cut_off=0.5)  # fmt: skip
    found = of_group(fairness(rows, seed=0)["group"], "b")
    assert found["air"] == pytest.approx(0.75)
    assert found["four_fifths"] == "below 0.8 within chance"


def test_nobody_approved_of_few_is_no_proof() -> None:
    passes = [1] * 30 + [0] * 970 + [0] * 30
    rows = rows_of([0] * 1030, [0.1 if one else 0.9 for one in passes],
                  ["a"] * 1000 + ["b"] * 30, cut_off=0.5)  # fmt: skip
    found = of_group(fairness(rows, seed=0)["group"], "b")
    assert found["air"] == 0.0
    assert found["air_high"] > 0.8


def test_a_group_of_five_is_told_and_not_judged() -> None:
    rows = drawn(400, seed=6)
    rows.protected["group"][:5] = "five"
    facts = fairness(rows, seed=0)["group"]
    small = of_group(facts, SMALL)
    assert small["pooled"] == [["five", 5]]
    assert not small["judged"]
    assert small["air"] is None
    assert SMALL not in facts["impact"]


def test_who_did_not_say_is_a_group_that_no_gate_reads() -> None:
    rows = drawn(600, seed=7)
    rows.protected["group"][:100] = None
    rows.probability[:100] = 0.01  # all approved, and still not what others are held against
    facts = fairness(rows, seed=0)["group"]
    unknown = of_group(facts, NOT_KNOWN)
    assert unknown["rows"] == 100
    assert unknown["air"] > 1
    assert facts["reference"] in {"a", "b"}
    assert NOT_KNOWN not in facts["impact"]


def test_one_group_alone_is_held_against_nobody() -> None:
    facts = fairness(drawn(200, seed=8, names="a"), seed=0)["group"]
    assert facts["reference"] is None
    assert facts["note"] == ALONE
    assert facts["impact"] == {}


def test_no_ratio_is_made_up_where_all_are_declined() -> None:
    rows = rows_of([0, 1] * 100, [0.9] * 200, ["a", "b"] * 100, cut_off=0.5)
    facts = fairness(rows, seed=0)["group"]
    assert facts["note"] == NOBODY
    assert facts["impact"] == {}
    assert {one["four_fifths"] for one in facts["groups"]} == {None}


def test_groups_too_small_or_of_one_class_still_end_in_plain_values() -> None:
    for group in (["a"] * 3 + ["b"] * 4, [None] * 7, list("abcdefg")):
        facts = fairness(rows_of([0] * 7, [0.2] * 7, group, cut_off=0.5), seed=0)
        json.dumps(facts, allow_nan=False)
    assert facts["group"]["note"]
    assert fairness(rows_of([], [], [], cut_off=0.5), seed=0) == {}


def test_a_calibration_that_misses_a_group_is_called_by_its_side() -> None:
    rows = drawn(4000, seed=10)
    rows.probability[rows.protected["group"] == "b"] *= 0.5
    facts = fairness(rows, seed=0)["group"]
    assert of_group(facts, "a")["calibration"]["reading"] == "true within chance"
    low = of_group(facts, "b")["calibration"]
    assert low["reading"] == "too low"
    assert low["ece"] > 3 * low["ece_if_true"]


def test_other_shares_of_approval_are_told_beside_the_cut_off() -> None:
    facts = fairness(drawn(2000, seed=11, shift=1.0), seed=0)["group"]
    rates = [one["groups"]["b"]["approval_rate"] for one in facts["by_share"]]
    assert [one["share"] for one in facts["by_share"]] == [0.5, 0.6, 0.7, 0.8, 0.9]
    assert rates == sorted(rates)
    ratios = [one["groups"]["b"]["air"] for one in facts["by_share"]]
    assert ratios[0] < ratios[-1]  # who approves nearly everybody parts groups little


def test_the_same_seed_says_the_same() -> None:
    rows = drawn(300, seed=12, shift=0.4)
    assert fairness(rows, seed=5) == fairness(rows, seed=5)
    assert fairness(rows, seed=5) != fairness(rows, seed=6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=250), st.data())
def test_the_reference_is_approved_most_and_rows_are_counted_once(group: Any, data: Any) -> None:
    chance = np.random.default_rng(data.draw(st.integers(0, 99))).random(len(group))
    facts = fairness(rows_of(chance > 0.5, chance, group, cut_off=0.4), seed=0, draws=50)["group"]
    json.dumps(facts, allow_nan=False)
    assert sum(one["rows"] for one in facts["groups"]) == len(group)
    for name, ratio in facts["impact"].items():
        assert name != facts["reference"]
        assert ratio["air"] <= 1
        assert ratio["low"] <= ratio["high"]


def test_no_group_beyond_the_twenty_largest_stands_alone() -> None:
    groups = Groups.of([f"place {number:02}" for number in range(25) for _ in range(40)])
    assert len(groups.names) == 21
    assert groups.names[-1] == SMALL
    assert groups.rows[-1] == 200


def test_intervals_cover_the_truth_as_often_as_they_say(runs: Callable[..., int]) -> None:
    times = runs(full=2000, short=150)
    truth = ratio_of(drawn(1_000_000, seed=99, shift=0.5))
    for rows, shares in ((2000, (0.5, 0.5)), (400, (0.85, 0.15))):
        covered = 0
        for seed in range(times):
            one = drawn(rows, seed=seed, shift=0.5, shares=shares)
            groups = Groups.of(one.protected["group"])
            cells = Cells.of(groups, one.label, ~one.declined, draws=400, seed=seed)
            low, high = interval(impact_ratios(cells.approval_rates(cells.drawn), 0)[:, 1])
            covered += low <= truth <= high
        assert abs(covered / times - 0.95) < 0.015 + 3 * np.sqrt(0.05 * 0.95 / times)
