"""The only rounding there is, and the score that is made of it."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.money import (
    divided_down,
    divided_half_even,
    divided_up,
    part_down,
    part_up,
    ppm_of,
    stepped_down,
    whole_minor,
)
from credit.policy.scorecard import EDGES_PPM, SCORE_MAX, SCORE_MIN, probability_of, score_of

AMOUNTS = st.integers(0, 10**12)
DIVISORS = st.integers(1, 10**9)
PPM = st.integers(0, 10**6)


@given(AMOUNTS, DIVISORS)
def test_rounding_down_and_up_enclose_the_quotient(amount: int, divisor: int) -> None:
    down, up = divided_down(amount, divisor), divided_up(amount, divisor)
    assert down * divisor <= amount <= up * divisor
    assert up - down == (amount % divisor != 0)


@given(st.integers(-(10**12), 10**12), DIVISORS)
def test_nearest_rounding_breaks_ties_to_even(amount: int, divisor: int) -> None:
    assert divided_half_even(amount, divisor) == round(Fraction(amount, divisor))


@given(AMOUNTS, PPM)
def test_a_share_and_what_it_leaves_make_the_whole(amount: int, ppm: int) -> None:
    assert part_down(amount, ppm) + part_up(amount, 10**6 - ppm) == amount


@given(st.floats(0, 1))
def test_a_probability_is_rounded_to_the_nearest_millionth(probability: float) -> None:
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(probability) * 10**6
    assert abs(Decimal(ppm_of(probability)) - exact) <= Decimal("0.5000001")


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), float("inf")])
def test_what_is_no_probability_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        ppm_of(value)


@given(st.floats(-1e12, 1e12))
def test_a_measured_amount_is_never_rounded_up(value: float) -> None:
    assert value - 1 <= whole_minor(value) <= value


@given(AMOUNTS, st.integers(1, 10**6))
def test_steps_are_whole_and_never_more(amount: int, step: int) -> None:
    stepped = stepped_down(amount, step)
    assert stepped % step == 0
    assert 0 <= amount - stepped < step


def test_600_points_are_odds_of_30_to_1_and_20_points_double_them() -> None:
    assert [score_of(round(10**6 / (1 + odds))) for odds in (15, 30, 60, 120)] == [
        580,
        600,
        620,
        640,
    ]


def test_the_score_is_the_formula_to_fifty_digits_at_every_probability_that_it_can_tell() -> None:
    with localcontext() as context:
        context.prec = 50
        for ppm in [*range(1, 2000), *range(2000, 10**6, 997)]:
            odds = (Decimal(10**6 - ppm) / ppm) / 30
            exact = 600 + 20 * odds.ln() / Decimal(2).ln()
            clamped = min(max(exact, Decimal(SCORE_MIN)), Decimal(SCORE_MAX))
            assert score_of(ppm) == int(clamped.to_integral_value(ROUND_HALF_EVEN)), ppm


def test_the_score_is_clamped_at_both_ends() -> None:
    assert (score_of(0), score_of(10**6)) == (SCORE_MAX, SCORE_MIN)


@given(PPM, PPM)
def test_a_higher_probability_never_scores_higher(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert score_of(low) >= score_of(high)


@given(st.integers(SCORE_MIN, 780))
def test_the_inverse_leads_back_to_the_score(score: int) -> None:
    assert score_of(probability_of(score)) == score


def test_score_edges_rise() -> None:
    assert list(EDGES_PPM) == sorted(EDGES_PPM)
