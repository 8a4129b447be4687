"""Merchant features of who pays: how many, how loyal, how much hangs on a few; and the profile."""

from functools import partial

import ibis
from ibis import _

from features.definition import (
    CAN_LOWER,
    CATEGORY,
    LOWERS,
    MERCHANT,
    RAISES,
    Feature,
    measure,
    per_window,
    ratio,
)
from features.measure_shapes import share_of_payments

_payers_feature = partial(Feature, entity=MERCHANT, view="payers", owner="merchant-risk")
_profile_feature = partial(Feature, entity=MERCHANT, view="profile", owner="merchant-risk")


def _payers(days: int) -> Feature:
    return _payers_feature(
        name=f"payers_{days}d",
        unit="count",
        window_days=days,
        reason="CUSTOMER_BASE",
        description=f"Different identified payers in {days} days",
        description_zh=f"近 {days} 天可识别付款人数",
        expression=ibis.ifelse(
            measure(f"payment_count_{days}d") == 0, 0, measure(f"counterparts_{days}d")
        ),
    )


FEATURES = (
    *per_window((30, 90), _payers),
    _payers_feature(
        name="repeat_payer_share_90d",
        unit="share",
        window_days=90,
        reason="CUSTOMER_BASE",
        description="Payers with more than one payment among the payers of 90 days",
        description_zh="近 90 天付款人中复购者占比",
        expression=ratio(_.repeat_counterparts_90d, _.counterparts_90d),
    ),
    _payers_feature(
        name="new_payer_share_30d",
        unit="share",
        window_days=180,
        reason="CUSTOMER_BASE",
        description="Payers of 30 days that had not paid in the 150 days before",
        description_zh="近 30 天付款人中此前 150 天未付款的新客占比",
        expression=ratio(_.new_counterparts_30d, _.counterparts_30d),
    ),
    _payers_feature(
        name="payments_per_payer_90d",
        unit="ratio",
        window_days=90,
        reason="CUSTOMER_BASE",
        description="Payments over different payers, 90 days",
        description_zh="近 90 天交易笔数 ÷ 付款人数",
        expression=ratio(_.payment_count_90d, _.counterparts_90d),
    ),
    _payers_feature(
        name="payer_hhi_90d",
        unit="index",
        window_days=90,
        reason="CONCENTRATION",
        description="Herfindahl index of payers' shares of turnover, 90 days",
        description_zh="近 90 天付款人交易额占比的赫芬达尔指数",
        expression=ratio(
            _.counterpart_squares_90d,
            _.identified_minor_90d.cast("float64") * _.identified_minor_90d,
        ),
    ),
    _payers_feature(
        name="top_payer_share_90d",
        unit="share",
        window_days=90,
        reason="CONCENTRATION",
        description="Largest payer's share of identified turnover, 90 days",
        description_zh="近 90 天第一大付款人占可识别交易额的比重",
        expression=ratio(_.largest_counterpart_minor_90d, _.identified_minor_90d),
    ),
    _payers_feature(
        name="top5_payer_share_90d",
        unit="share",
        window_days=90,
        reason="CONCENTRATION",
        description="Five largest payers' share of identified turnover, 90 days",
        description_zh="近 90 天前五大付款人占可识别交易额的比重",
        expression=ratio(_.top5_counterparts_minor_90d, _.identified_minor_90d),
    ),
    _payers_feature(
        name="top_payer_payments_share_90d",
        unit="share",
        window_days=90,
        reason="CONCENTRATION",
        description="Most frequent payer's share of identified payments, by number, 90 days",
        description_zh="近 90 天付款最频繁者占可识别交易笔数的比重",
        expression=ratio(_.most_payments_of_one_90d, _.identified_count_90d),
    ),
    _payers_feature(
        name="self_payment_share_90d",
        actionable=CAN_LOWER,
        unit="share",
        window_days=90,
        direction=RAISES,
        reason="CONCENTRATION",
        description="Payments by the merchant to itself, by number, 90 days",
        description_zh="近 90 天付款人与商户为同一主体的自付交易笔数占比",
        expression=share_of_payments("self", of="count", days=90),
    ),
    _profile_feature(
        name="tenure_days",
        unit="days",
        direction=LOWERS,
        reason="TENURE",
        description="Days since the merchant opened",
        description_zh="商户开业天数",
        expression=_.as_of_day - _.since_day,
    ),
    _profile_feature(
        name="city_tier",
        unit="rank",
        reason="PROFILE",
        description="Tier of the merchant's city, 1 the largest",
        description_zh="商户所在城市等级（1 为最大）",
        expression=_.city_tier,
    ),
    _profile_feature(
        name="industry",
        unit="name",
        dtype=CATEGORY,
        reason="PROFILE",
        description="Industry",
        description_zh="所属行业",
        expression=_.industry,
    ),
)
