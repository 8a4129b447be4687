"""Calibration is monotone, bounded and refuses what would turn risks round."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.errors import InputError
from models.calibration import Calibration

SLOPES = st.floats(0, 5)
SHIFTS = st.floats(-5, 5)
MARGINS = st.floats(-60, 60)
CALIBRATIONS = st.one_of(
    st.just(Calibration("identity", {})),
    st.builds(lambda a, b: Calibration("platt", {"slope": a, "intercept": b}), SLOPES, SHIFTS),
    st.builds(
        lambda a, b, c: Calibration("beta", {"a": a, "b": b, "c": c}), SLOPES, SLOPES, SHIFTS
    ),
    st.lists(st.tuples(MARGINS, st.floats(0, 1)), min_size=1, unique_by=lambda knot: knot[0]).map(
        lambda knots: Calibration(
            "isotonic",
            {
                "margins": tuple(sorted(margin for margin, _ in knots)),
                "probabilities": tuple(sorted(probability for _, probability in knots)),
            },
        )
    ),
)


@given(CALIBRATIONS, MARGINS, MARGINS)
def test_a_higher_margin_never_means_a_lower_risk(
    calibration: Calibration, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert calibration.probability(low) <= calibration.probability(high) + 1e-15


@given(CALIBRATIONS, st.floats(allow_nan=False))
def test_a_probability_is_never_certain(calibration: Calibration, margin: float) -> None:
    assert 1e-6 <= calibration.probability(margin) <= 1 - 1e-6


@given(st.floats(-30, 30))
def test_the_neutral_parameters_change_nothing(margin: float) -> None:
    plain = Calibration("identity", {}).probability(margin)
    neutral = Calibration("beta", {"a": 1, "b": 1, "c": 0}).probability(margin)
    assert Calibration("platt", {"slope": 1, "intercept": 0}).probability(margin) == plain
    assert neutral == pytest.approx(plain, rel=1e-9)
    assert plain == pytest.approx(min(max(1 / (1 + math.exp(-margin)), 1e-6), 1 - 1e-6))


def test_isotonic_draws_straight_lines_between_knots() -> None:
    steps = Calibration("isotonic", {"margins": (-1.0, 1.0), "probabilities": (0.1, 0.5)})
    found = [steps.probability(margin) for margin in (-9, -1, 0, 1, 9)]
    assert found == pytest.approx([0.1, 0.1, 0.3, 0.5, 0.5])


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("spline", {}),
        ("platt", {"slope": 1.0}),
        ("platt", {"slope": -1.0, "intercept": 0.0}),
        ("platt", {"slope": math.nan, "intercept": 0.0}),
        ("platt", {"slope": (1.0,), "intercept": 0.0}),
        ("beta", {"a": 1.0, "b": -0.1, "c": 0.0}),
        ("isotonic", {"margins": (), "probabilities": ()}),
        ("isotonic", {"margins": 1.0, "probabilities": (0.5,)}),
        ("isotonic", {"margins": (0.0, 0.0), "probabilities": (0.1, 0.2)}),
        ("isotonic", {"margins": (0.0, 1.0), "probabilities": (0.3, 0.2)}),
        ("isotonic", {"margins": (0.0, 1.0), "probabilities": (0.3, 1.2)}),
    ],
)
def test_a_calibration_that_could_turn_risks_round_is_refused(kind: str, parameters: dict) -> None:
    with pytest.raises(InputError, match="calibration"):
        Calibration(kind, parameters)
