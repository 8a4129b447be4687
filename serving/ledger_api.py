"""The ledger over HTTP: holds, loans, lines and reviews, from the first call to the last."""

from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from credit.contract import ENTITY_OF, MERCHANT_LOAN
from credit.ledger.hold import HoldMove
from credit.ledger.loan import LoanMove
from records import holds, lines, loans
from records.store import Connection
from serving.cases import order_case
from serving.endpoint import Endpoint, asked_for, found, in_path, json_response
from serving.intake import idempotency_key, read_body
from serving.office import Office
from serving.problems import RequestError
from serving.review import Review
from serving.settle import Acceptance, HoldChange, LineChange, LoanEvent, shown_line
from serving.shapes import (
    ACCEPTANCE,
    CAPTURE,
    LINE,
    LOAN_EVENT,
    RELEASE,
    REVIEW,
    SETTLEMENT,
    WAIVER_ORDER,
    Shape,
)
from serving.wire import content_sha256, parse

WAIVERS = "/v1/deposit-waivers"
LOANS = "/v1/merchant-loans"


async def order_waiver(request: Request, office: Office) -> Response:
    """Decide on a deposit and, where it is waived, hold the line for it."""
    key = idempotency_key(request, required=True)
    case = order_case(await read_body(request))
    return json_response(await office.answer(case, key))


async def capture(request: Request, office: Office) -> Response:
    """Charge a part of a hold, or all of it."""
    return await _change(request, office, CAPTURE, partial(_hold_change, move=HoldMove.CAPTURE))


async def release(request: Request, office: Office) -> Response:
    """Give back a part of a hold, or all that rests."""
    return await _change(request, office, RELEASE, partial(_hold_change, move=HoldMove.RELEASE))


async def settle(request: Request, office: Office) -> Response:
    """Note that the customer paid what was captured: it is exposure no longer."""
    return await _change(request, office, SETTLEMENT, partial(_hold_change, move=HoldMove.SETTLE))


async def read_hold(request: Request, office: Office) -> Response:
    """A hold with its operations."""
    auth_no = in_path(request, "auth_no")

    def read(connection: Connection) -> dict[str, Any] | None:
        kept = holds.find(connection, partner=office.desk.partner, auth_no=auth_no)
        return None if kept is None else holds.read(connection, kept)

    return found(await office.reading(read), "hold", name="auth_no", sent=auth_no)


async def find_hold(request: Request, office: Office) -> Response:
    """The hold of a partner's own order."""
    order = asked_for(request, "out_order_no")

    def read(connection: Connection) -> dict[str, Any] | None:
        kept = holds.find_order(connection, partner=office.desk.partner, out_order_no=order)
        return None if kept is None else holds.read(connection, kept)

    return found(await office.reading(read), "hold", name="out_order_no", sent=order)


async def accept_loan(request: Request, office: Office) -> Response:
    """Accept an offer: its amount becomes exposure on the merchant's line."""

    def acceptance(_request: Request, office: Office, values: dict[str, Any]) -> Acceptance:
        return Acceptance(partner=office.desk.partner, **values)

    return await _change(request, office, ACCEPTANCE, acceptance)


async def loan_event(request: Request, office: Office) -> Response:
    """Say what happened to a loan."""

    def event(request: Request, office: Office, values: dict[str, Any]) -> LoanEvent:
        return LoanEvent(
            partner=office.desk.partner,
            loan_no=in_path(request, "loan_no"),
            event=LoanMove(values["type"]),
            amount_minor=values.get("amount_minor"),
            occurred_at=values["occurred_at"],
        )

    return await _change(request, office, LOAN_EVENT, event)


async def read_loan(request: Request, office: Office) -> Response:
    """A loan with its exposure and its operations."""
    loan_no = in_path(request, "loan_no")

    def read(connection: Connection) -> dict[str, Any] | None:
        kept = loans.find(connection, partner=office.desk.partner, loan_no=loan_no)
        return None if kept is None else loans.read(connection, kept)

    return found(await office.reading(read), "loan", name="loan_no", sent=loan_no)


async def review(request: Request, office: Office) -> Response:
    """Resolve a loan that was referred."""

    def reviewed(request: Request, office: Office, values: dict[str, Any]) -> Review:
        return Review(
            partner=office.desk.partner,
            decision_id=in_path(request, "decision_id"),
            rules=office.desk.in_force.rules_for(
                product=MERCHANT_LOAN, partner=office.desk.partner, scene=None
            ),
            **values,
        )

    return await _change(request, office, REVIEW, reviewed)


