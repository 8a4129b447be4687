"""Knock-outs are rows of data: closed comparisons, and missing means what the row says."""

import pytest

from credit.policy.decision import Outcome
from credit.policy.knockouts import (
    COMPARISONS,
    DECLINES,
    MEMBERSHIP,
    PASSES,
    REFERS,
    Knockout,
    holds,
    names_protected,
    ruled,
)
from credit.policy.terms import Policy


def row(op: str = ">", value: object = 0, *, missing: str = PASSES, feature: str = "arrears_minor"):
    return Knockout(
        feature=feature,
        op=op,
        value=value,  # type: ignore[arg-type]
        reason="OPEN_ARREARS",
        outcome="decline",
        missing=missing,
    )


TRUTH = {
    ">": (False, False, True),
    ">=": (False, True, True),
    "<": (True, False, False),
    "<=": (True, True, False),
    "==": (False, True, False),
    "!=": (True, False, True),
}


@pytest.mark.parametrize("op", TRUTH)
def test_each_comparison_means_what_it_says(op: str) -> None:
    assert tuple(holds(row(op, 5), fact) for fact in (4, 5, 6)) == TRUTH[op]
    assert tuple(holds(row(op, 5), fact) for fact in (4.0, 5.0, 6.0)) == TRUTH[op]


def test_membership_is_of_texts_or_numbers() -> None:
    assert holds(row("in", ("hotel", "clinic")), "hotel")
    assert holds(row("not in", ("hotel", "clinic")), "bike")
    assert not holds(row("in", (30, 60)), 90)


def test_every_comparison_is_tested_here() -> None:
    assert set(TRUTH) | set(MEMBERSHIP) == set(COMPARISONS)


@pytest.mark.parametrize(("value", "fact"), [(0, "zero"), ("a", 1.0), (("a", "b"), 1)])
def test_text_is_never_compared_with_a_number(value: object, fact: float | str) -> None:
    with pytest.raises(TypeError, match="arrears_minor is"):
        holds(row("==" if not isinstance(value, tuple) else "in", value), fact)


@pytest.mark.parametrize("unknown", [None, float("nan")], ids=["none", "nan"])
@pytest.mark.parametrize(
    ("missing", "outcome", "reason"),
    [
        (PASSES, Outcome.APPROVE, None),
        (REFERS, Outcome.REFER, "FACT_MISSING"),
        (DECLINES, Outcome.DECLINE, "FACT_MISSING"),
    ],
)
def test_a_missing_fact_means_what_its_row_says(
    unknown: float | None, missing: str, outcome: Outcome, reason: str | None
) -> None:
    said = ruled(row(missing=missing), {"arrears_minor": unknown})
    assert (said.outcome, said.reason, said.fact) == (outcome, reason, None)


def test_missing_is_not_zero() -> None:
    below_ten = row("<", 10, missing=PASSES, feature="history_days")
    known, unknown = (ruled(below_ten, facts) for facts in ({"history_days": 0}, {}))
    assert known.reason == "OPEN_ARREARS"
    assert unknown.reason is None


@pytest.mark.parametrize("name", ["city_tier", "user_age", "gender", "request.province", "hukou"])
def test_places_and_protected_attributes_are_recognised_by_name(name: str) -> None:
    assert names_protected(name)


def test_every_fact_that_the_platform_names_is_in_the_catalogue(platform: Policy) -> None:
    catalogue = pytest.importorskip("features.catalogue")
    loan = platform.loan
    named = {
        "merchant-loan": {
            *loan.knockout_features,
            loan.capacity.turnover_feature,
            loan.capacity.debt_service_feature,
        },
        "deposit-waiver": {
            *platform.waiver.knockout_features,
            platform.waiver.open_credit_feature,
        },
    }
    for product, facts in named.items():
        known = {feature.name: feature for feature in catalogue.features_of(product)}
        assert facts <= set(known)
        assert {known[fact].dtype for fact in facts} == {"number"}, "rules compare measures"
    turnover = next(
        f
        for f in catalogue.features_of("merchant-loan")
        if f.name == loan.capacity.turnover_feature
    )
    assert turnover.window_days == loan.capacity.turnover_days


def test_what_a_partner_sends_along_can_knock_out() -> None:
    no_deposit_paid = row("==", "none", feature="context.insurance")
    assert ruled(no_deposit_paid, {"context.insurance": "none"}).reason == "OPEN_ARREARS"
    assert ruled(no_deposit_paid, {"context.insurance": "full"}).reason is None
