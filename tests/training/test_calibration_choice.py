"""The map is chosen by its worth on rows it did not see, and few rows choose nothing bold."""

import numpy as np
import pytest

from models.measures import ece, log_loss
from training.judging.calibration import calibrate, probabilities


def _margins(count: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """True margins of a book of which about a seventh is bad, and outcomes."""
    random = np.random.default_rng(seed)
    margins = random.normal(-2.2, 1.1, count)
    return margins, (random.random(count) < 1 / (1 + np.exp(-margins))).astype(int)


@pytest.mark.parametrize("rows", [60, 200, 1500])
def test_true_margins_are_mostly_left_as_they_are(rows):
    kinds = [calibrate(*_margins(rows, seed=seed), seed=0)[0].kind for seed in range(12)]
    assert kinds.count("identity") >= 9


@pytest.mark.parametrize(
    ("bend", "seen"),
    [
        (lambda margin: 2.5 * margin + 1, {"platt", "beta"}),
        (lambda margin: np.where(margin > -2, margin + 1.5, margin), {"beta", "isotonic"}),
    ],
)
def test_what_is_bent_is_straightened(bend, seen):
    margins, label = _margins(12_000, seed=1)
    found, _ = calibrate(bend(margins), label, seed=0)
    assert found.kind in seen
    fresh, outcome = _margins(20_000, seed=2)
    said = probabilities(found, bend(fresh))
    assert ece(outcome, said) < 0.015
    assert ece(outcome, said) < ece(outcome, 1 / (1 + np.exp(-bend(fresh)))) / 3


def test_few_rows_are_not_made_worse_on_the_whole():
    before, after = [], []
    fresh, outcome = _margins(20_000, seed=99)
    for seed in range(25):
        margins, label = _margins(180, seed=seed)
        found, _ = calibrate(margins, label, seed=0)
        before.append(log_loss(outcome, 1 / (1 + np.exp(-fresh))))
        after.append(log_loss(outcome, probabilities(found, fresh)))
    assert np.mean(after) < np.mean(before) + 0.003


def test_every_map_tried_tells_its_log_loss_and_its_brier():
    margins, label = _margins(3000, seed=3)
    _, tried = calibrate(3 * margins, label, seed=0)
    assert list(tried) == ["identity", "platt", "beta"]
    assert tried["platt"]["log_loss"] < tried["identity"]["log_loss"]
    assert tried["platt"]["brier"] < tried["identity"]["brier"]


def test_one_class_but_for_a_few_is_left_as_it_is():
    margins, label = _margins(400, seed=4)
    label = np.zeros_like(label)
    label[:3] = 1
    found, tried = calibrate(margins, label, seed=0)
    assert all(np.isfinite(list(each.values())).all() for each in tried.values())
    assert 0 < found.probability(-3.0) < found.probability(3.0) < 1


def test_equal_seeds_choose_alike():
    margins, label = _margins(5000, seed=5)
    assert calibrate(margins, label, seed=7) == calibrate(margins, label, seed=7)
