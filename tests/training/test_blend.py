"""Components of unlike boldness: what they say of unseen rows decides, and one text serves."""

from dataclasses import replace

import numpy as np
import pytest

from models.manifest import ModelFeature
from models.measures import auc
from training.ranking.blend import blend
from training.ranking.category_statistics import ordered, statistics_of
from training.ranking.cuts import cuts_of
from training.ranking.fit import Rows
from training.ranking.monotone import violations
from training.ranking.shares import Told, scaled_loss, shares


def _rows(logit, rows=600, seed=3, columns=4, directions=None):
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, columns)).round(3)
    directions = directions or [0] * columns
    features = tuple(
        ModelFeature(f"x{at}", "number", way, "x") for at, way in enumerate(directions)
    )
    return Rows(matrix, _drawn(logit(matrix), random), features)


def _drawn(logit, random):
    return (random.random(len(logit)) < 1 / (1 + np.exp(-logit))).astype(np.int8)


def _linear(matrix):
    return 1.2 * matrix[:, 0] - 0.9 * matrix[:, 1] - 1


def _crossed(matrix):
    return 3 * np.sign(matrix[:, 0] * matrix[:, 1]) - 0.5


@pytest.fixture(scope="module")
def words():
    """Rows in which one column of many words tells most, some of them blank."""
    random = np.random.default_rng(1)
    effect, code = random.normal(size=60), random.integers(0, 60, 1500)
    matrix = np.column_stack([code.astype(float), random.normal(size=1500)])
    label = _drawn(1.5 * effect[code] + 0.5 * matrix[:, 1] - 1, random)
    matrix[random.random(1500) < 0.05, 0] = np.nan
    vocabulary = tuple(f"w{at}" for at in range(60))
    features = (
        ModelFeature("bank", "category", 0, "bank", vocabulary),
        ModelFeature("x", "number", 0, "x"),
    )
    return Rows(matrix, label, features)


@pytest.fixture
def hurried(monkeypatch):
    """All ways, each given up soon, on one round of folds."""
    monkeypatch.setattr("training.ranking.ways.PATIENCE", 20)
    monkeypatch.setattr("training.ranking.cuts.SMALL_ROWS", 0)


def _margin(text, matrix):
    import lightgbm as lgb

    return lgb.Booster(model_str=text).predict(matrix, raw_score=True, num_threads=1)


def test_the_served_text_is_the_weighted_sum_of_its_components(words, monkeypatch, hurried):
    from training.ranking import trees

    seen = {}

    def spy(texts, weights, *, intercept=0.0):
        seen.update(texts=texts, weights=weights, intercept=intercept)
        return trees.weighted(texts, weights, intercept=intercept)

    monkeypatch.setattr("training.ranking.blend.weighted", spy)
    learnt = blend(words.take(np.arange(1000)), trials=1, seed=0)
    unseen = words.matrix[1000:].copy()
    unseen[:20, 0], unseen[20:40, 1] = np.nan, np.nan
    parts = [_margin(text, unseen) for text in seen["texts"]]
    expected = np.array(seen["weights"]) @ np.array(parts) + seen["intercept"]
    assert np.abs(_margin(learnt.model_text, unseen) - expected).max() < 1e-9
    assert [it.weight for it in learnt.components] == seen["weights"]
    assert any(it.name.endswith("stated") for it in learnt.components)


def test_words_teach_as_much_as_there_is_to_learn(words):
    learnt = blend(words.take(np.arange(1000)), trials=0, seed=0)
    assert auc(words.label[1000:], _margin(learnt.model_text, words.matrix[1000:])) > 0.72
    assert auc(words.label[:1000], learnt.out_of_fold) > 0.70


@pytest.mark.parametrize("trials", [0, 5])
def test_workers_do_not_change_a_byte(monkeypatch, trials, hurried):
    rows = _rows(_linear, rows=200)
    two = blend(rows, trials=trials, seed=4)
    monkeypatch.setattr("training.ranking.fit.FOLDS_AT_ONCE", 1)
    one = blend(rows, trials=trials, seed=4)
    assert one.model_text == two.model_text
    assert np.array_equal(one.out_of_fold, two.out_of_fold)


def _share(learnt, names):
    weights = {it.name: it.weight for it in learnt.components}
    return sum(weights.get(name, 0) for name in names) / sum(weights.values())


