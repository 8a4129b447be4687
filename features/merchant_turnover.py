"""Merchant features of payments: turnover's level, trend, volatility, pattern and flow."""

from functools import partial

from ibis import _

from features.definition import (
    CAN_LOWER,
    MERCHANT,
    RAISES,
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

_feature = partial(Feature, entity=MERCHANT, view="payments")


def _turnover(days: int) -> Feature:
    return _feature(
        name=f"turnover_{days}d",
        unit="minor",
        window_days=days,
        reason="TURNOVER_LEVEL",
        description=f"Payments taken in {days} days",
        expression=measure(f"payment_minor_{days}d"),
    )


def _payments(days: int) -> Feature:
    return _feature(
        name=f"payments_{days}d",
        unit="count",
        window_days=days,
        reason="TURNOVER_LEVEL",
        description=f"Number of payments taken in {days} days",
        expression=measure(f"payment_count_{days}d"),
    )


def _active_days(days: int) -> Feature:
    return _feature(
        name=f"active_days_{days}d",
        unit="days",
        window_days=days,
        reason="ACTIVITY",
        description=f"Days with a payment among the last {days}",
        expression=measure(f"active_days_{days}d"),
    )


def _ticket(days: int) -> Feature:
    return _feature(
        name=f"ticket_mean_{days}d",
        unit="minor",
        window_days=days,
        reason="SALES_PATTERN",
        description=f"Mean payment of {days} days",
        expression=mean_payment(days),
    )


def _growth(days: int) -> Feature:
    return _feature(
        name=f"turnover_growth_{days}d",
        unit="ratio",
        window_days=2 * days,
        reason="TURNOVER_TREND",
        description=f"Turnover of {days} days over that of the {days} days before",
        expression=growth(days),
    )


def _refunds(days: int) -> Feature:
    return _feature(
        name=f"refund_rate_{days}d",
        actionable=CAN_LOWER,
        unit="ratio",
        window_days=days,
        direction=RAISES,
        reason="REFUNDS",
        description=f"Refunded amount over turnover, {days} days",
        expression=refund_rate(days),
    )


def _chargebacks(days: int) -> Feature:
    return _feature(
        name=f"chargeback_rate_{days}d",
        actionable=CAN_LOWER,
        unit="ratio",
        window_days=days,
        direction=RAISES,
        reason="CHARGEBACKS",
        description=f"Chargebacks over payments, by number, {days} days",
        expression=ratio(measure(f"chargeback_count_{days}d"), measure(f"payment_count_{days}d")),
    )


def _payouts(days: int) -> Feature:
    return _feature(
        name=f"payout_ratio_{days}d",
        unit="ratio",
        window_days=days,
        reason="CASH_FLOW",
        description=f"Paid out over turnover, {days} days",
        expression=ratio(measure(f"payout_minor_{days}d"), measure(f"payment_minor_{days}d")),
    )


def _net_flow(days: int) -> Feature:
    outflow = sum(measure(f"{kind}_minor_{days}d") for kind in ("refund", "chargeback", "payout"))
    return _feature(
        name=f"net_flow_{days}d",
        unit="minor",
        window_days=days,
        reason="CASH_FLOW",
        description=f"Turnover less refunds, chargebacks and payouts, {days} days",
        expression=measure(f"payment_minor_{days}d") - outflow,
    )


def _share(what: str, *, of: str, description: str) -> Feature:
    return _feature(
        name=f"{what}_share_90d",
        unit="share",
        window_days=90,
        reason="SALES_PATTERN",
        description=f"{description}, 90 days",
        expression=share_of_payments(what, of=of, days=90),
    )


FEATURES = (
    *per_window(WINDOWS, _turnover),
    *per_window(WINDOWS, _payments),
    *per_window(WINDOWS, _active_days),
    *per_window((30, 90), _ticket),
    *per_window((30, 90), _growth),
    _feature(
        name="turnover_week_share_30d",
        unit="share",
        window_days=30,
        reason="TURNOVER_TREND",
        description="Last week's turnover over that of 30 days",
        expression=ratio(_.payment_minor_7d, _.payment_minor_30d),
    ),
    _feature(
        name="turnover_cv_12w",
        unit="ratio",
        window_days=84,
        reason="TURNOVER_VOLATILITY",
        description="Coefficient of variation of weekly turnover over 12 weeks",
        expression=weekly_variation(),
    ),
    _feature(
        name="turnover_drawdown_12w",
        unit="share",
        window_days=84,
        reason="TURNOVER_TREND",
        description="Fall of the last 4 weeks' turnover below the best 4 weeks of the last 12",
        expression=drawdown(),
    ),
    _feature(
        name="best_day_share_30d",
        unit="share",
        window_days=30,
        reason="TURNOVER_VOLATILITY",
        description="Best day's turnover over that of 30 days",
        expression=ratio(_.best_day_minor_30d, _.payment_minor_30d),
    ),
    _feature(
        name="longest_gap_days_90d",
        unit="days",
        window_days=90,
        reason="ACTIVITY",
        description="Longest stretch between two trading days of the last 90",
        expression=_.longest_gap_90d,
    ),
    _feature(
        name="days_since_payment",
        unit="days",
        window_days=180,
        direction=RAISES,
        reason="ACTIVITY",
        description="Days since the last payment, of 180; missing where there was none",
        expression=_.days_since_payment,
    ),
    _feature(
        name="history_days",
        unit="days",
        window_days=180,
        reason="TENURE",
        description="Days since the first payment of the last 180",
        expression=_.history_days,
    ),
    *per_window((30, 90), _refunds),
    *per_window((90, 180), _chargebacks),
    _feature(
        name="chargebacks_180d",
        actionable=CAN_LOWER,
        unit="count",
        window_days=180,
        reason="CHARGEBACKS",
        description="Number of chargebacks in 180 days",
        expression=_.chargeback_count_180d,
    ),
    *per_window((30, 90), _payouts),
    *per_window((30, 90), _net_flow),
    _share("night", of="count", description="Payments between midnight and six, local time"),
    _share("weekend", of="minor", description="Turnover on Saturdays and Sundays, local time"),
    _share("instalment", of="count", description="Payments by instalments"),
    _share("subsidised", of="count", description="Payments with a subsidy"),
    _share("round", of="count", description="Payments of whole hundreds"),
)
