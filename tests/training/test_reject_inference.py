"""The model trained both ways, where the truth about the turned away is known to the test."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from credit.contract import MERCHANT_LOAN
from data.synthetic.write import generate
from features.sources import open_history
from models.manifest import CATEGORY, NUMBER, ModelFeature
from models.signature import from_table
from training.ranking.encode import encode
from training.ranking.fit import Rows, folds_of
from training.ranking.quick import FOLDS, quick_fit
from training.rows.cohort import read_cohort
from training.rows.dataset import point_in_time_sample
from training.rows.split import split
from training.unseen.augmentation import FUZZY, HOW, NONE, PARCELLING
from training.unseen.randomly_approved import told_by_chance
from training.unseen.reject_inference import REJECTED_MIN, augmented, reject_inference
from training.unseen.rejects import rejected_applications, rejected_rows

FEATURES = (
    ModelFeature("income", NUMBER, -1, "income"),
    ModelFeature("late", NUMBER, 0, "late"),
    ModelFeature("trade", CATEGORY, 0, "trade", ("food", "travel")),
)


def _chance(matrix: Any) -> Any:
    income, late, trade = matrix.T
    return 1 / (1 + np.exp(2.2 + 0.8 * income - 0.9 * late - 0.6 * (trade == 1)))


def _applicants(rows: int, seed: int) -> Any:
    random = np.random.default_rng(seed)
    return np.column_stack(
        [random.normal(size=rows), random.poisson(0.7, rows), random.integers(0, 2, rows)]
    ).astype(np.float64)


def _rows(matrix: Any, seed: int, names: str = "A") -> Rows:
    bad = np.random.default_rng(seed).random(len(matrix)) < _chance(matrix)
    entity = np.char.add(names, np.arange(len(matrix)).astype(str))
    return Rows(matrix, bad.astype(np.int8), FEATURES, entity)


@pytest.fixture(scope="module")
def lender() -> tuple[Rows, Rows, Rows]:
    """Accepted before and after the split, and the turned away: whoever was late twice."""
    every = _applicants(3000, 1)
    away = every[:, 1] >= 2
    accepted = _rows(every[~away], 2)
    cut = np.arange(len(accepted.label)) < 1700
    return accepted.take(cut), _rows(every[away], 3, "R"), accepted.take(~cut)


@pytest.fixture(scope="module")
def found(lender) -> dict:
    rest, rejected, test = lender
    return reject_inference(rest, rejected, test, facts={"rejected": 5}, seed=0,
                            at_random=np.arange(len(rest.label)) < 100)  # fmt: skip


def test_each_way_is_judged_on_the_accepted_and_asked_about_the_turned_away(found, lender):
    assert set(found["ways"]) == set(HOW)
    for way in found["ways"].values():
        assert way["rows"] == len(lender[2].label)
        assert way["auc"] > 0.6
        assert 0 <= way["rejected_mean"] <= 1
    alone = found["ways"][NONE]
    assert alone["changed_test"] == alone["changed_rejected"] == 0
    assert alone["auc_difference"]["low"] == alone["auc_difference"]["high"] == 0
    assert found["served"] == NONE
    assert found["accepted"] == 1700
    assert found["rejected"] == 5, "facts go in as they are"
    assert found["acceptance_rate"] == pytest.approx(1700 / 1705)
    for way in found["ways"].values():
        for name in ("approved_test", "approved_rejected", "changed_test", "changed_rejected"):
            assert 0 <= way[name] <= 1


def test_inference_takes_the_turned_away_for_worse_than_the_accepted_alone_do(found):
    means = {how: way["rejected_mean"] for how, way in found["ways"].items()}
    assert means[PARCELLING] > means[NONE]
    assert means[FUZZY] > means[NONE]


def test_the_report_says_how_far_the_turned_away_lie(found):
    apart = found["distance"]
    assert apart["auc"] > 0.95
    assert apart["outside"] > 0.9
    assert apart["word"] == "far from the accepted"
    assert apart["features"][0]["feature"] == "late"
    assert apart["features"][0]["psi"] > 1
    assert "far from the accepted" in found["sentence"]


def test_applicants_turned_away_by_lot_are_like_the_accepted(lender):
    rest, _, test = lender
    lot = np.random.default_rng(0).random(len(rest.label)) < 0.3
    some, others = rest.take(lot), rest.take(~lot)
    apart = reject_inference(others, some, test, facts={}, seed=0)["distance"]
    assert apart["auc"] < 0.6
    assert apart["word"] == "much like the accepted"


def test_all_of_it_is_json(found):
    json.dumps(found, allow_nan=False)


def test_the_same_seed_says_the_same(lender, found):
    rest, rejected, test = lender
    again = reject_inference(rest, rejected, test, facts={"rejected": 5}, seed=0,
                             at_random=np.arange(len(rest.label)) < 100)  # fmt: skip
    assert again == found


@pytest.mark.parametrize("how", [PARCELLING, FUZZY])
def test_the_accepted_come_first_as_they_were_and_the_rest_is_weighed(lender, how):
    rest, rejected, _ = lender
    rows = augmented(rest, rejected, how, seed=0)
    count = len(rest.label)
    assert np.array_equal(rows.matrix[:count], rest.matrix)
    assert np.array_equal(rows.label[:count], rest.label)
    assert np.all(rows.weight[:count] == 1)
    assert rows.weight[count:].sum() == pytest.approx(len(rejected.label))
    fold = folds_of(rows, folds=FOLDS, seed=0)
    for entity in rejected.entity[:50]:
        assert len(set(fold[rows.entity == entity])) == 1, "both copies lie in one fold"


def test_without_inference_the_rows_are_the_rows(lender):
    rest, rejected, _ = lender
    assert augmented(rest, rejected, NONE, seed=0) is rest
    with pytest.raises(ValueError, match="guess"):
        augmented(rest, rejected, "guess", seed=0)


def test_too_little_to_infer_from_is_said_and_changes_nothing(lender):
    rest, rejected, test = lender
    few = rejected.take(np.arange(REJECTED_MIN - 1))
    assert augmented(rest, few, FUZZY, seed=0) is rest
    good = rest.take(rest.label == 0)
    for told in (
        reject_inference(rest, few, test, facts={}, seed=0),
        reject_inference(good, rejected, test, facts={}, seed=0),
        reject_inference(rest, rejected, test.take(np.zeros(0, dtype=int)), facts={}, seed=0),
    ):
        assert told["why_not"]
        assert "ways" not in told


def test_test_rows_of_one_class_leave_figures_undefined(lender):
    rest, rejected, test = lender
    told = reject_inference(rest, rejected, test.take(test.label == 0), facts={}, seed=0)
    assert told["ways"][FUZZY]["auc"] is None
    json.dumps(told, allow_nan=False)


def test_approvals_by_lot_tell_how_bad_the_turned_away_are():
    random = np.random.default_rng(4)
    usual, away = random.random(6000) < 0.05, random.random(4000) < 0.25
    lot = np.concatenate([random.random(600) < 0.05, random.random(400) < 0.25])
    label = np.concatenate([usual, lot]).astype(int)
    told = told_by_chance(label, np.arange(7000) >= 6000, rejected=len(away), rejected_mean=0.1)
    assert told["rows"] == 1000
    assert told["implied_low"] < 0.25 < told["implied_high"]
    assert told["uplift"] == pytest.approx(told["implied"] / 0.1)
    assert told["implied_high"] - told["implied_low"] < 0.15


@pytest.mark.parametrize("lucky", [[False] * 4, [True] * 4])
def test_without_both_kinds_of_approval_nothing_is_implied(lucky):
    label = np.array([0, 1, 0, 1])
    assert told_by_chance(label, np.array(lucky), rejected=3, rejected_mean=0.1) is None


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Histories of a lender whose declined applicants' true probabilities lie beside them."""
    folder = tmp_path_factory.mktemp("world") / "histories"
    generate(folder, merchants=500, users=50, months=12, end=date(2026, 6, 30), seed=5)
    return folder


