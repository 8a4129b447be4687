"""Merchant features of earlier loans and how they were repaid."""

from functools import partial
from typing import Any

from ibis import _

from features.definition import CAN_LOWER, FREE, MERCHANT, RAISES, Feature, measure, ratio
from features.loan_measures import LATENESS_LAGS


def _debt(
    name: str,
    unit: str,
    description: str,
    expression: Any,
    direction: int = FREE,
    *,
    actionable: int = FREE,
) -> Feature:
    return Feature(
        name=name,
        entity=MERCHANT,
        view="loans",
        unit=unit,
        direction=direction,
        actionable=actionable,
        reason="INDEBTEDNESS",
        description=description,
        expression=expression,
    )


_owed = partial(_debt, actionable=CAN_LOWER)
_repaid = partial(Feature, entity=MERCHANT, view="repayments", reason="REPAYMENT_HISTORY")

LOANS = (
    _debt("loans_count", "count", "Loans taken so far", _.loans_count),
    _owed("loans_open", "count", "Loans not yet closed", _.loans_open),
    _debt("loans_troubled", "count", "Loans restructured or written off", _.loans_troubled, RAISES),
    _owed("open_principal_minor", "minor", "Principal of open loans", _.open_principal_minor),
    _debt(
        "days_since_loan",
        "days",
        "Days since the last disbursal",
        _.as_of_day - _.last_disbursed_day,
    ),
    _debt(
        "loan_gap_days_mean",
        "days",
        "Mean days between disbursals",
        ratio(_.last_disbursed_day - _.first_disbursed_day, _.loans_count - 1),
    ),
    _debt(
        "borrowing_days",
        "days",
        "Days since the first disbursal",
        _.as_of_day - _.first_disbursed_day,
    ),
    _debt("principal_last_minor", "minor", "Principal of the last loan", _.principal_lag_1),
    _debt("principal_max_minor", "minor", "Largest principal so far", _.principal_max_minor),
    _debt(
        "principal_step",
        "ratio",
        "Principal of the last loan over that of the one before",
        ratio(_.principal_lag_1, _.principal_lag_2),
    ),
    _debt(
        "principal_trend",
        "ratio",
        "Principal of the last loan over the mean of all",
        ratio(_.principal_lag_1 * _.loans_count, _.principal_sum_minor),
    ),
    _debt("term_days_last", "days", "Term of the last loan", _.term_days_lag_1),
    _debt(
        "cost_ratio_last",
        "ratio",
        "Interest and fees of the last loan over its principal",
        ratio(_.total_due_lag_1 - _.principal_lag_1, _.principal_lag_1),
    ),
    _debt("apr_last", "rate", "Annual rate of the last loan", _.apr_lag_1),
)
REPAYMENTS = (
    _owed("unpaid_minor", "minor", "Unpaid instalments of open loans, due or not", _.unpaid_minor),
    _owed(
        "due_next_30d_minor", "minor", "Instalments that fall due in 30 days", _.due_next_30d_minor
    ),
    _owed(
        "debt_to_turnover_90d",
        "ratio",
        "Unpaid instalments over turnover of 90 days",
        ratio(_.unpaid_minor, _.payment_minor_90d),
    ),
    _owed(
        "due_to_turnover_30d",
        "ratio",
        "Instalments due in 30 days over turnover of the last 30",
        ratio(_.due_next_30d_minor, _.payment_minor_30d),
    ),
    _repaid(
        name="arrears_minor",
        actionable=CAN_LOWER,
        unit="minor",
        direction=RAISES,
        description="Past-due instalments now unpaid",
        expression=_.arrears_minor,
    ),
    _repaid(
        name="arrears_days",
        actionable=CAN_LOWER,
        unit="days",
        direction=RAISES,
        description="Days past due of the oldest unpaid instalment; 0 where none is",
        expression=_.arrears_days,
    ),
    _repaid(
        name="instalments_judged",
        unit="count",
        description="Instalments that were paid or have fallen due",
        expression=_.instalments_judged,
    ),
    _repaid(
        name="late_share",
        unit="share",
        direction=RAISES,
        description="Share of instalments paid after their due day",
        expression=ratio(_.instalments_late, _.instalments_judged),
    ),
    _repaid(
        name="late_over_7_share",
        unit="share",
        direction=RAISES,
        description="Share of instalments more than 7 days late",
        expression=ratio(_.instalments_late_over_7, _.instalments_judged),
    ),
    _repaid(
        name="early_share",
        unit="share",
        description="Share of instalments paid before their due day",
        expression=ratio(_.instalments_early, _.instalments_judged),
    ),
    _repaid(
        name="late_days_mean",
        unit="days",
        direction=RAISES,
        description="Mean days from due to paid; negative where paid ahead",
        expression=ratio(_.late_days_sum, _.instalments_judged),
    ),
    _repaid(
        name="overdue_days_mean",
        unit="days",
        direction=RAISES,
        description="Mean days late, ahead counted as 0",
        expression=ratio(_.overdue_days_sum, _.instalments_judged),
    ),
    _repaid(
        name="late_days_max",
        unit="days",
        direction=RAISES,
        description="Most days late so far; negative where all were paid ahead",
        expression=_.late_days_max,
    ),
    _repaid(
        name="late_days_max_180d",
        unit="days",
        window_days=180,
        direction=RAISES,
        description="Most days late of instalments due in 180 days",
        expression=_.late_days_max_180d,
    ),
    _repaid(
        name="late_days_min",
        unit="days",
        description="Fewest days late so far: the earliest repayment",
        expression=_.late_days_min,
    ),
    *(
        _repaid(
            name=f"late_days_last_{lag}",
            actionable=CAN_LOWER if lag == 1 else FREE,
            unit="days",
            direction=RAISES,
            description=f"Days from due to paid of the instalment due {lag} before now",
            expression=measure(f"late_days_lag_{lag}"),
        )
        for lag in LATENESS_LAGS
    ),
    _repaid(
        name="days_since_repayment",
        unit="days",
        description="Days since the last repayment",
        expression=_.as_of_day - _.last_paid_day,
    ),
)
FEATURES = (*LOANS, *REPAYMENTS)
