"""One call of the interface, as routes and documents are made of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from serving.office import Office
from serving.problems import RequestError
from serving.shapes import Shape, named

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


def json_response(body: bytes, status: int = 200) -> Response:
    """JSON that is bytes already."""
    return Response(body, status_code=status, media_type=JSON)


def found(value: dict[str, Any] | None, what: str, *, name: str, sent: str) -> Response:
    """What was looked up, or 404 in the interface's words."""
    if value is None:
        code = "AUTH_ORDER_NOT_EXIST" if what == "hold" else "NOT_FOUND"
        raise RequestError(code, f"no {what} has this {name}", field=name, value=sent)
    return json_response(orjson.dumps(value))


def asked_for(request: Request, name: str) -> str:
    """The one query parameter that a call takes."""
    asked = request.query_params.multi_items()
    if len(asked) != 1 or asked[0][0] != name:
        raise RequestError(
            "QUERY_INVALID",
            f"the query is {request.url.query[:60]!r}",
            f"send ?{name}=... and nothing else",
            field=name,
        )
    return named(name, asked[0][1])


def in_path(request: Request, name: str) -> str:
    """A name that stands in the path. RequestError where nothing can be called so."""
    return named(name, request.path_params[name])
