"""Consumer features of monthly bills: punctuality, use of the line, how much is paid."""

from functools import partial

import ibis
from ibis import _

from features.definition import CAN_LOWER, CAN_RAISE, FREE, RAISES, USER, Feature, measure, ratio
from features.user_measures import BILL_LAGS

LATEST = 1  # the lag of the bill that the next one replaces
_punctual = partial(Feature, entity=USER, view="bills", reason="BILL_PUNCTUALITY")
_used = partial(Feature, entity=USER, view="bills", reason="CREDIT_UTILISATION")


def _past_due(lag: int) -> Feature:
    return _punctual(
        name=f"bill_past_due_days_{lag}",
        actionable=CAN_LOWER if lag == LATEST else FREE,
        unit="days",
        direction=RAISES,
        description=f"Days past due of bill {lag}, 1 the latest",
        expression=measure(f"past_due_days_lag_{lag}"),
    )


def _utilisation(lag: int) -> Feature:
    return _used(
        name=f"bill_utilisation_{lag}",
        actionable=CAN_LOWER if lag == LATEST else FREE,
        unit="ratio",
        description=f"Billed over the credit line, bill {lag}",
        expression=measure(f"utilisation_lag_{lag}"),
    )


def _paid_ratio(lag: int) -> Feature:
    return _punctual(
        name=f"bill_paid_ratio_{lag}",
        actionable=CAN_RAISE if lag == LATEST else FREE,
        unit="ratio",
        description=f"Paid over billed, bill {lag}",
        expression=measure(f"paid_ratio_lag_{lag}"),
    )


def _paid(lag: int) -> Feature:
    return _punctual(
        name=f"bill_paid_{lag}_minor",
        unit="minor",
        description=f"Paid on bill {lag}",
        expression=measure(f"paid_minor_lag_{lag}"),
    )


def _billed(lag: int) -> Feature:
    return _used(
        name=f"bill_billed_{lag}_minor",
        unit="minor",
        description=f"Billed, bill {lag}",
        expression=measure(f"billed_minor_lag_{lag}"),
    )


FEATURES = (
    *map(_past_due, BILL_LAGS),
    *map(_utilisation, BILL_LAGS),
    *map(_paid_ratio, BILL_LAGS),
    *map(_paid, BILL_LAGS),
    *map(_billed, (1, 2, 3)),
    _punctual(
        name="bills_count", unit="count", description="Bills so far", expression=_.bills_count
    ),
    _punctual(
        name="bill_past_due_days_max",
        unit="days",
        direction=RAISES,
        description="Most days past due of any bill",
        expression=_.past_due_days_max,
    ),
    _punctual(
        name="bill_past_due_days_mean",
        unit="days",
        direction=RAISES,
        description="Mean days past due of bills",
        expression=ratio(_.past_due_days_sum, _.bills_judged),
    ),
    _punctual(
        name="bills_past_due",
        unit="count",
        direction=RAISES,
        description="Bills that were past due",
        expression=_.bills_past_due,
    ),
    _punctual(
        name="bills_past_due_30",
        unit="count",
        direction=RAISES,
        description="Bills that were 30 days past due or more",
        expression=_.bills_past_due_30,
    ),
    _punctual(
        name="bill_past_due_streak",
        unit="count",
        direction=RAISES,
        description="Latest bills past due in a row",
        expression=ibis.coalesce(_.first_punctual_place - 1, _.bills_count),
    ),
    _punctual(
        name="bill_unpaid_days",
        actionable=CAN_LOWER,
        unit="days",
        description="Days since the oldest bill not paid in full fell due; 0 where none is",
        expression=_.unpaid_days_max,
    ),
    _punctual(
        name="bill_paid_ratio_mean",
        unit="ratio",
        description="Paid over billed, all bills whose payment is known",
        expression=ratio(_.paid_payable_sum_minor, _.billed_payable_sum_minor),
    ),
    _punctual(
        name="bill_paid_ratio_min",
        unit="ratio",
        description="Least paid over billed of any bill",
        expression=_.paid_ratio_min,
    ),
    _used(
        name="bill_utilisation_max",
        unit="ratio",
        description="Most billed over the line of any bill",
        expression=_.utilisation_max,
    ),
    _used(
        name="bill_utilisation_mean",
        unit="ratio",
        description="Billed over the line, all bills",
        expression=ratio(_.billed_lined_sum_minor, _.line_sum_minor),
    ),
    _used(
        name="bill_utilisation_change_3",
        unit="difference",
        description="Utilisation of the latest bill less that of the one three before",
        expression=_.utilisation_lag_1 - _.utilisation_lag_4,
    ),
    _used(
        name="bill_billed_trend",
        unit="ratio",
        description="Three latest bills over the three before them",
        expression=ratio(
            _.billed_minor_lag_1 + _.billed_minor_lag_2 + _.billed_minor_lag_3,
            _.billed_minor_lag_4 + _.billed_minor_lag_5 + _.billed_minor_lag_6,
        ),
    ),
    _used(
        name="bill_headroom_minor",
        actionable=CAN_RAISE,
        unit="minor",
        description="Credit line less the latest bill",
        expression=_.credit_line_minor - _.billed_minor_lag_1,
    ),
)
