"""Features of the request itself, and of the request against the applicant's history."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN
from credit.policy.evidence import Value
from features.arithmetic import Const, Div, Field, column_of, value_of
from features.definition import CATEGORY, MERCHANT, RAISES, USER, Feature

if TYPE_CHECKING:
    import ibis

REQUEST_FIELDS = ("amount_minor", "term_days", "scene")

_AMOUNT = Field("amount_minor")
_TERM = Field("term_days")
_loan = partial(Feature, entity=MERCHANT, view="request", owner="merchant-lending")
_waiver = partial(Feature, entity=USER, view="request", owner="scene-risk")
_loan_size = partial(_loan, unit="ratio", reason="REQUEST_SIZE", direction=RAISES)
_waiver_size = partial(_waiver, unit="ratio", reason="REQUEST_SIZE")

REQUEST_FEATURES: dict[str, tuple[Feature, ...]] = {
    MERCHANT_LOAN: (
        _loan(
            name="request_amount_minor",
            unit="minor",
            reason="REQUEST_SIZE",
            description="Amount asked",
            description_zh="申请金额",
            expression=_AMOUNT,
        ),
        _loan(
            name="request_term_days",
            unit="days",
            reason="REQUEST_TERM",
            description="Term asked",
            description_zh="申请期限（天）",
            expression=_TERM,
        ),
        _loan_size(
            name="amount_to_turnover_30d",
            window_days=30,
            description="Amount asked over turnover of 30 days",
            description_zh="申请金额 ÷ 近 30 天交易额",
            expression=Div(_AMOUNT, Field("turnover_30d")),
        ),
        _loan_size(
            name="amount_to_monthly_turnover_90d",
            window_days=90,
            description="Amount asked over mean monthly turnover of 90 days",
            description_zh="申请金额 ÷ 近 90 天月均交易额",
            expression=Div(_AMOUNT, Div(Field("turnover_90d"), Const(3))),
        ),
        _loan(
            name="amount_per_day_to_turnover_90d",
            window_days=90,
            unit="ratio",
            reason="REQUEST_SIZE",
            description="Amount asked a day of term over mean daily turnover of 90 days",
            description_zh="申请期限内日均金额 ÷ 近 90 天日均交易额",
            expression=Div(Div(_AMOUNT, _TERM), Div(Field("turnover_90d"), Const(90))),
        ),
        _loan(
            name="amount_to_last_principal",
            unit="ratio",
            reason="REQUEST_SIZE",
            description="Amount asked over the principal of the last loan",
            description_zh="申请金额 ÷ 上一笔贷款本金",
            expression=Div(_AMOUNT, Field("principal_last_minor")),
        ),
        _loan(
            name="amount_to_largest_principal",
            unit="ratio",
            reason="REQUEST_SIZE",
            description="Amount asked over the largest principal so far",
            description_zh="申请金额 ÷ 历史最大单笔本金",
            expression=Div(_AMOUNT, Field("principal_max_minor")),
        ),
    ),
    DEPOSIT_WAIVER: (
        _waiver(
            name="request_deposit_minor",
            unit="minor",
            reason="REQUEST_SIZE",
            description="Deposit asked to be waived",
            description_zh="申请免押的押金金额",
            expression=_AMOUNT,
        ),
        _waiver(
            name="request_duration_days",
            unit="days",
            reason="REQUEST_TERM",
            description="Days until the order is due",
            description_zh="距订单到期天数",
            expression=_TERM,
        ),
        _waiver_size(
            name="deposit_to_spend_30d",
            window_days=30,
            description="Deposit over spend of 30 days",
            description_zh="押金 ÷ 近 30 天消费额",
            expression=Div(_AMOUNT, Field("spend_30d")),
        ),
        _waiver_size(
            name="deposit_to_purchase_mean_90d",
            window_days=90,
            description="Deposit over the mean purchase of 90 days",
            description_zh="押金 ÷ 近 90 天笔均消费",
            expression=Div(_AMOUNT, Field("purchase_mean_90d")),
        ),
        _waiver_size(
            name="deposit_to_credit_line",
            description="Deposit over the credit line",
            description_zh="押金 ÷ 授信额度",
            expression=Div(_AMOUNT, Field("credit_line_minor")),
        ),
        _waiver_size(
            name="deposit_to_largest_deposit",
            description="Deposit over the largest one waived so far",
            description_zh="押金 ÷ 历史最大免押押金",
            expression=Div(_AMOUNT, Field("hold_deposit_max_minor")),
        ),
        _waiver(
            name="request_scene",
            unit="name",
            dtype=CATEGORY,
            reason="SCENE",
            description="Scene of the order",
            description_zh="订单场景",
            expression=Field("scene"),
        ),
    ),
}


def request_values(
    product: str, values: Mapping[str, Value], request: Mapping[str, Value]
) -> dict[str, Value]:
    """The request features of one request, by name.

    `values` are the entity's features; `request` holds `amount_minor`, `term_days`, `scene`.
    """
    fields = {**values, **request}
    return {
        feature.name: fields.get(feature.expression.name)
        if feature.dtype == CATEGORY
        else value_of(feature.expression, fields)
        for feature in REQUEST_FEATURES[product]
    }


def with_request_features(table: "ibis.Table", product: str) -> "ibis.Table":
    """`table` (entity features and request fields) with the request features beside them."""
    return table.mutate(
        **{feature.name: _column(feature, table) for feature in REQUEST_FEATURES[product]}
    )


def _column(feature: Feature, table: "ibis.Table") -> Any:
    if feature.dtype == CATEGORY:
        return table[feature.expression.name]
    return column_of(feature.expression, table)
