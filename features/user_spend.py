"""Consumer features of spending, and the profile."""

from functools import partial

import ibis
from ibis import _

from features.definition import (
    CAN_LOWER,
    RAISES,
    USER,
    WINDOWS,
    Feature,
    measure,
    per_window,
    ratio,
)
from features.measure_shapes import (
    drawdown,
    growth,
    mean_payment,
    refund_rate,
    share_of_payments,
    weekly_variation,
)

_feature = partial(Feature, entity=USER, view="payments")
_merchants_feature = partial(Feature, entity=USER, view="payees", reason="SPEND_LEVEL")
_profile_feature = partial(Feature, entity=USER, view="profile")


def _spend(days: int) -> Feature:
    return _feature(
        name=f"spend_{days}d",
        unit="minor",
        window_days=days,
        reason="SPEND_LEVEL",
        description=f"Amount spent in {days} days",
        expression=measure(f"payment_minor_{days}d"),
    )


def _purchases(days: int) -> Feature:
    return _feature(
        name=f"purchases_{days}d",
        unit="count",
        window_days=days,
        reason="SPEND_LEVEL",
        description=f"Number of purchases in {days} days",
        expression=measure(f"payment_count_{days}d"),
    )


def _active_days(days: int) -> Feature:
    return _feature(
        name=f"spend_active_days_{days}d",
        unit="days",
        window_days=days,
        reason="ACTIVITY",
        description=f"Days with a purchase among the last {days}",
        expression=measure(f"active_days_{days}d"),
    )


def _growth(days: int) -> Feature:
    return _feature(
        name=f"spend_growth_{days}d",
        unit="ratio",
        window_days=2 * days,
        reason="SPEND_TREND",
        description=f"Spend of {days} days over that of the {days} days before",
        expression=growth(days),
    )


def _merchants(days: int) -> Feature:
    return _merchants_feature(
        name=f"merchants_{days}d",
        unit="count",
        window_days=days,
        description=f"Different merchants paid in {days} days",
        expression=ibis.ifelse(
            measure(f"payment_count_{days}d") == 0, 0, measure(f"counterparts_{days}d")
        ),
    )


def _share(what: str, *, of: str, description: str) -> Feature:
    return _feature(
        name=f"spend_{what}_share_90d",
        unit="share",
        window_days=90,
        reason="SALES_PATTERN",
        description=f"{description}, 90 days",
        expression=share_of_payments(what, of=of, days=90),
    )


FEATURES = (
    *per_window(WINDOWS, _spend),
    *per_window(WINDOWS, _purchases),
    *per_window((30, 90), _active_days),
    *per_window((30, 90), _growth),
    *per_window((30, 90), _merchants),
    _merchants_feature(
        name="top_merchant_share_90d",
        unit="share",
        window_days=90,
        description="Largest merchant's share of spend, 90 days",
        expression=ratio(_.largest_counterpart_minor_90d, _.identified_minor_90d),
    ),
    _feature(
        name="purchase_mean_90d",
        unit="minor",
        window_days=90,
        reason="SPEND_LEVEL",
        description="Mean purchase of 90 days",
        expression=mean_payment(90),
    ),
    _feature(
        name="spend_cv_12w",
        unit="ratio",
        window_days=84,
        reason="SPEND_TREND",
        description="Coefficient of variation of weekly spend over 12 weeks",
        expression=weekly_variation(),
    ),
    _feature(
        name="spend_drawdown_12w",
        unit="share",
        window_days=84,
        reason="SPEND_TREND",
        description="Fall of the last 4 weeks' spend below the best 4 weeks of the last 12",
        expression=drawdown(),
    ),
    _feature(
        name="days_since_purchase",
        unit="days",
        window_days=180,
        reason="ACTIVITY",
        description="Days since the last purchase, of 180; missing where there was none",
        expression=_.days_since_payment,
    ),
    _feature(
        name="spend_history_days",
        unit="days",
        window_days=180,
        reason="TENURE",
        description="Days since the first purchase of the last 180",
        expression=_.history_days,
    ),
    _feature(
        name="spend_refund_rate_90d",
        actionable=CAN_LOWER,
        unit="ratio",
        window_days=90,
        reason="REFUNDS",
        description="Refunded amount over spend, 90 days",
        expression=refund_rate(90),
    ),
    _feature(
        name="spend_chargebacks_180d",
        unit="count",
        window_days=180,
        direction=RAISES,
        reason="CHARGEBACKS",
        description="Payments disputed in 180 days",
        expression=_.chargeback_count_180d,
    ),
    _share("night", of="count", description="Purchases between midnight and six, local time"),
    _share("weekend", of="minor", description="Spend on Saturdays and Sundays, local time"),
    _share("instalment", of="count", description="Purchases by instalments"),
    _share("subsidised", of="count", description="Purchases with a subsidy"),
    _feature(
        name="spend_to_line_30d",
        actionable=CAN_LOWER,
        unit="ratio",
        window_days=30,
        reason="CREDIT_UTILISATION",
        description="Spend of 30 days over the credit line",
        expression=ratio(_.payment_minor_30d, _.credit_line_minor),
    ),
    _profile_feature(
        name="registered_days",
        unit="days",
        reason="TENURE",
        description="Days since the user registered",
        expression=_.as_of_day - _.since_day,
    ),
    _profile_feature(
        name="credit_line_minor",
        unit="minor",
        reason="CREDIT_LINE",
        description="Credit line",
        expression=_.credit_line_minor,
    ),
)
