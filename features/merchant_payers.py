"""Merchant features of who pays: how many, how loyal, how much hangs on a few; and the profile."""

from functools import partial

import ibis
from ibis import _

from features.definition import CATEGORY, LOWERS, MERCHANT, Feature, measure, per_window, ratio

_payers_feature = partial(Feature, entity=MERCHANT, view="payers")
_profile_feature = partial(Feature, entity=MERCHANT, view="profile")


def _payers(days: int) -> Feature:
    return _payers_feature(
        name=f"payers_{days}d",
        unit="count",
        window_days=days,
        reason="CUSTOMER_BASE",
        description=f"Different identified payers in {days} days",
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
        expression=ratio(_.repeat_counterparts_90d, _.counterparts_90d),
    ),
    _payers_feature(
        name="new_payer_share_30d",
        unit="share",
        window_days=180,
        reason="CUSTOMER_BASE",
        description="Payers of 30 days that had not paid in the 150 days before",
        expression=ratio(_.new_counterparts_30d, _.counterparts_30d),
    ),
    _payers_feature(
        name="payments_per_payer_90d",
        unit="ratio",
        window_days=90,
        reason="CUSTOMER_BASE",
        description="Payments over different payers, 90 days",
        expression=ratio(_.payment_count_90d, _.counterparts_90d),
    ),
    _payers_feature(
        name="payer_hhi_90d",
        unit="index",
        window_days=90,
        reason="CONCENTRATION",
        description="Herfindahl index of payers' shares of turnover, 90 days",
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
        expression=ratio(_.largest_counterpart_minor_90d, _.identified_minor_90d),
    ),
    _profile_feature(
        name="tenure_days",
        unit="days",
        direction=LOWERS,
        reason="TENURE",
        description="Days since the merchant opened",
        expression=_.as_of_day - _.since_day,
    ),
    _profile_feature(
        name="city_tier",
        unit="rank",
        reason="PROFILE",
        description="Tier of the merchant's city, 1 the largest",
        expression=_.city_tier,
    ),
    _profile_feature(
        name="industry",
        unit="name",
        dtype=CATEGORY,
        reason="PROFILE",
        description="Industry",
        expression=_.industry,
    ),
)
