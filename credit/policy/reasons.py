"""Every reason Vouch can give, once: code, source and message, in order of precedence.

Rules, models, the documentation and the console read this registry. The order of `REASONS` is the
order in which rules give their reasons; a rule speaks before the model does, and the model gives
its own strongest first.
"""

from dataclasses import dataclass

RULE = "rule"
MODEL = "model"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: its stable code, who gives it, and what a person reads (English, Chinese)."""

    code: str
    source: str
    message: str
    message_zh: str


REASONS: tuple[Reason, ...] = (
    Reason("KILL_SWITCH", RULE, "Decisions are suspended", "决策服务已暂停"),
    Reason("FEATURES_UNAVAILABLE", RULE, "Payment history could not be read", "无法读取交易历史"),
    Reason("FEATURES_STALE", RULE, "Payment history is out of date", "交易历史已过期"),
    Reason("MODEL_UNAVAILABLE", RULE, "No model is in service", "评分模型不可用"),
    Reason("SCENE_NOT_OFFERED", RULE, "This scene is not offered", "该场景暂不支持"),
    Reason("TERM_NOT_OFFERED", RULE, "This term is not offered", "该期限暂不支持"),
    Reason(
        "INSTALMENTS_NOT_OFFERED", RULE, "Instalments are not offered here", "该商户暂不支持分期"
    ),
    Reason("AMOUNT_BELOW_MINIMUM", RULE, "Amount is below the minimum", "金额低于下限"),
    Reason("AMOUNT_ABOVE_MAXIMUM", RULE, "Amount is above the maximum", "金额高于上限"),
    Reason("DURATION_TOO_LONG", RULE, "Order lasts longer than allowed", "订单时长超过上限"),
    Reason("NO_HISTORY", RULE, "No payment history is known", "无交易历史"),
    Reason("OPEN_ARREARS", RULE, "An instalment is in arrears", "存在逾期未还"),
    Reason("LOAN_TROUBLED", RULE, "An earlier loan was restructured or lost", "曾有重组或核销贷款"),
    Reason("BILL_PAST_DUE", RULE, "A bill is past due", "账单逾期"),
    Reason("UNPAID_CAPTURE", RULE, "A captured deposit is unpaid", "有押金扣款未结清"),
    Reason("ORDER_OVERDUE", RULE, "An order is past its return time", "有订单逾期未归还"),
    Reason("TOO_MANY_OPEN_HOLDS", RULE, "Too many deposits are waived already", "在途免押订单过多"),
    Reason("FACT_MISSING", RULE, "A fact the rules need is not known", "缺少规则所需信息"),
    Reason("HISTORY_TOO_SHORT", RULE, "Payment history is too short", "交易历史过短"),
    Reason("NOT_TRADING", RULE, "No recent turnover", "近期无交易"),
    Reason(
        "PARTNER_RULE",
        RULE,
        "A rule of the partner or its industry is not met",
        "不符合合作方或行业规定",
    ),
    Reason("PROBABILITY_ABOVE_CUTOFF", RULE, "Risk is above the cut-off", "风险高于准入线"),
    Reason("PROBABILITY_IN_REFER_BAND", RULE, "Risk needs a person's review", "风险需人工复核"),
    Reason("NO_ROOM", RULE, "No room is left under the credit line", "授信额度不足"),
    Reason(
        "CONCENTRATION_CAP", RULE, "Lending here has reached its ceiling", "该合作方或行业额度已满"
    ),
    Reason(
        "LIMIT_BELOW_MINIMUM", RULE, "The limit is below the least loan", "可用额度低于最低借款额"
    ),
    Reason("AMOUNT_ABOVE_LIMIT", RULE, "Amount is above the limit", "金额超过可用额度"),
    Reason(
        "DEPOSIT_ABOVE_CEILING",
        RULE,
        "The deposit is above what may be waived",
        "押金超过可减免额度",
    ),
    Reason(
        "PRICE_ABOVE_CAP", RULE, "The price needed is above the legal cap", "所需定价超过法定上限"
    ),
    Reason(
        "COUNTER_OFFER", RULE, "A smaller or shorter loan is offered", "可提供较小额度或较短期限"
    ),
    Reason(
        "RISK_ALLOWS_PART", RULE, "Risk allows a part of the deposit only", "风险仅支持部分免押"
    ),
    Reason("DEPOSIT_PARTLY_WAIVED", RULE, "Part of the deposit is waived", "可减免部分押金"),
    Reason(
        "SUBSIDY_BUDGET_REACHED",
        RULE,
        "The merchant's subsidy does not cover its whole share",
        "商户贴息预算不足",
    ),
    Reason("TURNOVER_LEVEL", MODEL, "Level of turnover", "交易规模"),
    Reason("TURNOVER_TREND", MODEL, "Trend of turnover", "交易趋势"),
    Reason("TURNOVER_VOLATILITY", MODEL, "Volatility of turnover", "交易波动"),
    Reason("ACTIVITY", MODEL, "Days and gaps of trading", "交易活跃度"),
    Reason("CUSTOMER_BASE", MODEL, "Number and loyalty of payers", "客群规模与复购"),
    Reason("CONCENTRATION", MODEL, "Dependence on few payers", "客户集中度"),
    Reason("REFUNDS", MODEL, "Refunds", "退款情况"),
    Reason("CHARGEBACKS", MODEL, "Chargebacks", "拒付情况"),
    Reason("CASH_FLOW", MODEL, "Payouts against turnover", "资金流入流出"),
    Reason("SALES_PATTERN", MODEL, "Pattern of sales by hour, day and kind", "销售时段与结构"),
    Reason("REPAYMENT_HISTORY", MODEL, "Punctuality of earlier repayments", "历史还款表现"),
    Reason("INDEBTEDNESS", MODEL, "Debt outstanding", "负债水平"),
    Reason("TENURE", MODEL, "Length of history", "历史时长"),
    Reason("PROFILE", MODEL, "Industry and place of business", "行业与地区"),
    Reason("REQUEST_SIZE", MODEL, "Amount asked against turnover or spend", "申请金额相对规模"),
    Reason("REQUEST_TERM", MODEL, "Term asked", "申请期限"),
    Reason("SPEND_LEVEL", MODEL, "Level of spending", "消费水平"),
    Reason("SPEND_TREND", MODEL, "Trend of spending", "消费趋势"),
    Reason("BILL_PUNCTUALITY", MODEL, "Punctuality of bill payment", "账单还款及时性"),
    Reason("CREDIT_UTILISATION", MODEL, "Use of the credit line", "额度使用率"),
    Reason("CREDIT_LINE", MODEL, "Size of the credit line", "授信额度"),
    Reason("HOLD_HISTORY", MODEL, "Earlier waived deposits", "历史免押表现"),
    Reason("SCENE", MODEL, "Scene of the order", "订单场景"),
)

REASON = {reason.code: reason for reason in REASONS}
PRECEDENCE = {reason.code: place for place, reason in enumerate(REASONS)}
