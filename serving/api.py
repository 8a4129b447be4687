"""The HTTP interface, version 1: each endpoint, and the table that routes and docs come from."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from credit.contract import MERCHANT_LOAN
from records import journal
from records.decisions import answer_of
from serving.cases import LOAN_PATH, WAIVER_PATH, loan_case, waiver_case
from serving.intake import idempotency_key, read_body
from serving.office import Office
from serving.problems import RequestError
from serving.shapes import LOAN, SCORES, WAIVER, Shape
from serving.wire import parse

JSON = "application/json"
Handler = Callable[[Request, Office], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call: where, how, what it does, what goes in, what comes out (a schema of `openapi`).

    `key` says whether an Idempotency-Key is `required`, `optional` or of no use ("").
    """

    path: str
    method: str
    handler: Handler
    summary: str
    shape: Shape | None = None
    answer: str = ""
    query: tuple[str, ...] = ()
    key: str = ""


async def decide_loan(request: Request, office: Office) -> Response:
    """Decide on a merchant's loan."""
    key = idempotency_key(request, required=True)
    case = loan_case(await read_body(request))
    return _json(await office.answer(case, key))


async def decide_waiver(request: Request, office: Office) -> Response:
    """Say whether a deposit may be waived; nothing is held."""
    key = idempotency_key(request, required=False)
    case = waiver_case(await read_body(request))
    return _json(await office.answer(case, key))


async def find_loan_decision(request: Request, office: Office) -> Response:
    """The decision on an application."""
    asked = request.query_params.multi_items()
    if len(asked) != 1 or asked[0][0] != "application_id":
        raise RequestError(
            "QUERY_INVALID",
            f"the query is {request.url.query[:60]!r}",
            "send ?application_id=... and nothing else",
            field="application_id",
        )
    reference_id = asked[0][1]

    def find() -> journal.Entry | None:
        with office.records.reading() as connection:
            return journal.read_reference(
                connection,
                partner=office.desk.partner,
                product=MERCHANT_LOAN,
                reference_id=reference_id,
            )

    return _found(await run_in_threadpool(find), "application_id", reference_id)


async def read_decision(request: Request, office: Office) -> Response:
    """A decision by its id, with its trace."""
    decision_id = request.path_params["decision_id"]

    def read() -> journal.Entry | None:
        with office.records.reading() as connection:
            return journal.read(connection, partner=office.desk.partner, decision_id=decision_id)

    return _found(await run_in_threadpool(read), "decision_id", decision_id)


async def score(request: Request, office: Office) -> Response:
    """Probability, score and band of up to 1,000 entities; no decision is made."""
    values = parse(await read_body(request), SCORES)
    return _json(orjson.dumps(await office.scores(values["product"], values["entity_ids"])))


async def healthz(_request: Request, _office: Office) -> Response:
    """The process answers."""
    return _json(b'{"status":"ok"}')


async def readyz(_request: Request, office: Office) -> Response:
    """Whether decisions are made as they should be, and how each part stands."""
    ready, checks = await run_in_threadpool(office.readiness)
    return _json(orjson.dumps({"ready": ready, "checks": checks}), 200 if ready else 503)


async def metrics(_request: Request, office: Office) -> Response:
    """Counters for Prometheus."""
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
    Endpoint("/v1/scores", "POST", score, "Score entities; nothing is decided", SCORES, "Scores"),
    Endpoint("/healthz", "GET", healthz, "The process answers", answer="Health"),
    Endpoint("/readyz", "GET", readyz, "Decisions are made as they should be", answer="Readiness"),
    Endpoint("/metrics", "GET", metrics, "Counters for Prometheus"),
)


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status_code=status, media_type=JSON)


def _found(entry: journal.Entry | None, name: str, value: str) -> Response:
    if entry is None:
        raise RequestError("NOT_FOUND", f"no decision has this {name}", field=name, value=value)
    return _json(answer_of(entry))
