"""The direction test and counterfactuals of declined rows, on models that obey and that do not."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pytest

from models.artefact import open_artefact, write
from models.calibration import Calibration
from models.keys import home_keys
from models.manifest import Manifest, ModelFeature, TrainingData
from models.score import Scorer
from models.signature import from_table
from training.judging.changes import actions_of, counterfactuals_of
from training.judging.cut_off import cut_off
from training.judging.direction import direction_test
from training.judging.tested import Tested

Make = Callable[..., Tested]
FEATURES = (
    ModelFeature("income", "number", -1, "INCOME"),
    ModelFeature("arrears", "number", 1, "ARREARS"),
    ModelFeature("late_days", "number", 1, "ARREARS"),
    ModelFeature("trade", "category", 0, "TRADE", ("food", "retail", "travel")),
    ModelFeature("noise", "number", 0, "NOISE"),
)


def rows_of(count: int, *, seed: int) -> tuple[pa.Table, Any]:
    random = np.random.default_rng(seed)
    income, arrears = random.lognormal(8, 0.6, count), random.poisson(0.8, count)
    late = arrears * random.gamma(2.0, 4.0, count)
    trade = random.choice(["food", "retail", "travel"], count)
    margin = 1.2 * np.log(income / 3000) - 0.8 * arrears - 0.03 * late + 0.6 * (trade == "food")
    margin += 0.8 * np.sin(arrears * 2) * (income > 4000)
    hidden = random.random((3, count)) < 0.1
    table = pa.table(
        {
            "income": pa.array(income, mask=hidden[0]),
            "arrears": pa.array(arrears, mask=hidden[1]),
            "late_days": pa.array(late, mask=hidden[2]),
            "trade": trade,
            "noise": random.normal(size=count),
        }
    )
    return table, (random.random(count) < 1 / (1 + np.exp(margin + 1))).astype(int)


@pytest.fixture
def made(tmp_path: Any) -> Make:
    """A model of rows, tested on others."""

    def make(
        *, obeys: bool = True, rounds: int = 60, test: int = 250, features: Any = FEATURES
    ) -> Tested:
        names = [it.name for it in features]
        learnt, label = rows_of(2000, seed=1)
        learnt = learnt.rename_columns(names)
        told: dict[str, Any] = {"objective": "binary", "verbose": -1, "num_threads": 1}
        if obeys:
            told["monotone_constraints"] = [it.direction for it in features]
        matrix = from_table(features, learnt)
        data = lgb.Dataset(matrix, label, categorical_feature=[3])
        text = lgb.train(told, data, rounds).model_to_string() if rounds else constant(data)
        scorer = Scorer(artefact(tmp_path, text, features))
        table, outcome = rows_of(test, seed=2)
        table = table.rename_columns(names)
        chance = np.array(scorer.score_table(table))
        cut = cut_off(np.array(scorer.score_table(learnt)))
        cut = cut if rounds else 0.0
        return Tested(outcome, chance, table, features, scorer, cut, pa.array(range(test)))

    return make


def constant(data: Any) -> str:
    told = {"objective": "binary", "verbose": -1, "min_data_in_leaf": 10_000}
    return lgb.train(told, data, 1).model_to_string()


def artefact(folder: Any, text: str, features: Any) -> Any:
    manifest = Manifest(
        product="table",
        version="v1",
        created_at=datetime(2026, 6, 30, tzinfo=UTC),
        features=features,
        definitions_sha256=None,
        calibration=Calibration("platt", {"slope": 1.0, "intercept": 0.0}),
        label={},
        data=TrainingData("a" * 64, None, None, 2000, 400, None),
        split={},
        seed=0,
        metrics={},
        libraries={},
        utc_offset_minutes=0,
    )
    directory = folder / "artefact"
    directory.mkdir()
    write(directory, text, manifest, signed_by=home_keys(folder / "home"))
    return open_artefact(directory)


def test_worsening_what_stands_behind_a_reason_never_approves(made: Make) -> None:
    found = direction_test(made(), seed=0)
    assert found["cases"] > 50
    assert found["worsened"] > 100
    assert (found["approved_after"], found["reason_lost"], found["failures"]) == (0, 0, 0)
    assert found["examples"] == []
    assert found["displaced_of"] == 100


def test_a_model_without_constraints_is_found_out_and_an_example_is_named(made: Make) -> None:
    found = direction_test(made(obeys=False), seed=0)
    assert found["failures"] >= max(found["approved_after"], found["reason_lost"]) > 0
    assert found["reason_lost"] > 0
    example = found["examples"][0]
    assert example["probability_to"] < example["probability_from"]
    assert example["feature"] in {"income", "arrears", "late_days"}


def test_every_counterfactual_applied_does_flip(made: Make) -> None:
    tested = made()
    found = counterfactuals_of(tested, seed=0)
    assert found["cases"] == found["found"] + found["none"] > 50
    assert found["flipped"] == found["found"] > 10
    assert {it["feature"] for it in found["most_changed"]} <= {"income", "arrears", "late_days"}
    rows = tested.table.to_pylist()
    for example in found["examples"]:
        row = rows[example["row_id"]]
        assert all(row[it["feature"]] == it["from"] for it in example["changes"])
        changed = row | {it["feature"]: it["to"] for it in example["changes"]}
        [chance] = tested.scorer.score([changed])
        assert chance == example["probability_to"] <= tested.cut_off


def test_numbers_without_any_direction_may_all_be_moved(made: Make) -> None:
    free = tuple(ModelFeature(it.name, it.dtype, 0, it.reason, it.vocabulary) for it in FEATURES)
    tested = made(features=free)
    assert [it.name for it in actions_of(tested)] == ["income", "arrears", "late_days", "noise"]
    assert direction_test(tested, seed=0)["worsened"] == 0


def test_what_somebody_is_does_not_move_whatever_its_direction(made: Make) -> None:
    named = ("applicantAGE", "NumberOfDependents", "late_days", "trade", "mileage")
    features = tuple(
        ModelFeature(name, it.dtype, it.direction, it.reason, it.vocabulary)
        for name, it in zip(named, FEATURES, strict=True)
    )
    tested = made(features=features)
    assert [it.name for it in actions_of(tested)] == ["late_days"]


def test_a_model_that_knows_nothing_knows_nothing_to_change(made: Make) -> None:
    tested = made(rounds=0)
    found = counterfactuals_of(tested, cases=20, seed=0)
    assert (found["cases"], found["found"], found["none"]) == (20, 0, 20)
    assert found["features_median"] is None
    assert direction_test(tested, seed=0)["failures"] == 0


def test_nobody_declined_is_nothing_to_test(made: Make) -> None:
    import dataclasses

    nobody = dataclasses.replace(made(), cut_off=1.0)
    assert direction_test(nobody, seed=0)["cases"] == 0
    assert counterfactuals_of(nobody, seed=0)["cases"] == 0


def test_equal_seeds_tell_the_same(made: Make) -> None:
    tested = made()
    assert direction_test(tested, cases=30, seed=4) == direction_test(tested, cases=30, seed=4)
    assert counterfactuals_of(tested, cases=9, seed=4) == counterfactuals_of(
        tested, cases=9, seed=4
    )


def test_a_small_test_takes_no_time(made: Make) -> None:
    tested = made()
    began = time.process_time()
    direction_test(tested, seed=0)
    middle = time.process_time()
    counterfactuals_of(tested, seed=0)
    assert middle - began < 0.5
    assert time.process_time() - middle < 1.0
