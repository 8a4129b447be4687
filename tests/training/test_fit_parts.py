"""Trees made one, calibrations chosen, figures measured, the gate held."""

import numpy as np
import pytest

from models.manifest import ModelFeature
from models.measures import auc
from training.judging.calibration import calibrate, probabilities
from training.judging.evaluate import calibration_line
from training.judging.intervals import auc_difference_interval
from training.ranking.blend import blend
from training.ranking.fit import Rows, fixed_parameters, folds_of
from training.ranking.monotone import violations
from training.ranking.trees import averaged


@pytest.fixture(scope="module")
def rows() -> Rows:
    random = np.random.default_rng(0)
    matrix = random.normal(size=(1500, 4))
    matrix[random.random(1500) < 0.2, 1] = np.nan
    matrix[:, 3] = random.integers(0, 5, 1500)
    logit = matrix[:, 0] + np.where(np.isnan(matrix[:, 1]), 1, 0) + (matrix[:, 3] == 2) - 1
    label = (random.random(1500) < 1 / (1 + np.exp(-logit))).astype(np.int8)
    words = tuple("abcde")
    features = tuple(ModelFeature(name, "number", 0, name) for name in ("x", "gaps", "noise"))
    return Rows(matrix, label, (*features, ModelFeature("word", "category", 0, "word", words)))


def _parameters(rows, **others):
    small = {"num_leaves": 6, "min_data_in_leaf": 20, "learning_rate": 0.1}
    return fixed_parameters(rows.features, rows=1500, seed=1) | small | others


def test_many_models_made_one_give_the_mean_of_their_margins(rows):
    import lightgbm as lgb

    from training.ranking.fit import boost, fold_of, margin

    half = np.arange(1500) < 750
    one, two = (
        boost(
            fold_of(rows.take(np.flatnonzero(a)), rows.take(np.flatnonzero(~a))), _parameters(rows)
        )
        for a in (half, ~half)
    )
    texts = [b.model_to_string(num_iteration=b.best_iteration) for b in (one, two)]
    together = lgb.Booster(model_str=averaged(texts))
    mean = (margin(one, rows.matrix) + margin(two, rows.matrix)) / 2
    assert np.allclose(together.predict(rows.matrix, raw_score=True), mean, atol=1e-12)
    assert together.num_trees() == one.best_iteration + two.best_iteration
    added = together.predict(rows.matrix[:50], pred_contrib=True)
    assert np.allclose(added.sum(axis=1), mean[:50], atol=1e-9), "contributions add up too"


def test_no_margin_comes_from_trees_that_saw_the_row(rows):
    shuffled = Rows(rows.matrix, np.random.default_rng(5).permutation(rows.label), rows.features)
    fitted = blend(shuffled, trials=0, seed=0)
    assert 0.42 < auc(shuffled.label, fitted.out_of_fold) < 0.58


def test_an_entity_stays_in_one_fold():
    entity = np.array(["a", "b", "c", "d", "e", "f"] * 20)
    rows = Rows(np.zeros((120, 1)), np.zeros(120), (), entity)
    fold = folds_of(rows, folds=3, seed=0)
    assert all(len(set(fold[entity == one])) == 1 for one in set(entity))
    assert len(set(fold)) == 3


def test_a_wrong_direction_is_seen(rows):
    fitted = blend(rows, trials=0, seed=0)
    falling = (ModelFeature("x", "number", -1, "x"), *rows.features[1:])
    assert violations(fitted.model_text, falling, rows.matrix, seed=0) == ("x",)
    held = Rows(rows.matrix, rows.label, (ModelFeature("x", "number", 1, "x"), *rows.features[1:]))
    fitted = blend(held, trials=0, seed=0)
    assert violations(fitted.model_text, held.features, held.matrix, seed=0) == ()


def _outcomes(margins, seed=2):
    random = np.random.default_rng(seed)
    return (random.random(len(margins)) < 1 / (1 + np.exp(-margins))).astype(np.int8)


@pytest.mark.parametrize(
    ("distort", "kind"),
    [
        (lambda margin: margin, "identity"),
        (lambda margin: 2.5 * margin + 1, "platt"),
    ],
)
def test_the_plainest_calibration_that_is_true_is_chosen(distort, kind):
    truth = np.random.default_rng(1).normal(-1, 1, 8000)
    label = _outcomes(truth)
    calibration, losses = calibrate(distort(truth), label, seed=0)
    assert calibration.kind == kind
    assert set(losses) == {"identity", "platt", "beta", "isotonic"}
    chance = probabilities(calibration, distort(truth))
    assert np.abs(chance - 1 / (1 + np.exp(-truth))).mean() < 0.02


def test_no_calibration_turns_the_order_round():
    margins = np.random.default_rng(1).normal(size=400)
    label = _outcomes(-2 * margins)
    calibration, _ = calibrate(margins, label, seed=0)
    chance = probabilities(calibration, np.sort(margins))
    assert np.all(np.diff(chance) >= 0)


def test_a_calibration_line_of_true_probabilities_is_straight():
    truth = np.random.default_rng(3).normal(-1, 1, 20_000)
    chance, label = 1 / (1 + np.exp(-truth)), _outcomes(truth)
    slope, intercept = calibration_line(label, chance)
    assert slope == pytest.approx(1, abs=0.06)
    assert intercept == pytest.approx(0, abs=0.06)
    extreme = 1 / (1 + np.exp(-2 * truth))
    assert calibration_line(label, extreme)[0] == pytest.approx(slope / 2, abs=0.01)
    assert calibration_line(np.zeros(10), np.full(10, 0.1)) == (None, None)


def test_a_paired_interval_holds_zero_for_twins_and_not_for_noise():
    truth = np.random.default_rng(4).normal(size=2000)
    label = _outcomes(truth)
    twin = auc_difference_interval(label, truth, truth, seed=0, draws=50)
    assert (twin["mean"], twin["low"], twin["high"]) == (0, 0, 0)
    noise = np.random.default_rng(5).normal(size=2000)
    better = auc_difference_interval(label, truth, noise, seed=0, draws=100)
    assert better["low"] > 0.1
    assert better["mean"] == pytest.approx(auc(label, truth) - auc(label, noise))
    assert auc_difference_interval(np.zeros(5), np.ones(5), np.ones(5), seed=0)["low"] is None