def test_where_truth_is_deep_the_trees_decide_and_find_it():
    rows = _rows(_crossed)
    learnt = blend(rows, trials=0, seed=0)
    assert auc(rows.label, learnt.out_of_fold) > 0.85
    assert _share(learnt, ["scorecard", "linear"]) < 0.25


def test_where_truth_is_linear_the_blend_is_as_good_as_a_line():
    from sklearn.linear_model import LogisticRegression

    rows, unseen = _rows(_linear, rows=400), _rows(_linear, rows=4000, seed=9)
    learnt = blend(rows, trials=0, seed=0)
    line = LogisticRegression().fit(rows.matrix, rows.label).decision_function(unseen.matrix)
    assert auc(unseen.label, _margin(learnt.model_text, unseen.matrix)) > (
        auc(unseen.label, line) - 0.01
    )
    assert _share(learnt, ["scorecard", "linear"]) > 0.3


def test_every_component_keeps_its_direction(hurried):
    rows = _rows(_crossed, rows=400, directions=[1, -1, 0, 0])
    text = blend(rows, trials=1, seed=0).model_text
    assert violations(text, rows.features, rows.matrix, seed=0) == ()


def test_progress_goes_through_search_and_fit_to_the_end(hurried):
    told = []
    blend(_rows(_linear, rows=120), trials=6, seed=0, progress=lambda *it: told.append(it))
    for stage in ("search", "fit"):
        shares_done = [share for name, share in told if name == stage]
        assert shares_done == sorted(shares_done)
        assert shares_done[-1] == 1


def test_noise_ends_in_the_base_rate():
    rows = _rows(lambda matrix: np.full(len(matrix), -1.0), rows=400)
    learnt = blend(rows, trials=0, seed=0)
    chance = 1 / (1 + np.exp(-_margin(learnt.model_text, rows.matrix)))
    assert chance.mean() == pytest.approx(rows.label.mean(), abs=0.03)


def test_an_entity_is_never_on_both_sides_of_a_cut():
    rows = replace(_rows(_linear, rows=200), entity=np.arange(200) // 4)
    for cut in cuts_of(rows, quick=False, seed=0):
        assert not set(rows.entity[cut.seen]) & set(rows.entity[cut.unseen])


def test_a_component_that_fails_forward_in_time_counts_for_less():
    random = np.random.default_rng(0)
    steady, gone = random.normal(size=(2, 4000))
    past = Told(np.column_stack([steady, gone]), _drawn(steady + gone, random), np.ones(4000))
    ahead = Told(past.margins, _drawn(steady, random), np.ones(4000))
    blind, _ = shares([past], pull=8.0)
    seeing, _ = shares([past, ahead], pull=8.0)
    assert blind[1] / blind[0] == pytest.approx(1, abs=0.15)
    assert seeing[1] / seeing[0] < 0.7
    assert shares([ahead], pull=8.0)[0][1] < 0.1


def test_what_is_too_sure_of_itself_is_judged_to_scale():
    random = np.random.default_rng(2)
    truth = random.normal(-1, 1, 5000)
    label = _drawn(truth, random)
    true, slope = scaled_loss(truth, label, np.ones(5000))
    sure, small = scaled_loss(4 * truth + 1, label, np.ones(5000))
    assert sure == pytest.approx(true, abs=1e-6)
    assert small == pytest.approx(slope / 4, abs=1e-4)
    assert scaled_loss(-truth, label, np.ones(5000))[1] == 0


def test_a_row_does_not_hear_its_own_outcome(words):
    before = ordered(words, seed=0)[:, 0]
    flipped, place = words.label.copy(), 77
    flipped[place] = 1 - flipped[place]
    swap = np.flatnonzero(
        (words.label == flipped[place]) & (words.matrix[:, 0] != words.matrix[place, 0])
    )
    flipped[swap[0]] = 1 - flipped[swap[0]]  # so that the mean of all stays
    after = ordered(replace(words, label=flipped), seed=0)[:, 0]
    assert before[place] == after[place]
    assert not np.array_equal(before, after)


def test_unseen_rows_hear_all_rows_and_unknown_words_what_is_missing(words):
    told = statistics_of(words)
    values = told.by_place[0]
    matrix = np.array([[5.0, 0.0], [np.nan, 0.0], [999.0, 0.0]])
    assert told.of(matrix)[:, 0].tolist() == [values[5], values[-1], values[-1]]
