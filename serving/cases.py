"""From the wire's values to a case: what is asked, by whom, and the hash of it."""

from collections.abc import Mapping
from typing import Any

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN
from credit.policy.application import LoanApplication, WaiverApplication
from records.instants import instant_text
from serving.desk import Case
from serving.shapes import LOAN, WAIVER, WAIVER_ORDER
from serving.wire import content_sha256, field_names, parse

LOAN_PATH = "/v1/merchant-loans/decisions"
WAIVER_PATH = "/v1/deposit-waivers/decisions"
ORDER_PATH = "/v1/deposit-waivers"


def loan_case(body: bytes) -> Case:
    """The loan that a body asks for. RequestError where it cannot be read."""
    values = parse(body, LOAN)
    application = LoanApplication(
        application_id=values["application_id"],
        merchant_id=values["merchant_id"],
        amount_minor=values["amount_minor"],
        currency=values["currency"],
        term_days=values["term_days"],
        context=values.get("context", {}),
    )
    return Case(
        product=MERCHANT_LOAN,
        entity_id=application.merchant_id,
        order_no=application.application_id,
        application=application,
        request=values,
        content_sha256=content_sha256(LOAN_PATH, values),
    )


def waiver_case(body: bytes) -> Case:
    """The waived deposit that a body asks about. RequestError where it cannot be read."""
    return _waiver(parse(body, WAIVER), WAIVER_PATH)


def order_case(body: bytes) -> Case:
    """The waived deposit that a body orders: where it is waived, a hold stands in for it."""
    return _waiver(parse(body, WAIVER_ORDER), ORDER_PATH)


def _waiver(values: Mapping[str, Any], path: str) -> Case:
    application = WaiverApplication(
        user_id=values["user_id"],
        scene=values["scene"],
        deposit_minor=values["deposit_minor"],
        currency=values["currency"],
        due_at=values["due_at"],
        context=values.get("context", {}),
    )
    return Case(
        product=DEPOSIT_WAIVER,
        entity_id=application.user_id,
        order_no=values.get("out_order_no"),
        application=application,
        request=_plain(values),
        content_sha256=content_sha256(path, values),
    )


def case_of(body: bytes) -> Case:
    """The case of a body whose product is known by its fields."""
    fields = field_names(body)
    asks_for_a_loan = fields & {"application_id", "merchant_id", "amount_minor"}
    if asks_for_a_loan:
        return loan_case(body)
    return order_case(body) if "out_order_no" in fields else waiver_case(body)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "due_at": instant_text(values["due_at"])}
