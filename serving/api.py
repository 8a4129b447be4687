"""The HTTP interface, version 1: each endpoint, and the table that routes and docs come from."""

from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from credit.contract import MERCHANT_LOAN
from records import journal
from records.store import Connection
from serving.cases import LOAN_PATH, WAIVER_PATH, loan_case, waiver_case
from serving.endpoint import Endpoint, asked_for, found, in_path, json_response
from serving.instalments import INSTALMENTS
from serving.intake import idempotency_key, read_body
from serving.ledger_api import LEDGER
from serving.office import Office
from serving.review import resolved, standing
from serving.rows_api import TAKE_ROWS
from serving.shapes import LOAN, SCORES, WAIVER
from serving.wire import parse


async def decide_loan(request: Request, office: Office) -> Response:
    """Decide on a merchant's loan."""
    key = idempotency_key(request, required=True)
    case = loan_case(await read_body(request))
    return json_response(await office.answer(case, key))


async def decide_waiver(request: Request, office: Office) -> Response:
    """Say whether a deposit may be waived; nothing is held."""
    key = idempotency_key(request, required=False)
    case = waiver_case(await read_body(request))
    return json_response(await office.answer(case, key))


async def find_loan_decision(request: Request, office: Office) -> Response:
    """The decision on an application, as it stands."""
    order_no = asked_for(request, "application_id")

    def find(connection: Connection) -> dict[str, Any] | None:
        kept = journal.read_order(
            connection, partner=office.desk.partner, product=MERCHANT_LOAN, order_no=order_no
        )
        return None if kept is None else resolved(connection, kept[0])

    told = await office.reading(find)
    return found(told, "decision", name="application_id", sent=order_no)


async def read_decision(request: Request, office: Office) -> Response:
    """A decision by its id, with its trace, as it stands."""
    decision_id = in_path(request, "decision_id")

    def read(connection: Connection) -> dict[str, Any] | None:
        return standing(connection, partner=office.desk.partner, decision_id=decision_id)

    return found(await office.reading(read), "decision", name="decision_id", sent=decision_id)


async def score(request: Request, office: Office) -> Response:
    """Probability, score and band of up to 1,000 entities; no decision is made."""
    values = parse(await read_body(request), SCORES)
    return json_response(orjson.dumps(await office.scores(values["product"], values["entity_ids"])))


async def healthz(_request: Request, _office: Office) -> Response:
    """The process answers."""
    return json_response(b'{"status":"ok"}')


async def readyz(_request: Request, office: Office) -> Response:
    """Whether decisions are made as they should be, and how each part stands."""
    ready, checks = await office.readiness()
    return json_response(orjson.dumps({"ready": ready, "checks": checks}), 200 if ready else 503)


async def metrics(_request: Request, office: Office) -> Response:
    """Counters for Prometheus."""
    office.metrics.switched(office.in_force.switches)
    text = await run_in_threadpool(office.metrics.text)
    return Response(text, media_type=office.metrics.media_type)


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        LOAN_PATH, "POST", decide_loan, "Decide on a loan", LOAN, "LoanDecision", key="required"
    ),
    Endpoint(
        LOAN_PATH,
        "GET",
        find_loan_decision,
        "The decision on an application",
        answer="LoanDecision",
        query=("application_id",),
    ),
    Endpoint(
        WAIVER_PATH,
        "POST",
        decide_waiver,
        "May this deposit be waived? Nothing is held",
        WAIVER,
        "WaiverDecision",
        key="optional",
    ),
    Endpoint(
        "/v1/decisions/{decision_id}",
        "GET",
        read_decision,
        "A decision with its trace",
        answer="Decision",
    ),
    INSTALMENTS,
    *LEDGER,
    TAKE_ROWS,
    Endpoint("/v1/scores", "POST", score, "Score entities; nothing is decided", SCORES, "Scores"),
    Endpoint("/healthz", "GET", healthz, "The process answers", answer="Health"),
    Endpoint("/readyz", "GET", readyz, "Decisions are made as they should be", answer="Readiness"),
    Endpoint("/metrics", "GET", metrics, "Counters for Prometheus"),
)
