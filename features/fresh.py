"""Fresh features: what came in since the last published day, beside that day's values.

They follow from the *set* of payment versions that were recorded since the published event time and
from nothing else: not from the order in which those came, from batches, repeats, or who adds them
up. Of one payment the version recorded last counts, as everywhere. A payment that also occurred
since then is in no window of the published day, so that its sums can stand beside that day's. One
that occurred earlier and was only recorded now, late or corrected, may be in them already: it is
counted apart, as late, until the next run folds it in.

No model is shown these: a model learns and answers on whole days.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from features.definition import MERCHANT, USER, Feature

FRESH_SINCE = "fresh_since"  # the published event time beside which values stand, as text
_KEY = {MERCHANT: "merchant_id", USER: "user_id"}
_OTHER = {MERCHANT: "user_id", USER: "merchant_id"}


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as it is known now: its latest version, seen from one of its two ends."""

    kind: str
    amount_minor: int
    counterpart_id: str | None
    late: bool  # it occurred before the published event time


Payments = tuple[Payment, ...]


def _counts(kind: str) -> Callable[[Payments], float]:
    return lambda payments: float(sum(one.kind == kind and not one.late for one in payments))


def _minor(kind: str) -> Callable[[Payments], float]:
    return lambda payments: float(
        sum(one.amount_minor for one in payments if one.kind == kind and not one.late)
    )


def _counterparts(payments: Payments) -> float:
    paid = {one.counterpart_id for one in payments if one.kind == "payment" and not one.late}
    return float(len(paid - {None}))


def _largest(payments: Payments) -> float | None:
    paid = (one.amount_minor for one in payments if one.kind == "payment" and not one.late)
    largest = max(paid, default=None)
    return None if largest is None else float(largest)


def _late(payments: Payments) -> float:
    return float(sum(one.late for one in payments))


_merchant = partial(Feature, entity=MERCHANT, view="fresh", owner="merchant-risk")
_user = partial(Feature, entity=USER, view="fresh", owner="consumer-risk")

FRESH_FEATURES: dict[str, tuple[Feature, ...]] = {
    MERCHANT: (
        _merchant(
            name="fresh_payments",
            unit="count",
            reason="TURNOVER_LEVEL",
            description="Number of payments taken since the last published day",
            description_zh="最新快照日之后的交易笔数",
            expression=_counts("payment"),
        ),
        _merchant(
            name="fresh_turnover_minor",
            unit="minor",
            reason="TURNOVER_LEVEL",
            description="Payments taken since the last published day",
            description_zh="最新快照日之后的交易额",
            expression=_minor("payment"),
        ),
        _merchant(
            name="fresh_largest_payment_minor",
            unit="minor",
            reason="TURNOVER_LEVEL",
            description="Largest payment taken since the last published day; missing without one",
            description_zh="最新快照日之后的最大单笔交易额（无交易则缺失）",
            expression=_largest,
        ),
        _merchant(
            name="fresh_payers",
            unit="count",
            reason="CUSTOMER_BASE",
            description="Different identified payers since the last published day",
            description_zh="最新快照日之后的付款人数",
            expression=_counterparts,
        ),
        _merchant(
            name="fresh_refunds",
            unit="count",
            reason="REFUNDS",
            description="Number of refunds since the last published day",
            description_zh="最新快照日之后的退款笔数",
            expression=_counts("refund"),
        ),
        _merchant(
            name="fresh_refunds_minor",
            unit="minor",
            reason="REFUNDS",
            description="Refunded amount since the last published day",
            description_zh="最新快照日之后的退款额",
            expression=_minor("refund"),
        ),
        _merchant(
            name="fresh_chargebacks",
            unit="count",
            reason="CHARGEBACKS",
            description="Number of chargebacks since the last published day",
            description_zh="最新快照日之后的拒付笔数",
            expression=_counts("chargeback"),
        ),
        _merchant(
            name="fresh_payouts_minor",
            unit="minor",
            reason="CASH_FLOW",
            description="Paid out since the last published day",
            description_zh="最新快照日之后的提现额",
            expression=_minor("payout"),
        ),
        _merchant(
            name="fresh_late_payments",
            unit="count",
            reason="TURNOVER_LEVEL",
            description="Rows of earlier days' payments that came in since the last published day",
            description_zh="最新快照日之后才到达的此前交易（补录或更正）笔数",
            expression=_late,
        ),
    ),
    USER: (
        _user(
            name="fresh_purchases",
            unit="count",
            reason="SPEND_LEVEL",
            description="Number of purchases since the last published day",
            description_zh="最新快照日之后的消费笔数",
            expression=_counts("payment"),
        ),
        _user(
            name="fresh_spend_minor",
            unit="minor",
            reason="SPEND_LEVEL",
            description="Amount spent since the last published day",
            description_zh="最新快照日之后的消费额",
            expression=_minor("payment"),
        ),
        _user(
            name="fresh_largest_purchase_minor",
            unit="minor",
            reason="SPEND_LEVEL",
            description="Largest purchase since the last published day; missing without one",
            description_zh="最新快照日之后的最大单笔消费额（无消费则缺失）",
            expression=_largest,
        ),
        _user(
            name="fresh_merchants",
            unit="count",
            reason="SPEND_LEVEL",
            description="Different merchants paid since the last published day",
            description_zh="最新快照日之后消费的商户数",
            expression=_counterparts,
        ),
        _user(
            name="fresh_spend_refunds_minor",
            unit="minor",
            reason="REFUNDS",
            description="Amount refunded since the last published day",
            description_zh="最新快照日之后的退款额",
            expression=_minor("refund"),
        ),
        _user(
            name="fresh_spend_chargebacks",
            unit="count",
            reason="CHARGEBACKS",
            description="Payments disputed since the last published day",
            description_zh="最新快照日之后的拒付笔数",
            expression=_counts("chargeback"),
        ),
        _user(
            name="fresh_late_purchases",
            unit="count",
            reason="SPEND_LEVEL",
            description="Rows of earlier days' purchases that came in since the last published day",
            description_zh="最新快照日之后才到达的此前消费（补录或更正）笔数",
            expression=_late,
        ),
    ),
}


def fresh_values(
    entity: str,
    entity_ids: Iterable[str],
    versions: Iterable[Mapping[str, Any]],
    *,
    since: datetime,
) -> dict[str, dict[str, float | None]]:
    """Every fresh feature of each of these entities, by name.

    `versions` are rows of `payments` as JSON has them (instants as UTC text of one width), each
    recorded at or after `since`: all of those of every payment of which one version names one of
    the entities. In any order, and any of them as often as it likes.
    """
    payments: dict[str, list[Payment]] = {entity_id: [] for entity_id in entity_ids}
    for row in _latest(versions):
        if row.get(_KEY[entity]) in payments:
            payments[row[_KEY[entity]]].append(_payment(row, entity, since))
    features = FRESH_FEATURES[entity]
    return {
        entity_id: {feature.name: feature.expression(tuple(theirs)) for feature in features}
        for entity_id, theirs in payments.items()
    }


def _latest(versions: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    latest: dict[str, Mapping[str, Any]] = {}
    for row in versions:
        there = latest.get(row["payment_id"])
        if there is None or there["recorded_at"] < row["recorded_at"]:
            latest[row["payment_id"]] = row
    return latest.values()


def _payment(row: Mapping[str, Any], entity: str, since: datetime) -> Payment:
    return Payment(
        kind=row["kind"],
        amount_minor=row["amount_minor"],
        counterpart_id=row.get(_OTHER[entity]),
        late=datetime.fromisoformat(row["occurred_at"]) < since,
    )