async def put_line(request: Request, office: Office) -> Response:
    """Set a credit line, even below what is used of it."""
    kind, entity_id = _whose(request)
    values = parse(await read_body(request), LINE)
    change = LineChange(
        partner=office.desk.partner,
        kind=kind,
        entity_id=entity_id,
        limit_minor=values["limit_minor"],
        source=values["source"],
        valid_until=values.get("valid_until"),
        policy=office.desk.in_force.policy_for(office.desk.partner),
    )
    return json_response(orjson.dumps(await office.put(change)))


async def read_line(request: Request, office: Office) -> Response:
    """A credit line, what is used of it and what it leaves."""
    kind, entity_id = _whose(request)

    def read(connection: Connection) -> dict[str, Any]:
        [line] = lines.read(connection, kind=kind, entity_ids=[entity_id])
        now = office.records.now(connection)
        policy = office.desk.in_force.policy_for(office.desk.partner)
        return shown_line(kind, entity_id, line, policy, at=now)

    return json_response(orjson.dumps(await office.reading(read)))


def _whose(request: Request) -> tuple[str, str]:
    kind, entity_id = request.path_params["kind"], in_path(request, "entity_id")
    if kind not in ENTITY_OF.values():
        told = f"lines are kept for {' and '.join(ENTITY_OF.values())}"
        raise RequestError("NOT_FOUND", f"no {kind!r} has a line", told, field="kind", value=kind)
    return kind, entity_id


async def _change(
    request: Request,
    office: Office,
    shape: Shape,
    effect: Callable[[Request, Office, dict[str, Any]], Any],
) -> Response:
    key = idempotency_key(request, required=True)
    values = parse(await read_body(request), shape)
    sha256 = content_sha256(request.url.path, values)
    made = effect(request, office, values)
    return json_response(await office.change(made, key=key or "", content_sha256=sha256))


def _hold_change(
    request: Request, office: Office, values: dict[str, Any], *, move: HoldMove
) -> HoldChange:
    return HoldChange(
        partner=office.desk.partner,
        auth_no=in_path(request, "auth_no"),
        move=move,
        amount_minor=values.get("amount_minor"),
        complete=values.get("complete", False),
    )


LEDGER: tuple[Endpoint, ...] = (
    Endpoint(
        WAIVERS,
        "POST",
        order_waiver,
        "Waive a deposit and hold the line for it",
        WAIVER_ORDER,
        "WaivedOrder",
        key="required",
    ),
    Endpoint(
        WAIVERS, "GET", find_hold, "The hold of an order", answer="Hold", query=("out_order_no",)
    ),
    Endpoint(f"{WAIVERS}/{{auth_no}}", "GET", read_hold, "A hold", answer="Hold"),
    Endpoint(
        f"{WAIVERS}/{{auth_no}}/capture",
        "POST",
        capture,
        "Charge a hold",
        CAPTURE,
        "Hold",
        key="required",
    ),
    Endpoint(
        f"{WAIVERS}/{{auth_no}}/release",
        "POST",
        release,
        "Give back what rests of a hold",
        RELEASE,
        "Hold",
        key="required",
    ),
    Endpoint(
        f"{WAIVERS}/{{auth_no}}/settle",
        "POST",
        settle,
        "Note that what was captured is paid",
        SETTLEMENT,
        "Hold",
        key="required",
    ),
    Endpoint(LOANS, "POST", accept_loan, "Accept an offer", ACCEPTANCE, "Loan", key="required"),
    Endpoint(f"{LOANS}/{{loan_no}}", "GET", read_loan, "A loan", answer="Loan"),
    Endpoint(
        f"{LOANS}/{{loan_no}}/events",
        "POST",
        loan_event,
        "Say what happened to a loan",
        LOAN_EVENT,
        "Loan",
        key="required",
    ),
    Endpoint(
        "/v1/decisions/{decision_id}/review",
        "POST",
        review,
        "Resolve a referred loan",
        REVIEW,
        "LoanDecision",
        key="required",
    ),
    Endpoint("/v1/lines/{kind}/{entity_id}", "PUT", put_line, "Set a credit line", LINE, "Line"),
    Endpoint("/v1/lines/{kind}/{entity_id}", "GET", read_line, "A credit line", answer="Line"),
)
