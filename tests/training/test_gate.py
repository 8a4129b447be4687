"""The gate names every reason to refuse, and lets pass what chance explains."""

from dataclasses import replace

import numpy as np
import pytest

from models.measures import auc
from training.judging.paired import Paired, auc_difference_error
from training.release import CHECKS_OF_A_SHADOW, GATE, Facts, gate

GOOD = {"rows": 5000, "bad_rate": 0.08, "gini": 0.5, "ece": 0.01}
PAIR = Paired(
    rows=5000,
    bads=400,
    gini=0.5,
    incumbent_gini=0.5,
    gini_error=0.01,
    log_loss=0.25,
    incumbent_log_loss=0.25,
    log_loss_error=0.001,
)
LEAK = {"column": "closed_on", "why": "filled in for bads alone"}


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (Facts(GOOD), None),
        (Facts(GOOD, incumbent=GOOD), None),
        (Facts(GOOD | {"rows": 400}), "too few bads: 32"),
        (Facts(GOOD | {"gini": 0.02}), "no better than chance"),
        (Facts(GOOD | {"gini": None}), "undefined"),
        (Facts(GOOD | {"gini": 0.02}, incumbent=GOOD | {"gini": 0.03}), "no better than chance"),
        (Facts(GOOD | {"gini": 0.02}, incumbent=GOOD | {"gini": 0.01}), None),
        (Facts(GOOD | {"gini": 0.47}, incumbent=GOOD), None),
        (Facts(GOOD | {"gini": 0.25}, incumbent=GOOD), "worse than the champion's 0.500"),
        (Facts(GOOD | {"ece": 0.08}), "calibration: ECE 0.080"),
        (Facts(GOOD, (LEAK,)), "leakage: closed_on: filled in"),
        (Facts(GOOD, incumbent=GOOD, paired=PAIR), None),
        (Facts(GOOD, incumbent=GOOD, paired=replace(PAIR, gini=0.485)), None),
        (
            Facts(GOOD, incumbent=GOOD, paired=replace(PAIR, gini=0.47)),
            "Gini 0.470 is worse than the champion's 0.500 by more than chance (0.020)",
        ),
        (Facts(GOOD, paired=replace(PAIR, log_loss=0.26)), "log loss 0.2600 is worse"),
        (Facts(GOOD, assurance={"monotone": {"violations": ["income"]}}), "broken: income"),
        (Facts(GOOD, assurance={"direction_test": {"failures": 3}}), "3 declined cases"),
        (
            Facts(GOOD, assurance={"fairness": {"sex": {"2": {"air": 0.6, "high": 0.7}}}}),
            "fairness: sex 2 is approved at 0.60",
        ),
        (Facts(GOOD, assurance={"fairness": {"sex": {"2": {"air": 0.7, "high": 0.9}}}}), None),
        (Facts(GOOD, assurance={"fairness": {"sex": {"2": {"air": None, "high": None}}}}), None),
    ],
)
def test_the_gate_says_which_reason(facts: Facts, says: str | None) -> None:
    failures = gate(facts)
    if says is None:
        assert failures == ()
    else:
        assert len(failures) == 1
        assert says in failures[0]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = Facts(
        {"rows": 100, "bad_rate": 0.1, "gini": 0.01, "ece": 0.3},
        (LEAK,),
        {"monotone": {"violations": ["income"]}},
    )
    assert len(gate(wrong)) == 5


def test_a_shadow_is_held_against_less() -> None:
    assert all(check(Facts(GOOD | {"rows": 400}), GATE) == "" for check in CHECKS_OF_A_SHADOW)


def test_delongs_error_is_that_of_many_samples() -> None:
    random = np.random.default_rng(3)

    def draw() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        label = (random.random(1500) < 0.2).astype(int)
        truth = label + random.normal(size=1500)
        return label, np.round(truth, 1), truth + random.normal(size=1500)

    gaps, errors = [], []
    for _ in range(200):
        label, first, second = draw()
        gaps.append(auc(label, first) - auc(label, second))
        errors.append(auc_difference_error(label, first, second))
    assert np.mean(errors) == pytest.approx(np.std(gaps), rel=0.15)


def test_equal_models_differ_by_nothing_and_one_class_compares_nothing() -> None:
    label, chance = np.array([0, 1, 0, 1, 0]), np.array([0.1, 0.4, 0.3, 0.6, 0.5])
    pair = Paired.of(label, chance, chance)
    assert pair is not None
    assert (pair.gini_error, pair.log_loss_error) == (0, 0)
    assert Paired.of(np.zeros(5), chance, chance) is None
