"""Who is newly approved and newly declined, and what a committee reads of it."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from models.artefact import open_artefact
from training.judging.tested import Tested as Judged  # a name that pytest does not collect
from training.unseen.swap_set import GROUPS, champion_probability_of, swap_set


def _tested(probability, label, amount=None) -> Judged:
    rows = len(label)
    return Judged(
        label=np.array(label),
        probability=np.array(probability, dtype=float),
        table=pa.table({"x": np.zeros(rows)}),
        features=(),
        scorer=None,
        cut_off=0.5,
        row_id=pa.array(range(rows)),
        amount_minor=None if amount is None else np.array(amount),
    )


@pytest.fixture
def ten() -> Judged:
    """Ten rows; the candidate knows rows 6 and 7 as the riskiest, the champion rows 0 and 1."""
    return _tested(
        [0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.9, 0.8, 0.4, 0.4],
        [0, 0, 0, 0, 0, 0, 1, 0, 0, 0],
        [1000, 3000, 10, 10, 10, 10, 50, 50, 10, 10],
    )


CHAMPION = [0.9, 0.8, 0.2, 0.2, 0.3, 0.3, 0.1, 0.1, 0.4, 0.4]


def _groups(found: dict) -> dict:
    return {group["group"]: group for group in found["groups"]}


def test_each_side_approves_the_same_share(ten):
    found = swap_set(ten, CHAMPION, champion="old", approved_share=0.8)["at_equal_share"]
    groups = _groups(found)
    assert tuple(groups) == GROUPS
    assert [groups[name]["rows"] for name in GROUPS] == [6, 2, 2, 0]
    assert found["approved"]["ours"]["rows"] == found["approved"]["theirs"]["rows"] == 8


def test_swaps_are_told_by_what_was_expected_and_what_came(ten):
    found = swap_set(ten, CHAMPION, champion="old", approved_share=0.8)["at_equal_share"]
    groups = _groups(found)
    assert groups["swap_in"]["expected"] == pytest.approx(0.1)
    assert groups["swap_in"]["expected_champion"] == pytest.approx(0.85)
    assert groups["swap_in"]["bad_rate"] == 0
    assert groups["swap_out"]["bad_rate"] == 0.5
    assert groups["swap_out"]["low"] < 0.5 < groups["swap_out"]["high"]
    assert groups["declined_by_both"]["bad_rate"] is None
    assert found["difference"]["bad_rate"] == -0.5
    assert found["fewer_bads"] == 1
    assert "newly approved" in found["sentence"]
    assert "chance" in found["sentence"]


def test_money_is_told_beside_heads(ten):
    groups = _groups(swap_set(ten, CHAMPION, champion="old", approved_share=0.8)["at_equal_share"])
    assert groups["swap_in"]["amount_minor"] == 4000
    assert groups["swap_out"] | {"amount_minor": 100, "bad_amount_minor": 50} == groups["swap_out"]
    without = replace(ten, amount_minor=None)
    bare = _groups(swap_set(without, CHAMPION, champion="old")["at_equal_share"])
    assert "amount_minor" not in bare["swap_in"]


def test_the_same_model_swaps_nobody(ten):
    found = swap_set(ten, ten.probability, champion="itself", champion_cut_off=0.35)
    for place in ("at_equal_share", "at_champion_cut_off"):
        groups = _groups(found[place])
        assert groups["swap_in"]["rows"] == groups["swap_out"]["rows"] == 0
        assert found[place]["sentence"].startswith("Both approve the same applicants.")


def test_at_the_champions_cut_off_both_approve_as_many_as_it_does(ten):
    found = swap_set(ten, CHAMPION, champion="old", champion_cut_off=0.25)["at_champion_cut_off"]
    assert found["approved"]["theirs"]["rows"] == 4
    assert found["approved"]["ours"]["rows"] == 4
    assert found["cut_off"] == {"ours": 0.2, "theirs": 0.25}


def test_a_better_ranking_beyond_chance_is_said():
    random = np.random.default_rng(0)
    truth = random.random(4000)
    label = (random.random(4000) < truth).astype(int)
    noise = random.random(4000)
    ours, theirs = (swap_set(_tested(a, label), b, champion="c")["at_equal_share"]["sentence"]
                    for a, b in ((truth, noise), (noise, truth)))  # fmt: skip
    assert "better beyond chance" in ours
    assert "worse beyond chance" in theirs


def test_ties_fall_by_lot_not_by_the_order_of_time():
    rows = 2000
    label = np.repeat([1, 0], rows // 2)
    found = swap_set(_tested(np.full(rows, 0.5), label), np.full(rows, 0.5), champion="c")
    approved = found["at_equal_share"]["approved"]["ours"]
    assert approved["rows"] == 1400
    assert approved["bad_rate"] == pytest.approx(0.5, abs=0.05)


def test_of_the_turned_away_only_expectations_are_told(ten):
    away = np.array([0.05, 0.95]), np.array([0.95, 0.95])
    told = swap_set(ten, CHAMPION, champion="old", rejected=away)["rejected"]
    assert [group["rows"] for group in told["groups"]] == [0, 1, 0, 1]
    assert told["groups"][1] == {
        "group": "swap_in", "rows": 1, "expected": 0.05, "expected_champion": 0.95,
    }  # fmt: skip


def test_no_rows_and_one_class_are_json():
    empty = swap_set(_tested([], []), [], champion="old", champion_cut_off=0.2,
                     rejected=(np.zeros(0), np.zeros(0)))  # fmt: skip
    single = swap_set(_tested([0.1, 0.2], [1, 1]), [0.2, 0.1], champion="old")
    for found in (empty, single):
        json.dumps(found, allow_nan=False)


def test_a_champion_scores_what_it_can_read_and_says_why_not(train, book):
    result = train({name: values for name, values in book(300).items() if name != "observed"})
    champion = open_artefact(result.out)
    rows = pa.table({name: book(50, seed=3)[name] for name in ("income", "arrears", "trade")})
    rows = rows.append_column("noise", pa.array(np.zeros(50)))

    def asked(table, definitions=None):
        return champion_probability_of(champion, table, definitions_sha256=definitions)

    found, why = asked(rows)
    assert why is None
    assert ((found > 0) & (found < 1)).all()
    assert asked(rows, "0" * 64) == (None, "the champion's features were defined otherwise")
    assert "reads income" in asked(rows.drop_columns(["income"]))[1]
    worded = rows.set_column(0, "income", pa.array(["much"] * 50))
    assert "income as number" in asked(worded)[1]


def test_two_against_two_are_no_proof():
    from training.unseen.swap_set import _sentence

    few = [{"rows": 2, "bads": bads, "bad_rate": bads / 2} for bads in (2, 0)]
    many = [{"rows": 200, "bads": bads, "bad_rate": bads / 200} for bads in (60, 20)]
    assert _sentence(*few).endswith("no more than chance could do.")
    assert _sentence(*many).endswith("worse beyond chance.")
    assert _sentence(*reversed(many)).endswith("better beyond chance.")