def test_an_uplift_brings_what_is_expected_of_the_turned_away_nearer_the_truth(
    world: Path, tmp_path_factory: pytest.TempPathFactory, runs: Callable[..., int]
) -> None:
    by, scratch = datetime(2026, 7, 1, tzinfo=UTC), tmp_path_factory.mktemp("scratch")
    with open_history(world) as history:
        cohort = read_cohort(history, MERCHANT_LOAN, by=by)
        sample, _ = point_in_time_sample(history, MERCHANT_LOAN, cohort, scratch=scratch)
        rejected = rejected_applications(history, MERCHANT_LOAN, by=by, scratch=scratch)
    chosen = split(sample, seed=0)
    before, after = rejected.divided(sample, chosen)
    assert before.time.max() < sample.time[chosen.test].min() <= after.time.max()
    features, _ = encode(sample.take(chosen.rest))
    places = chosen.rest
    rest = Rows(from_table(features, sample.table.take(places)), sample.label[places], features,
                sample.entity[places])  # fmt: skip
    truth = pq.read_table(world / "truth" / "outcomes.parquet")
    known = dict(
        zip(truth["reference_id"].to_pylist(), truth["probability"].to_pylist(), strict=True)
    )
    true = np.array([known[name] for name in before.row_id.to_pylist()])
    away = rejected_rows(before, features)
    seeds = runs(full=5, short=1)
    error = dict.fromkeys(HOW, 0.0)
    for seed in range(seeds):
        for how in HOW:
            said = quick_fit(augmented(rest, away, how, seed=seed), seed=seed).probability(
                away.matrix
            )
            error[how] += abs(said.mean() - true.mean()) / seeds
    assert error[FUZZY] < error[NONE], error
    assert error[PARCELLING] < error[NONE], error
