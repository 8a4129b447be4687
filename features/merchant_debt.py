"""Merchant features of earlier loans and what is owed on them."""

from functools import partial

from ibis import _

from features.definition import CAN_LOWER, MERCHANT, RAISES, Feature, ratio

_debt = partial(
    Feature, entity=MERCHANT, view="loans", owner="merchant-lending", reason="INDEBTEDNESS"
)
_owed = partial(_debt, actionable=CAN_LOWER)

FEATURES = (
    _debt(
        name="loans_count",
        unit="count",
        description="Loans taken so far",
        description_zh="历史贷款笔数",
        expression=_.loans_count,
    ),
    _owed(
        name="loans_open",
        unit="count",
        description="Loans not yet closed",
        description_zh="未结清贷款笔数",
        expression=_.loans_open,
    ),
    _debt(
        name="loans_troubled",
        unit="count",
        direction=RAISES,
        description="Loans restructured or written off",
        description_zh="曾重组或核销的贷款笔数",
        expression=_.loans_troubled,
    ),
    _owed(
        name="open_principal_minor",
        unit="minor",
        description="Principal of open loans",
        description_zh="未结清贷款的本金合计",
        expression=_.open_principal_minor,
    ),
    _owed(
        name="open_to_largest_principal",
        unit="ratio",
        description="Principal of open loans over the largest principal so far",
        description_zh="未结清贷款本金合计 ÷ 历史最大单笔本金",
        expression=ratio(_.open_principal_minor, _.principal_max_minor),
    ),
    _debt(
        name="days_since_loan",
        unit="days",
        description="Days since the last disbursal",
        description_zh="距最近一次放款天数",
        expression=_.as_of_day - _.last_disbursed_day,
    ),
    _debt(
        name="loan_gap_days_mean",
        unit="days",
        description="Mean days between disbursals",
        description_zh="相邻两次放款的平均间隔天数",
        expression=ratio(_.last_disbursed_day - _.first_disbursed_day, _.loans_count - 1),
    ),
    _debt(
        name="borrowing_days",
        unit="days",
        description="Days since the first disbursal",
        description_zh="距首次放款天数",
        expression=_.as_of_day - _.first_disbursed_day,
    ),
    _debt(
        name="principal_last_minor",
        unit="minor",
        description="Principal of the last loan",
        description_zh="上一笔贷款本金",
        expression=_.principal_lag_1,
    ),
    _debt(
        name="principal_max_minor",
        unit="minor",
        description="Largest principal so far",
        description_zh="历史最大单笔本金",
        expression=_.principal_max_minor,
    ),
    _debt(
        name="principal_step",
        unit="ratio",
        description="Principal of the last loan over that of the one before",
        description_zh="上一笔贷款本金 ÷ 再上一笔本金",
        expression=ratio(_.principal_lag_1, _.principal_lag_2),
    ),
    _debt(
        name="principal_trend",
        unit="ratio",
        description="Principal of the last loan over the mean of all",
        description_zh="上一笔贷款本金 ÷ 历史平均本金",
        expression=ratio(_.principal_lag_1 * _.loans_count, _.principal_sum_minor),
    ),
    _debt(
        name="term_days_last",
        unit="days",
        description="Term of the last loan",
        description_zh="上一笔贷款期限（天）",
        expression=_.term_days_lag_1,
    ),
    _debt(
        name="cost_ratio_last",
        unit="ratio",
        description="Interest and fees of the last loan over its principal",
        description_zh="上一笔贷款息费 ÷ 本金",
        expression=ratio(_.total_due_lag_1 - _.principal_lag_1, _.principal_lag_1),
    ),
    _debt(
        name="apr_last",
        unit="rate",
        description="Annual rate of the last loan",
        description_zh="上一笔贷款年利率",
        expression=_.apr_lag_1,
    ),
    _owed(
        name="unpaid_minor",
        unit="minor",
        description="Unpaid instalments of open loans, due or not",
        description_zh="未结清贷款的未还应还款（含未到期）",
        expression=_.unpaid_minor,
    ),
    _owed(
        name="unpaid_to_open_principal",
        unit="ratio",
        description="Unpaid instalments over the principal of open loans",
        description_zh="未还应还款 ÷ 未结清贷款本金合计",
        expression=ratio(_.unpaid_minor, _.open_principal_minor),
    ),
    _owed(
        name="due_next_30d_minor",
        unit="minor",
        description="Instalments that fall due in 30 days",
        description_zh="未来 30 天到期应还款",
        expression=_.due_next_30d_minor,
    ),
    _owed(
        name="debt_to_turnover_90d",
        unit="ratio",
        description="Unpaid instalments over turnover of 90 days",
        description_zh="未还应还款 ÷ 近 90 天交易额",
        expression=ratio(_.unpaid_minor, _.payment_minor_90d),
    ),
    _owed(
        name="due_to_turnover_30d",
        unit="ratio",
        description="Instalments due in 30 days over turnover of the last 30",
        description_zh="未来 30 天到期应还款 ÷ 近 30 天交易额",
        expression=ratio(_.due_next_30d_minor, _.payment_minor_30d),
    ),
)
