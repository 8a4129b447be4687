"""Merchant features of what payments consist of: refunds, flow of cash, hours, sorts, scenes."""

from functools import partial

from ibis import _

from features.definition import CAN_LOWER, MERCHANT, RAISES, Feature, measure, per_window, ratio
from features.measure_shapes import (
    largest_scene_share,
    mean_payment,
    refund_rate,
    scene_index,
    share_of_payments,
)

_feature = partial(Feature, entity=MERCHANT, view="payments", owner="merchant-risk")


def _ticket(days: int) -> Feature:
    return _feature(
        name=f"ticket_mean_{days}d",
        unit="minor",
        window_days=days,
        reason="SALES_PATTERN",
        description=f"Mean payment of {days} days",
        description_zh=f"近 {days} 天笔均交易额",
        expression=mean_payment(days),
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
        description_zh=f"近 {days} 天退款额 ÷ 交易额",
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
        description_zh=f"近 {days} 天拒付笔数 ÷ 交易笔数",
        expression=ratio(measure(f"chargeback_count_{days}d"), measure(f"payment_count_{days}d")),
    )


def _payouts(days: int) -> Feature:
    return _feature(
        name=f"payout_ratio_{days}d",
        unit="ratio",
        window_days=days,
        reason="CASH_FLOW",
        description=f"Paid out over turnover, {days} days",
        description_zh=f"近 {days} 天提现额 ÷ 交易额",
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
        description_zh=f"近 {days} 天交易额减退款、拒付与提现后的净流入",
        expression=measure(f"payment_minor_{days}d") - outflow,
    )


def _share(what: str, *, of: str, description: str, description_zh: str) -> Feature:
    return _feature(
        name=f"{what}_share_90d",
        unit="share",
        window_days=90,
        reason="SALES_PATTERN",
        description=f"{description}, 90 days",
        description_zh=description_zh,
        expression=share_of_payments(what, of=of, days=90),
    )


FEATURES = (
    *per_window((30, 90), _ticket),
    *per_window((30, 90), _refunds),
    *per_window((90, 180), _chargebacks),
    _feature(
        name="chargebacks_180d",
        actionable=CAN_LOWER,
        unit="count",
        window_days=180,
        reason="CHARGEBACKS",
        description="Number of chargebacks in 180 days",
        description_zh="近 180 天拒付笔数",
        expression=_.chargeback_count_180d,
    ),
    *per_window((30, 90), _payouts),
    *per_window((30, 90), _net_flow),
    _share(
        "night",
        of="count",
        description="Payments between midnight and six, local time",
        description_zh="近 90 天凌晨 0 至 6 点（当地时间）交易笔数占比",
    ),
    _share(
        "weekend",
        of="minor",
        description="Turnover on Saturdays and Sundays, local time",
        description_zh="近 90 天周末（当地时间）交易额占比",
    ),
    _share(
        "instalment",
        of="count",
        description="Payments by instalments",
        description_zh="近 90 天分期交易笔数占比",
    ),
    _share(
        "subsidised",
        of="count",
        description="Payments with a subsidy",
        description_zh="近 90 天享受补贴的交易笔数占比",
    ),
    _share(
        "round",
        of="count",
        description="Payments of whole hundreds",
        description_zh="近 90 天整百金额交易笔数占比",
    ),
    _feature(
        name="scene_hhi_90d",
        unit="index",
        window_days=90,
        reason="SALES_PATTERN",
        description="Herfindahl index of turnover by scene, 90 days; missing outside known scenes",
        description_zh="近 90 天交易额按场景分布的赫芬达尔指数（无已知场景则缺失）",
        expression=scene_index(90),
    ),
    _feature(
        name="top_scene_share_90d",
        unit="share",
        window_days=90,
        reason="SALES_PATTERN",
        description="Largest known scene's share of turnover, 90 days",
        description_zh="近 90 天第一大已知场景占交易额的比重",
        expression=largest_scene_share(90),
    ),
)
