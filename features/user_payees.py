"""Consumer features of who is paid: how many, how new, how much at a few; and the profile."""

from functools import partial

import ibis
from ibis import _

from features.definition import USER, Feature, measure, per_window, ratio

_merchants_feature = partial(
    Feature, entity=USER, view="payees", owner="consumer-risk", reason="SPEND_LEVEL"
)
_profile_feature = partial(Feature, entity=USER, view="profile", owner="consumer-risk")


def _merchants(days: int) -> Feature:
    return _merchants_feature(
        name=f"merchants_{days}d",
        unit="count",
        window_days=days,
        description=f"Different merchants paid in {days} days",
        description_zh=f"近 {days} 天消费过的商户数",
        expression=ibis.ifelse(
            measure(f"payment_count_{days}d") == 0, 0, measure(f"counterparts_{days}d")
        ),
    )


FEATURES = (
    *per_window((30, 90), _merchants),
    _merchants_feature(
        name="top_merchant_share_90d",
        unit="share",
        window_days=90,
        description="Largest merchant's share of spend, 90 days",
        description_zh="近 90 天消费最多的商户占比",
        expression=ratio(_.largest_counterpart_minor_90d, _.identified_minor_90d),
    ),
    _merchants_feature(
        name="top5_merchant_share_90d",
        unit="share",
        window_days=90,
        description="Five largest merchants' share of spend, 90 days",
        description_zh="近 90 天消费最多的前五家商户占比",
        expression=ratio(_.top5_counterparts_minor_90d, _.identified_minor_90d),
    ),
    _merchants_feature(
        name="new_merchant_share_30d",
        unit="share",
        window_days=180,
        description="Merchants of 30 days that were not paid in the 150 days before",
        description_zh="近 30 天消费商户中此前 150 天未消费过的占比",
        expression=ratio(_.new_counterparts_30d, _.counterparts_30d),
    ),
    _profile_feature(
        name="registered_days",
        unit="days",
        reason="TENURE",
        description="Days since the user registered",
        description_zh="注册天数",
        expression=_.as_of_day - _.since_day,
    ),
    _profile_feature(
        name="credit_line_minor",
        unit="minor",
        reason="CREDIT_LINE",
        description="Credit line",
        description_zh="授信额度",
        expression=_.credit_line_minor,
    ),
)
