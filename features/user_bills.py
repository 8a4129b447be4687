"""Consumer features of monthly bills: punctuality, use of the line, how much is paid."""

from functools import partial

import ibis
from ibis import _

from features.definition import CAN_LOWER, CAN_RAISE, FREE, RAISES, USER, Feature, measure, ratio
from features.user_measures import BILL_LAGS

LATEST = 1  # the lag of the bill that the next one replaces
_punctual = partial(
    Feature, entity=USER, view="bills", owner="consumer-risk", reason="BILL_PUNCTUALITY"
)
_used = partial(
    Feature, entity=USER, view="bills", owner="consumer-risk", reason="CREDIT_UTILISATION"
)


def _past_due(lag: int) -> Feature:
    return _punctual(
        name=f"bill_past_due_days_{lag}",
        actionable=CAN_LOWER if lag == LATEST else FREE,
        unit="days",
        direction=RAISES,
        description=f"Days past due of bill {lag}, 1 the latest",
        description_zh=f"第 {lag} 期账单逾期天数（1 为最近一期）",
        expression=measure(f"past_due_days_lag_{lag}"),
    )


def _utilisation(lag: int) -> Feature:
    return _used(
        name=f"bill_utilisation_{lag}",
        actionable=CAN_LOWER if lag == LATEST else FREE,
        unit="ratio",
        description=f"Billed over the credit line, bill {lag}",
        description_zh=f"第 {lag} 期账单金额 ÷ 授信额度（1 为最近一期）",
        expression=measure(f"utilisation_lag_{lag}"),
    )


def _paid_ratio(lag: int) -> Feature:
    return _punctual(
        name=f"bill_paid_ratio_{lag}",
        actionable=CAN_RAISE if lag == LATEST else FREE,
        unit="ratio",
        description=f"Paid over billed, bill {lag}",
        description_zh=f"第 {lag} 期账单还款额 ÷ 账单金额（1 为最近一期）",
        expression=measure(f"paid_ratio_lag_{lag}"),
    )


def _paid(lag: int) -> Feature:
    return _punctual(
        name=f"bill_paid_{lag}_minor",
        unit="minor",
        description=f"Paid on bill {lag}",
        description_zh=f"第 {lag} 期账单还款额（1 为最近一期）",
        expression=measure(f"paid_minor_lag_{lag}"),
    )


def _billed(lag: int) -> Feature:
    return _used(
        name=f"bill_billed_{lag}_minor",
        unit="minor",
        description=f"Billed, bill {lag}",
        description_zh=f"第 {lag} 期账单金额（1 为最近一期）",
        expression=measure(f"billed_minor_lag_{lag}"),
    )


FEATURES = (
    *map(_past_due, BILL_LAGS),
    *map(_utilisation, BILL_LAGS),
    *map(_paid_ratio, BILL_LAGS),
    *map(_paid, BILL_LAGS),
    *map(_billed, (1, 2, 3)),
    _punctual(
        name="bills_count",
        unit="count",
        description="Bills so far",
        description_zh="历史账单期数",
        expression=_.bills_count,
    ),
    _punctual(
        name="bill_past_due_days_max",
        unit="days",
        direction=RAISES,
        description="Most days past due of any bill",
        description_zh="历史账单最长逾期天数",
        expression=_.past_due_days_max,
    ),
    _punctual(
        name="bill_past_due_days_mean",
        unit="days",
        direction=RAISES,
        description="Mean days past due of bills",
        description_zh="历史账单平均逾期天数",
        expression=ratio(_.past_due_days_sum, _.bills_judged),
    ),
    _punctual(
        name="bills_past_due",
        unit="count",
        direction=RAISES,
        description="Bills that were past due",
        description_zh="发生过逾期的账单期数",
        expression=_.bills_past_due,
    ),
    _punctual(
        name="bills_past_due_30",
        unit="count",
        direction=RAISES,
        description="Bills that were 30 days past due or more",
        description_zh="逾期 30 天及以上的账单期数",
        expression=_.bills_past_due_30,
    ),
    _punctual(
        name="bill_past_due_streak",
        unit="count",
        direction=RAISES,
        description="Latest bills past due in a row",
        description_zh="最近连续逾期的账单期数",
        expression=ibis.coalesce(_.first_punctual_place - 1, _.bills_count),
    ),
    _punctual(
        name="bill_unpaid_days",
        actionable=CAN_LOWER,
        unit="days",
        description="Days since the oldest bill not paid in full fell due; 0 where none is",
        description_zh="最早一期未还清账单已逾期天数，无则为 0",
        expression=_.unpaid_days_max,
    ),
    _punctual(
        name="bill_paid_ratio_mean",
        unit="ratio",
        description="Paid over billed, all bills whose payment is known",
        description_zh="还款总额 ÷ 账单总额（仅计还款已知的账单）",
        expression=ratio(_.paid_payable_sum_minor, _.billed_payable_sum_minor),
    ),
    _punctual(
        name="bill_paid_ratio_min",
        unit="ratio",
        description="Least paid over billed of any bill",
        description_zh="各期账单还款率的最低值",
        expression=_.paid_ratio_min,
    ),
    _used(
        name="bill_utilisation_max",
        unit="ratio",
        description="Most billed over the line of any bill",
        description_zh="各期账单额度使用率的最高值",
        expression=_.utilisation_max,
    ),
    _used(
        name="bill_utilisation_mean",
        unit="ratio",
        description="Billed over the line, all bills",
        description_zh="历史账单总额 ÷ 对应额度总额",
        expression=ratio(_.billed_lined_sum_minor, _.line_sum_minor),
    ),
    _used(
        name="bill_utilisation_change_3",
        unit="difference",
        description="Utilisation of the latest bill less that of the one three before",
        description_zh="最近一期额度使用率与三期前之差",
        expression=_.utilisation_lag_1 - _.utilisation_lag_4,
    ),
    _used(
        name="bill_billed_trend",
        unit="ratio",
        description="Three latest bills over the three before them",
        description_zh="最近三期账单额 ÷ 此前三期账单额",
        expression=ratio(
            _.billed_minor_lag_1 + _.billed_minor_lag_2 + _.billed_minor_lag_3,
            _.billed_minor_lag_4 + _.billed_minor_lag_5 + _.billed_minor_lag_6,
        ),
    ),
    _used(
        name="bill_headroom_minor",
        actionable=CAN_RAISE,
        unit="minor",
        description="Credit line less the latest bill",
        description_zh="授信额度减最近一期账单额",
        expression=_.credit_line_minor - _.billed_minor_lag_1,
    ),
)
