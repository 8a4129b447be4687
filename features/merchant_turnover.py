"""Merchant features of turnover: level, trend, volatility, seasonality, days of trading."""

from functools import partial

from ibis import _

from features.definition import MERCHANT, RAISES, WINDOWS, Feature, measure, per_window, ratio
from features.measure_shapes import (
    drawdown,
    growth,
    idle_weeks,
    silence,
    weekday_variation,
    weekly_slope,
    weekly_variation,
)

_feature = partial(Feature, entity=MERCHANT, view="payments", owner="merchant-risk")


def _turnover(days: int) -> Feature:
    return _feature(
        name=f"turnover_{days}d",
        unit="minor",
        window_days=days,
        reason="TURNOVER_LEVEL",
        description=f"Payments taken in {days} days",
        description_zh=f"近 {days} 天交易额",
        expression=measure(f"payment_minor_{days}d"),
    )


def _payments(days: int) -> Feature:
    return _feature(
        name=f"payments_{days}d",
        unit="count",
        window_days=days,
        reason="TURNOVER_LEVEL",
        description=f"Number of payments taken in {days} days",
        description_zh=f"近 {days} 天交易笔数",
        expression=measure(f"payment_count_{days}d"),
    )


def _active_days(days: int) -> Feature:
    return _feature(
        name=f"active_days_{days}d",
        unit="days",
        window_days=days,
        reason="ACTIVITY",
        description=f"Days with a payment among the last {days}",
        description_zh=f"近 {days} 天有交易的天数",
        expression=measure(f"active_days_{days}d"),
    )


def _growth(days: int) -> Feature:
    return _feature(
        name=f"turnover_growth_{days}d",
        unit="ratio",
        window_days=2 * days,
        reason="TURNOVER_TREND",
        description=f"Turnover of {days} days over that of the {days} days before",
        description_zh=f"近 {days} 天交易额 ÷ 此前 {days} 天交易额",
        expression=growth("minor", days=days),
    )


def _payments_growth(days: int) -> Feature:
    return _feature(
        name=f"payments_growth_{days}d",
        unit="ratio",
        window_days=2 * days,
        reason="TURNOVER_TREND",
        description=f"Number of payments of {days} days over that of the {days} days before",
        description_zh=f"近 {days} 天交易笔数 ÷ 此前 {days} 天交易笔数",
        expression=growth("count", days=days),
    )


FEATURES = (
    *per_window(WINDOWS, _turnover),
    *per_window(WINDOWS, _payments),
    *per_window(WINDOWS, _active_days),
    *per_window((30, 90), _growth),
    *per_window((30, 90), _payments_growth),
    _feature(
        name="turnover_week_share_30d",
        unit="share",
        window_days=30,
        reason="TURNOVER_TREND",
        description="Last week's turnover over that of 30 days",
        description_zh="近 7 天交易额占近 30 天的比重",
        expression=ratio(_.payment_minor_7d, _.payment_minor_30d),
    ),
    _feature(
        name="turnover_cv_12w",
        unit="ratio",
        window_days=84,
        reason="TURNOVER_VOLATILITY",
        description="Coefficient of variation of weekly turnover over 12 weeks",
        description_zh="近 12 周周交易额变异系数",
        expression=weekly_variation(),
    ),
    _feature(
        name="turnover_weekday_cv_12w",
        unit="ratio",
        window_days=84,
        reason="TURNOVER_VOLATILITY",
        description="Coefficient of variation of turnover by day of the week over 12 weeks",
        description_zh="近 12 周按星期几汇总的交易额变异系数（周内季节性）",
        expression=weekday_variation(),
    ),
    _feature(
        name="turnover_slope_12w",
        unit="ratio",
        window_days=84,
        reason="TURNOVER_TREND",
        description="Weekly gain of turnover over its mean, least squares over 12 weeks",
        description_zh="近 12 周周交易额线性趋势斜率 ÷ 周均交易额",
        expression=weekly_slope(),
    ),
    _feature(
        name="idle_weeks_12w",
        unit="count",
        window_days=84,
        reason="ACTIVITY",
        description="Weeks without a payment among the last 12",
        description_zh="近 12 周中无交易的周数",
        expression=idle_weeks(),
    ),
    _feature(
        name="turnover_drawdown_12w",
        unit="share",
        window_days=84,
        reason="TURNOVER_TREND",
        description="Fall of the last 4 weeks' turnover below the best 4 weeks of the last 12",
        description_zh="近 4 周交易额较近 12 周最高 4 周段的回落幅度",
        expression=drawdown(),
    ),
    _feature(
        name="best_day_share_30d",
        unit="share",
        window_days=30,
        reason="TURNOVER_VOLATILITY",
        description="Best day's turnover over that of 30 days",
        description_zh="近 30 天单日最高交易额占比",
        expression=ratio(_.best_day_minor_30d, _.payment_minor_30d),
    ),
    _feature(
        name="longest_gap_days_90d",
        unit="days",
        window_days=90,
        reason="ACTIVITY",
        description="Longest stretch between two trading days of the last 90",
        description_zh="近 90 天相邻两个交易日的最长间隔",
        expression=_.longest_gap_90d,
    ),
    _feature(
        name="days_since_payment",
        unit="days",
        window_days=180,
        direction=RAISES,
        reason="ACTIVITY",
        description="Days since the last payment, of 180; missing where there was none",
        description_zh="距最近一笔交易天数（180 天内无交易则缺失）",
        expression=_.days_since_payment,
    ),
    _feature(
        name="silence_ratio_90d",
        unit="ratio",
        window_days=90,
        reason="ACTIVITY",
        description="Days since the last payment over the usual days between trading days, 90 days",
        description_zh="距最近一笔交易天数 ÷ 近 90 天交易日的平均间隔",
        expression=silence(90),
    ),
    _feature(
        name="history_days",
        unit="days",
        window_days=180,
        reason="TENURE",
        description="Days since the first payment of the last 180",
        description_zh="近 180 天内首笔交易距今天数",
        expression=_.history_days,
    ),
)
