"""The smallest feasible change: it flips, stays within bounds, and is no larger than it need be."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import signature
from models.actions import Action, action, ladder, neat
from models.artefact import open_artefact
from models.counterfactual import Counterfactual, counterfactual, ladders_of
from models.manifest import ModelFeature
from models.score import Scorer

Make = Callable[..., Path]
FREE = (
    ModelFeature("a", "number", 0, "A"),
    ModelFeature("b", "number", 0, "B"),
    ModelFeature("c", "number", 1, "C"),
    ModelFeature("d", "number", 0, "D"),
    ModelFeature("e", "category", 0, "E", ("x", "y")),
)


def rows_of(count: int, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "a": random.normal(size=count),
            "b": random.normal(size=count),
            "c": random.poisson(2.0, count).astype(float),
            "d": pa.array(random.normal(size=count), mask=random.random(count) < 0.3),
            "e": random.choice(["x", "y"], count),
        }
    )


@pytest.fixture(scope="module")
def world() -> tuple[pa.Table, str]:
    table = rows_of(1500, 1)
    a, b, c = (table[name].to_numpy() for name in "abc")
    margin = (
        np.sin(2 * a) + (b > 0) * (a > 0) * 2 + 0.5 * c - 1 + 0.5 * (table["e"].to_numpy() == "x")
    )
    label = np.random.default_rng(2).random(1500) < 1 / (1 + np.exp(-margin))
    told = {"objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 8}
    told["monotone_constraints"] = [it.direction for it in FREE]
    matrix = signature.from_table(FREE, table)
    data = lightgbm.Dataset(matrix, label, categorical_feature=[4])
    return table, lightgbm.train(told, data, 40).model_to_string()


@pytest.fixture
def free(make_artefact: Make, world: tuple[pa.Table, str]) -> Scorer:
    return Scorer(open_artefact(make_artefact(text=world[1], features=FREE)))


def actions_on(table: pa.Table, **ways: int | None) -> list[Action]:
    made = [action(name, table[name].to_numpy(), direction=way) for name, way in ways.items()]
    return [one for one in made if one]


def applied(row: dict[str, Any], found: Counterfactual) -> dict[str, Any]:
    return row | {change.name: change.end for change in found.changes}


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(
    place=st.integers(0, 199),
    cut=st.floats(0.05, 0.9),
    ways=st.fixed_dictionaries(
        {}, optional={name: st.sampled_from([None, 1, -1]) for name in "abcd"}
    ),
)
def test_whatever_is_told_flips_within_bounds_and_cannot_be_less(
    free: Scorer, world: tuple[pa.Table, str], place: int, cut: float, ways: dict[str, int | None]
) -> None:
    table, _ = world
    row = rows_of(200, 3).slice(place, 1).to_pylist()[0]
    actions = actions_on(table, **ways)
    found = counterfactual(free, row, accepted=lambda chance: chance <= cut, actions=actions)
    if found is None:
        return
    by_name = {one.name: one for one in actions}
    assert free.score([applied(row, found)]) == [found.probability]
    assert found.probability <= cut < found.before == free.score([row])[0]
    assert 1 <= len(found.changes) <= 3
    for change in found.changes:
        one = by_name[change.name]
        assert change.start == row[change.name] != change.end
        assert one.lowest <= change.end <= one.highest
        assert one.direction in {None, 1 if change.end > change.start else -1}
        assert change.name != "c" or (change.end < change.start and change.end % 1 == 0)
    if len(found.changes) > 1:
        for left_out in found.changes:
            rest = [change for change in found.changes if change is not left_out]
            kept = row | {change.name: change.end for change in rest}
            assert free.score([kept])[0] > cut
    for change in found.changes:
        nearer = rung_before(free, row, by_name[change.name], change.end)
        if nearer is not None:
            assert free.score([applied(row, found) | {change.name: nearer}])[0] > cut


def rung_before(scorer: Scorer, row: dict[str, Any], one: Action, end: float) -> float | None:
    way = 1 if end > row[one.name] else -1
    rungs = ladder(one, row[one.name], scorer.thresholds[one.name].tolist(), way=way).rungs
    nearer = [rung for rung in rungs if way * rung <= way * end]
    return nearer[-2] if len(nearer) > 1 else None


def test_one_change_is_told_where_one_is_enough_and_it_is_the_shortest_of_all(
    free: Scorer, world: tuple[pa.Table, str]
) -> None:
    """Held against every single change that there is."""
    table, _ = world
    actions = actions_on(table, a=None, b=None, c=None)
    singles = 0
    for row in rows_of(60, 5).to_pylist():
        found = counterfactual(free, row, accepted=lambda chance: chance <= 0.4, actions=actions)
        best = shortest_single(free, row, actions, cut=0.4)
        if free.score([row])[0] <= 0.4 or best is None:
            assert found is None or len(found.changes) > 1
            continue
        assert found is not None
        assert len(found.changes) == 1
        assert found.distance <= 1.1 * best + 0.02
        singles += 1
    assert singles > 10


def shortest_single(
    scorer: Scorer, row: dict[str, Any], actions: list[Action], *, cut: float
) -> float | None:
    ladders = ladders_of(scorer, {name: row[name] for name in "abc"}, actions)
    lengths = [
        one.distance(at)
        for one in ladders
        for at, rung in enumerate(one.rungs)
        if scorer.score([row | {one.action.name: rung}])[0] <= cut
    ]
    return min(lengths, default=None)


def test_what_is_missing_or_nobodys_does_not_move(
    free: Scorer, world: tuple[pa.Table, str]
) -> None:
    table, _ = world
    row = {"a": 1.0, "b": 1.0, "c": 6.0, "d": None, "e": "x"}

    def ask(actions: list[Action]) -> Counterfactual | None:
        return counterfactual(free, row, accepted=lambda chance: chance < 0.5, actions=actions)

    assert ask([]) is None
    assert ask(actions_on(table, d=None)) is None
    assert ask(actions_on(table, c=1)) is None
    assert ask(actions_on(table, a=None, b=None, c=None)) is not None


def test_no_rung_is_made_where_the_model_could_only_get_worse(
    free: Scorer, world: tuple[pa.Table, str]
) -> None:
    values = {"a": 0.0, "c": 3.0}
    ladders = ladders_of(free, values, actions_on(world[0], a=None, c=None))
    ways = [(one.action.name, one.rungs[0] > one.start) for one in ladders]
    assert ways == [("a", False), ("a", True), ("c", False)]
    assert ladders_of(free, values, actions_on(world[0], c=1)) == ()


def test_who_is_approved_is_told_nothing(free: Scorer, world: tuple[pa.Table, str]) -> None:
    row = {"a": -1.0, "b": -1.0, "c": 0.0, "d": 0.0, "e": "y"}
    actions = actions_on(world[0], a=None)
    assert counterfactual(free, row, accepted=lambda _: True, actions=actions) is None


def test_a_model_that_reads_one_number_knows_no_other_way(make_artefact: Make) -> None:
    matrix = np.random.default_rng(0).normal(size=(400, 5))
    label = (matrix[:, 1] > 0).astype(int)
    text = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_leaves": 2}, lightgbm.Dataset(matrix, label), 10
    ).model_to_string()
    scorer = Scorer(open_artefact(make_artefact("one", text=text, features=FREE)))
    table = pa.table(dict(zip("abcde", matrix.T, strict=True)))
    row = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0, "e": "x"}
    approve = scorer.score([row | {"b": -1.0}])[0]

    def ask(**ways: int | None) -> Counterfactual | None:
        actions = actions_on(table, **ways)
        return counterfactual(scorer, row, accepted=lambda it: it <= approve, actions=actions)

    found = ask(a=None, b=None, c=None, d=None)
    assert found is not None
    assert [change.name for change in found.changes] == ["b"]
    assert ask(a=None, c=None, d=None) is None
    assert ask(b=1) is None


def test_equal_questions_have_equal_answers(free: Scorer, world: tuple[pa.Table, str]) -> None:
    actions = actions_on(world[0], a=None, b=None, c=None, d=None)
    row = {"a": 1.0, "b": 1.0, "c": 6.0, "d": 0.3, "e": "x"}
    answers = {
        counterfactual(free, row, accepted=lambda chance: chance < 0.2, actions=actions)
        for _ in range(3)
    }
    assert len(answers) == 1


def test_rungs_lead_away_from_the_start_and_cross_a_cut_each() -> None:
    cuts = [-7.0, -1.5, 0.0, 0.5, 2.0, 9.0]
    values = np.linspace(-2, 4, 500)
    any_value = action("x", values)
    assert any_value is not None
    up, down = (ladder(any_value, 0.5, cuts, way=way).rungs for way in (1, -1))
    assert up == (np.nextafter(0.5, 1), np.nextafter(2.0, 3))
    assert down == (0.0, -1.5)
    whole = action("x", np.arange(-3.0, 6.0))
    assert whole is not None
    assert ladder(whole, 4.0, [0.5, 1.5, 1.7, 3.0], way=-1).rungs == (3.0, 1.0, 0.0)
    assert ladder(whole, 0.0, [0.0, 0.5, 3.0], way=1).rungs == (1.0, 4.0)


def test_a_column_of_one_value_or_none_cannot_be_moved() -> None:
    assert action("x", np.array([3.0, 3.0, np.nan])) is None
    assert action("x", np.array([np.nan])) is None


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_rounder_number_lies_between(nearest: float, farthest: float) -> None:
    found = neat(nearest, farthest)
    assert min(nearest, farthest) <= found <= max(nearest, farthest)
    assert found == nearest or found != farthest


def test_distance_is_the_share_of_rows_passed() -> None:
    one = action("x", np.arange(1000.0))
    assert one is not None
    assert one.distance(100, 300) == pytest.approx(0.2, abs=0.01)
    assert one.distance(300, 100) == one.distance(100, 300)
    assert all(below < above for below, above in pairwise(one.ranks))
