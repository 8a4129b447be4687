"""Merchant features of how earlier loans were repaid: late, ahead, how evenly, arrears now."""

from functools import partial
from typing import Any

import ibis
from ibis import _

from features.definition import CAN_LOWER, FREE, MERCHANT, RAISES, Feature, measure, ratio
from features.loan_measures import LATENESS_LAGS

_repaid = partial(
    Feature,
    entity=MERCHANT,
    view="repayments",
    owner="merchant-lending",
    reason="REPAYMENT_HISTORY",
)


def _late_days_spread() -> Any:
    """Standard deviation of the signed days; exact until the root, missing of fewer than two."""
    many = _.instalments_judged
    spread = many * _.late_days_squares - _.late_days_sum * _.late_days_sum
    return ibis.ifelse(many > 1, ratio(spread.cast("float64").sqrt(), many), None)


FEATURES = (
    _repaid(
        name="arrears_minor",
        actionable=CAN_LOWER,
        unit="minor",
        direction=RAISES,
        description="Past-due instalments now unpaid",
        description_zh="当前逾期未还金额",
        expression=_.arrears_minor,
    ),
    _repaid(
        name="arrears_days",
        actionable=CAN_LOWER,
        unit="days",
        direction=RAISES,
        description="Days past due of the oldest unpaid instalment; 0 where none is",
        description_zh="最早一期未还分期的逾期天数，无则为 0",
        expression=_.arrears_days,
    ),
    _repaid(
        name="instalments_judged",
        unit="count",
        description="Instalments that were paid or have fallen due",
        description_zh="已还或已到期的还款期数",
        expression=_.instalments_judged,
    ),
    _repaid(
        name="late_share",
        unit="share",
        direction=RAISES,
        description="Share of instalments paid after their due day",
        description_zh="逾期还款期数占比",
        expression=ratio(_.instalments_late, _.instalments_judged),
    ),
    _repaid(
        name="late_over_7_share",
        unit="share",
        direction=RAISES,
        description="Share of instalments more than 7 days late",
        description_zh="逾期超过 7 天的期数占比",
        expression=ratio(_.instalments_late_over_7, _.instalments_judged),
    ),
    _repaid(
        name="early_share",
        unit="share",
        description="Share of instalments paid before their due day",
        description_zh="提前还款期数占比",
        expression=ratio(_.instalments_early, _.instalments_judged),
    ),
    _repaid(
        name="prepaid_share",
        unit="share",
        description="Share of instalments paid 7 days ahead of their due day or more",
        description_zh="提前 7 天及以上还款的期数占比",
        expression=ratio(_.instalments_prepaid, _.instalments_judged),
    ),
    _repaid(
        name="late_streak",
        unit="count",
        direction=RAISES,
        description="Latest instalments late in a row, paid or not",
        description_zh="最近连续逾期的还款期数（含未还）",
        expression=ibis.coalesce(_.first_punctual_place - 1, _.instalments_judged),
    ),
    _repaid(
        name="late_days_mean",
        unit="days",
        direction=RAISES,
        description="Mean days from due to paid; negative where paid ahead",
        description_zh="平均还款日与到期日之差（天），提前为负",
        expression=ratio(_.late_days_sum, _.instalments_judged),
    ),
    _repaid(
        name="late_days_sd",
        unit="days",
        description="Standard deviation of the days from due to paid; missing of fewer than two",
        description_zh="还款日与到期日之差的标准差（天），不足两期则缺失",
        expression=_late_days_spread(),
    ),
    _repaid(
        name="overdue_days_mean",
        unit="days",
        direction=RAISES,
        description="Mean days late, ahead counted as 0",
        description_zh="平均逾期天数，提前按 0 计",
        expression=ratio(_.overdue_days_sum, _.instalments_judged),
    ),
    _repaid(
        name="late_days_max",
        unit="days",
        direction=RAISES,
        description="Most days late so far; negative where all were paid ahead",
        description_zh="历史最长逾期天数，全部提前则为负",
        expression=_.late_days_max,
    ),
    _repaid(
        name="late_days_max_180d",
        unit="days",
        window_days=180,
        direction=RAISES,
        description="Most days late of instalments due in 180 days",
        description_zh="近 180 天到期各期的最长逾期天数",
        expression=_.late_days_max_180d,
    ),
    _repaid(
        name="late_days_min",
        unit="days",
        description="Fewest days late so far: the earliest repayment",
        description_zh="历史最早一次还款相对到期日的天数（提前为负）",
        expression=_.late_days_min,
    ),
    *(
        _repaid(
            name=f"late_days_last_{lag}",
            actionable=CAN_LOWER if lag == 1 else FREE,
            unit="days",
            direction=RAISES,
            description=f"Days from due to paid of the instalment due {lag} before now",
            description_zh=f"倒数第 {lag} 期还款日与到期日之差（天），提前为负",
            expression=measure(f"late_days_lag_{lag}"),
        )
        for lag in LATENESS_LAGS
    ),
    _repaid(
        name="days_since_repayment",
        unit="days",
        description="Days since the last repayment",
        description_zh="距最近一次还款天数",
        expression=_.as_of_day - _.last_paid_day,
    ),
)
