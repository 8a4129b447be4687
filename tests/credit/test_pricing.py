"""A loan is priced to carry its costs, within the law, and repaid to the last minor unit."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.policy.loan_terms import BULLET, EQUAL_INSTALMENTS, REPAYMENT_TYPES, LoanPrice
from credit.policy.pricing import expected_loss_minor, price_of
from credit.policy.schedule import schedule

DAY = date(2026, 6, 30)
AMOUNTS = st.integers(10_000, 50_000_000)
TERMS = st.sampled_from((20, 30, 45, 60, 90, 100, 180, 360))
TYPES = st.sampled_from(REPAYMENT_TYPES)
PPM = st.integers(0, 1_000_000)


def price_terms(**changes: int) -> LoanPrice:
    terms = LoanPrice(
        apr_cap_ppm=240_000,
        apr_floor_ppm=60_000,
        funding_rate_ppm=30_000,
        margin_rate_ppm=20_000,
        operating_cost_minor=300,
        fee_share_ppm=0,
        roll_to_loss_ppm=400_000,
        loss_given_default_ppm=450_000,
        exposure_at_default_ppm=750_000,
    )
    return replace(terms, **changes)


def test_expected_loss_is_the_product_of_its_four_parts() -> None:
    assert expected_loss_minor(10_000_000, 50_000, price_terms()) == 67_500


COSTS = st.builds(
    price_terms, operating_cost_minor=st.integers(0, 20_000), fee_share_ppm=st.integers(0, 50_000)
)


@given(AMOUNTS, TERMS, TYPES, PPM, COSTS)
def test_what_a_loan_earns_carries_loss_work_and_money(
    amount: int, term: int, kind: str, ppm: int, terms: LoanPrice
) -> None:
    price = price_of(
        terms, amount_minor=amount, term_days=term, probability_ppm=ppm, repayment_type=kind
    )
    due = schedule(
        amount, apr_ppm=price.apr_ppm, term_days=term, repayment_type=kind, starts_on=DAY
    )
    interest = sum(one.interest_minor for one in due)
    owed_days = sum(Fraction(owed * days) for owed, days in _balances(amount, due, DAY))
    funding = owed_days * terms.funding_rate_ppm / (10**6 * 365)
    carried = price.expected_loss_minor + terms.operating_cost_minor
    rounding = len(due)
    assert price.expected_loss_minor >= Fraction(amount * ppm * 135, 10**9)
    assert interest + price.fees_minor + rounding >= carried + funding


def _balances(amount, due, start):  # type: ignore[no-untyped-def]
    for one in due:
        yield amount, (one.due_on - start).days
        amount, start = amount - one.principal_minor, one.due_on


@given(AMOUNTS, TERMS, TYPES, PPM, PPM)
def test_a_riskier_loan_is_never_cheaper(
    amount: int, term: int, kind: str, one: int, other: int
) -> None:
    cheaper, dearer = (
        price_of(
            price_terms(),
            amount_minor=amount,
            term_days=term,
            probability_ppm=ppm,
            repayment_type=kind,
        )
        for ppm in sorted((one, other))
    )
    assert cheaper.apr_ppm <= dearer.apr_ppm
    assert cheaper.all_in_ppm <= dearer.all_in_ppm


@given(AMOUNTS, TERMS, PPM, st.integers(1, 100_000))
def test_fees_count_towards_the_cap(amount: int, term: int, ppm: int, fee: int) -> None:
    price = price_of(
        price_terms(fee_share_ppm=fee),
        amount_minor=amount,
        term_days=term,
        probability_ppm=ppm,
        repayment_type=BULLET,
    )
    fee_a_year = Fraction(price.fees_minor * 365 * 10**6, amount * term)
    assert price.fees_minor > 0
    assert price.all_in_ppm >= price.apr_ppm + fee_a_year
    assert price.within(240_000) == (price.all_in_ppm <= 240_000)


def test_rates_are_quoted_in_hundredths_of_a_per_cent_and_not_below_the_floor() -> None:
    price = price_of(
        price_terms(), amount_minor=10**7, term_days=90, probability_ppm=0, repayment_type=BULLET
    )
    assert price.apr_ppm == 60_000
    risky = price_of(
        price_terms(), amount_minor=10**7, term_days=90, probability_ppm=77, repayment_type=BULLET
    )
    assert risky.apr_ppm % 100 == 0


@given(AMOUNTS, st.integers(0, 360_000), TERMS, TYPES)
def test_a_schedule_adds_up_to_the_minor_unit(amount: int, apr: int, term: int, kind: str) -> None:
    due = schedule(amount, apr_ppm=apr, term_days=term, repayment_type=kind, starts_on=DAY)
    assert sum(one.principal_minor for one in due) == amount
    assert all(one.due_minor == one.principal_minor + one.interest_minor for one in due)
    assert all(one.principal_minor >= 0 and one.interest_minor >= 0 for one in due)
    assert due[-1].due_on == DAY + timedelta(days=term)
    assert [one.due_on for one in due] == sorted({one.due_on for one in due})


@given(AMOUNTS, st.integers(0, 360_000), TERMS, TYPES)
def test_interest_is_simple_on_what_is_still_owed(
    amount: int, apr: int, term: int, kind: str
) -> None:
    due = schedule(amount, apr_ppm=apr, term_days=term, repayment_type=kind, starts_on=DAY)
    for one, (owed, days) in zip(due, _balances(amount, due, DAY), strict=True):
        assert abs(one.interest_minor - Fraction(owed * apr * days, 10**6 * 365)) <= Fraction(1, 2)


@pytest.mark.parametrize("apr", [0, 91_700, 240_000])
def test_equal_instalments_are_equal_but_for_the_last(apr: int) -> None:
    due = schedule(
        9_999_999, apr_ppm=apr, term_days=360, repayment_type=EQUAL_INSTALMENTS, starts_on=DAY
    )
    amounts = {one.due_minor for one in due[:-1]}
    assert len(amounts) == 1
    assert abs(due[-1].due_minor - amounts.pop()) <= 12


def test_a_bullet_falls_due_once() -> None:
    (only,) = schedule(
        10_000_000, apr_ppm=120_000, term_days=90, repayment_type=BULLET, starts_on=DAY
    )
    assert (only.due_on, only.interest_minor) == (date(2026, 9, 28), 295_890)
