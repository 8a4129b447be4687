"""What reasons are made of, held against Shapley values worked out from their definition."""

import math
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pytest

from models.artefact import open_artefact
from models.score import Scorer

Make = Callable[..., Path]


@pytest.fixture
def scorer(make_artefact: Make) -> Scorer:
    return Scorer(open_artefact(make_artefact()))


@pytest.fixture(scope="session")
def table(make_world: Callable[..., pa.Table]) -> pa.Table:
    return make_world(500, seed=11)


def expected(node: dict[str, Any], row: Any, known: frozenset[int]) -> float:
    """What a tree adds where only some features are known: other splits by their rows' shares."""
    if "leaf_value" in node:
        return float(node["leaf_value"])
    sides = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        return expected(sides[not goes_left(node, row[node["split_feature"]])], row, known)
    counts = [side.get("internal_count", side.get("leaf_count")) for side in sides]
    parts = [expected(side, row, known) * rows for side, rows in zip(sides, counts, strict=True)]
    return sum(parts) / sum(counts)


def goes_left(node: dict[str, Any], value: float) -> bool:
    if node["decision_type"] == "==":
        return not np.isnan(value) and str(int(value)) in node["threshold"].split("||")
    if np.isnan(value) and node["missing_type"] == "NaN":
        return bool(node["default_left"])
    return bool(np.nan_to_num(value) <= node["threshold"])


def shapley(trees: list[dict[str, Any]], row: Any) -> list[float]:
    """The mean, over all orders of getting to know the features, of what knowing each adds."""
    places = range(len(row))
    worth = {
        known: sum(expected(tree, row, known) for tree in trees)
        for size in range(len(row) + 1)
        for known in map(frozenset, combinations(places, size))
    }
    return [
        sum(
            math.factorial(len(known))
            * math.factorial(len(row) - len(known) - 1)
            / math.factorial(len(row))
            * (worth[known | {place}] - worth[known])
            for known in worth
            if place not in known
        )
        for place in places
    ]


def test_what_each_reason_adds_is_its_exact_shapley_value(
    scorer: Scorer, table: pa.Table, model_text: str
) -> None:
    """Rows with missing numbers, missing words and words out of the vocabulary are among them."""
    told = lightgbm.Booster(model_str=model_text).dump_model()["tree_info"]
    trees = [one["tree_structure"] for one in told]
    rows = scorer.matrix(table.slice(0, 40))
    assert np.isnan(rows).any(axis=0)[[0, 1, 2, 3]].all()
    codes, sums = scorer.explained(rows)
    by_hand = np.array([shapley(trees, row) for row in rows])
    reasons = [feature.reason for feature in scorer.features]
    for place, code in enumerate(codes):
        mine = by_hand[:, [at for at, reason in enumerate(reasons) if reason == code]].sum(axis=1)
        assert np.abs(sums[:, place] - mine).max() < 1e-6


def test_threads_and_company_do_not_change_what_is_told(scorer: Scorer, table: pa.Table) -> None:
    rows = scorer.matrix(table)
    _, together = scorer.explained(rows)
    assert np.array_equal(together, scorer.explained(rows, threads=2)[1])
    assert np.array_equal(together[7:8], scorer.explained(rows[7:8])[1])
    assert scorer.explained(rows[:0])[1].shape == (0, 3)


def test_no_reason_is_given_that_does_not_raise_the_risk(scorer: Scorer, table: pa.Table) -> None:
    for row in table.slice(0, 200).to_pylist():
        added = scorer.contributions(row)
        given = scorer.reasons(row)
        assert len(given) <= 4
        assert all(added[code] > 0 for code in given)
        assert len(given) == min(4, sum(amount > 0 for amount in added.values()))
        assert sorted(given, key=lambda code: -added[code]) == list(given)
