"""The ASGI application: routes over an office, every refusal as problem details."""

import gc
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from records.store import RecordsUnavailableError
from serving.api import ENDPOINTS
from serving.endpoint import Endpoint
from serving.office import Office
from serving.openapi import document
from serving.pages import docs_page
from serving.problems import RequestError, problem_response

_log = logging.getLogger("vouch.serving")
CLIENT_WENT_AWAY = 499  # nobody reads it but the metrics
_STATUS_CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}


def application(open_office: Callable[[], Office]) -> Starlette:
    """The application. `open_office` is called at its start; the office closes at its end."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        office = open_office()
        app.state.office = office
        office.watch()
        _settle_collector()
        try:
            yield
        finally:
            office.close()

    return Starlette(
        routes=[*_routes(), *_documents()],
        lifespan=lifespan,
        exception_handlers={HTTPException: _refused_by_routing, Exception: _failed},
    )


def _routes() -> list[Route]:
    """One route for a path, so that a wrong method is told every right one."""
    paths: dict[str, dict[str, Endpoint]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    return [
        Route(path, _answering(by_method), methods=list(by_method))
        for path, by_method in paths.items()
    ]


def _answering(by_method: dict[str, Endpoint]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        started = time.perf_counter()
        endpoint = by_method.get(request.method) or by_method["GET"]  # HEAD asks as GET does
        office: Office = request.app.state.office
        response = await _told(endpoint, request, office)
        seconds = time.perf_counter() - started
        office.metrics.answered(endpoint.path, request.method, response.status_code, seconds)
        return response

    return answer


async def _told(endpoint: Endpoint, request: Request, office: Office) -> Response:
    try:
        return await endpoint.handler(request, office)
    except RequestError as error:
        return problem_response(error)
    except ClientDisconnect:
        return Response(status_code=CLIENT_WENT_AWAY)
    except RecordsUnavailableError as error:
        _log.warning("%s %s: %s", request.method, endpoint.path, error)
        return problem_response(
            RequestError(
                "UNAVAILABLE",
                "the records do not answer: this may or may not have been recorded",
                "send the request again with the same Idempotency-Key",
            )
        )


def _documents() -> list[Route]:
    openapi = orjson.dumps(document(), option=orjson.OPT_INDENT_2)
    page = docs_page(document())

    async def openapi_json(_request: Request) -> Response:
        return Response(openapi, media_type="application/json")

    async def docs(_request: Request) -> Response:
        return HTMLResponse(
            page,
            headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
        )

    return [Route("/openapi.json", openapi_json), Route("/docs", docs)]


async def _refused_by_routing(request: Request, error: Exception) -> Response:
    """A path or method that is not there."""
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette calls us with nothing else
    code = _STATUS_CODES.get(error.status_code, "INTERNAL")
    told = f"{request.method} {request.url.path[:80]} is not there"
    mend = "see /docs for what there is"
    return problem_response(RequestError(code, told, mend), dict(error.headers or {}))


async def _failed(request: Request, error: Exception) -> Response:
    """A defect of ours: told as such, with nothing of its inside; the log has it all."""
    route = request.scope.get("route")  # as it is written: a path may hold a name
    path = route.path if isinstance(route, Route) else "an unknown path"
    _log.error("%s %s failed", request.method, path, exc_info=error)
    mend = "try again; if it stays, tell whoever runs this service"
    return problem_response(RequestError("INTERNAL", "the service failed", mend))


def _settle_collector() -> None:
    """What was loaded at the start is never garbage: keep the collector from walking it.

    Without this a full collection stops every answer for 200 ms and more.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
