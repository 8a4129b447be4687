"""Consumer features of spending: level, trend, habits, scenes."""

from functools import partial

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
    largest_scene_share,
    mean_payment,
    refund_rate,
    scene_index,
    share_of_payments,
    weekday_variation,
    weekly_variation,
)

_feature = partial(Feature, entity=USER, view="payments", owner="consumer-risk")


def _spend(days: int) -> Feature:
    return _feature(
        name=f"spend_{days}d",
        unit="minor",
        window_days=days,
        reason="SPEND_LEVEL",
        description=f"Amount spent in {days} days",
        description_zh=f"近 {days} 天消费额",
        expression=measure(f"payment_minor_{days}d"),
    )


def _purchases(days: int) -> Feature:
    return _feature(
        name=f"purchases_{days}d",
        unit="count",
        window_days=days,
        reason="SPEND_LEVEL",
        description=f"Number of purchases in {days} days",
        description_zh=f"近 {days} 天消费笔数",
        expression=measure(f"payment_count_{days}d"),
    )


def _active_days(days: int) -> Feature:
    return _feature(
        name=f"spend_active_days_{days}d",
        unit="days",
        window_days=days,
        reason="ACTIVITY",
        description=f"Days with a purchase among the last {days}",
        description_zh=f"近 {days} 天有消费的天数",
        expression=measure(f"active_days_{days}d"),
    )


def _growth(days: int) -> Feature:
    return _feature(
        name=f"spend_growth_{days}d",
        unit="ratio",
        window_days=2 * days,
        reason="SPEND_TREND",
        description=f"Spend of {days} days over that of the {days} days before",
        description_zh=f"近 {days} 天消费额 ÷ 此前 {days} 天消费额",
        expression=growth("minor", days=days),
    )


def _share(what: str, *, of: str, description: str, description_zh: str) -> Feature:
    return _feature(
        name=f"spend_{what}_share_90d",
        unit="share",
        window_days=90,
        reason="SALES_PATTERN",
        description=f"{description}, 90 days",
        description_zh=description_zh,
        expression=share_of_payments(what, of=of, days=90),
    )


FEATURES = (
    *per_window(WINDOWS, _spend),
    *per_window(WINDOWS, _purchases),
    *per_window((30, 90), _active_days),
    *per_window((30, 90), _growth),
    _feature(
        name="purchase_mean_90d",
        unit="minor",
        window_days=90,
        reason="SPEND_LEVEL",
        description="Mean purchase of 90 days",
        description_zh="近 90 天笔均消费",
        expression=mean_payment(90),
    ),
    _feature(
        name="spend_cv_12w",
        unit="ratio",
        window_days=84,
        reason="SPEND_TREND",
        description="Coefficient of variation of weekly spend over 12 weeks",
        description_zh="近 12 周周消费额变异系数",
        expression=weekly_variation(),
    ),
    _feature(
        name="spend_weekday_cv_12w",
        unit="ratio",
        window_days=84,
        reason="SALES_PATTERN",
        description="Coefficient of variation of spend by day of the week over 12 weeks",
        description_zh="近 12 周按星期几汇总的消费额变异系数（周内季节性）",
        expression=weekday_variation(),
    ),
    _feature(
        name="spend_drawdown_12w",
        unit="share",
        window_days=84,
        reason="SPEND_TREND",
        description="Fall of the last 4 weeks' spend below the best 4 weeks of the last 12",
        description_zh="近 4 周消费额较近 12 周最高 4 周段的回落幅度",
        expression=drawdown(),
    ),
    _feature(
        name="days_since_purchase",
        unit="days",
        window_days=180,
        reason="ACTIVITY",
        description="Days since the last purchase, of 180; missing where there was none",
        description_zh="距最近一次消费天数（180 天内无消费则缺失）",
        expression=_.days_since_payment,
    ),
    _feature(
        name="spend_history_days",
        unit="days",
        window_days=180,
        reason="TENURE",
        description="Days since the first purchase of the last 180",
        description_zh="近 180 天内首次消费距今天数",
        expression=_.history_days,
    ),
    _feature(
        name="spend_refund_rate_90d",
        actionable=CAN_LOWER,
        unit="ratio",
        window_days=90,
        reason="REFUNDS",
        description="Refunded amount over spend, 90 days",
        description_zh="近 90 天退款额 ÷ 消费额",
        expression=refund_rate(90),
    ),
    _feature(
        name="spend_chargebacks_180d",
        unit="count",
        window_days=180,
        direction=RAISES,
        reason="CHARGEBACKS",
        description="Payments disputed in 180 days",
        description_zh="近 180 天拒付笔数",
        expression=_.chargeback_count_180d,
    ),
    _share(
        "night",
        of="count",
        description="Purchases between midnight and six, local time",
        description_zh="近 90 天凌晨 0 至 6 点（当地时间）消费笔数占比",
    ),
    _share(
        "weekend",
        of="minor",
        description="Spend on Saturdays and Sundays, local time",
        description_zh="近 90 天周末（当地时间）消费额占比",
    ),
    _share(
        "instalment",
        of="count",
        description="Purchases by instalments",
        description_zh="近 90 天分期消费笔数占比",
    ),
    _share(
        "subsidised",
        of="count",
        description="Purchases with a subsidy",
        description_zh="近 90 天享受补贴的消费笔数占比",
    ),
    _feature(
        name="spend_scene_hhi_90d",
        unit="index",
        window_days=90,
        reason="SCENE",
        description="Herfindahl index of spend by scene, 90 days; missing outside known scenes",
        description_zh="近 90 天消费额按场景分布的赫芬达尔指数（无已知场景则缺失）",
        expression=scene_index(90),
    ),
    _feature(
        name="spend_top_scene_share_90d",
        unit="share",
        window_days=90,
        reason="SCENE",
        description="Largest known scene's share of spend, 90 days",
        description_zh="近 90 天第一大已知场景占消费额的比重",
        expression=largest_scene_share(90),
    ),
    _feature(
        name="spend_to_line_30d",
        actionable=CAN_LOWER,
        unit="ratio",
        window_days=30,
        reason="CREDIT_UTILISATION",
        description="Spend of 30 days over the credit line",
        description_zh="近 30 天消费额 ÷ 授信额度",
        expression=ratio(_.payment_minor_30d, _.credit_line_minor),
    ),
)
