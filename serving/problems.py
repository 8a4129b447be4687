"""Every way the service says no to a request, once: RFC 9457 problem details with stable codes."""

from dataclasses import dataclass
from typing import Any

import orjson
from starlette.responses import Response

from credit.errors import InputError

MEDIA_TYPE = "application/problem+json"
SHOWN_MAX = 60
RETRY_AFTER_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem: its stable code, the status it answers with and what it means."""

    code: str
    status: int
    title: str


PROBLEMS: tuple[Problem, ...] = (
    Problem("BODY_NOT_JSON", 400, "The body is not JSON in UTF-8"),
    Problem("BODY_NOT_OBJECT", 400, "The body is not a JSON object"),
    Problem("FIELD_TWICE", 400, "A field stands twice in the body"),
    Problem("QUERY_INVALID", 400, "The query cannot be used"),
    Problem("IDEMPOTENCY_KEY_MISSING", 400, "The Idempotency-Key header is missing"),
    Problem("IDEMPOTENCY_KEY_INVALID", 400, "The Idempotency-Key header cannot be used"),
    Problem("LOOPBACK_ONLY", 403, "The service answers its own machine only"),
    Problem("NOT_FOUND", 404, "There is no such thing"),
    Problem("METHOD_NOT_ALLOWED", 405, "This path does not take this method"),
    Problem("IDEMPOTENCY_IN_FLIGHT", 409, "A request with this key is being answered"),
    Problem("APPLICATION_DIFFERS", 409, "This number was decided with other content"),
    Problem("LOAN_DIFFERS", 409, "This loan was accepted with other content"),
    Problem("VERSION_DIFFERS", 409, "This version of a row was accepted with other content"),
    Problem("AUTH_ORDER_NOT_EXIST", 404, "There is no such hold"),
    Problem("ORDER_ALREADY_FINISHED", 409, "The hold is finished"),
    Problem("ORDER_ALREADY_CLOSED", 409, "The hold is closed"),
    Problem("ILLEGAL_STATUS", 409, "This cannot follow what was before"),
    Problem("BODY_TOO_LARGE", 413, "The body is too large"),
    Problem("MEDIA_TYPE_UNSUPPORTED", 415, "The body is not application/json"),
    Problem("FIELD_MISSING", 422, "A field is missing"),
    Problem("FIELD_UNKNOWN", 422, "A field is unknown"),
    Problem("FIELD_INVALID", 422, "A field has a value that cannot be used"),
    Problem("CURRENCY_MISMATCH", 422, "The currency is not the policy's"),
    Problem("REQUEST_AMOUNT_EXCEED", 422, "The amount is more than there is"),
    Problem("OFFER_UNKNOWN", 422, "This was not offered"),
    Problem("IDEMPOTENCY_MISMATCH", 422, "This key was used for another request"),
    Problem("INTERNAL", 500, "The service failed"),
    Problem("UNAVAILABLE", 503, "The service cannot answer now"),
)
PROBLEM = {problem.code: problem for problem in PROBLEMS}


class RequestError(InputError):
    """A request that is refused. `field` and `value` name what is at fault, `mend` what helps."""

    def __init__(
        self, code: str, problem: str, mend: str = "", *, field: str = "", value: Any = None
    ) -> None:
        super().__init__(problem, mend)
        self.code = code
        self.field = field
        self.value = value


def shown(value: Any) -> str:
    """A value as a problem shows it: one line, never long.

    >>> shown(True), shown("m" * 9)
    ('True', "'mmmmmmmmm'")
    >>> len(shown("x" * 2_000_000))
    60
    """
    text = ascii(value[: SHOWN_MAX * 2] if isinstance(value, str | list) else value)
    if len(text) <= SHOWN_MAX:
        return text
    return text[: SHOWN_MAX - 4] + "..." + (text[-1] if isinstance(value, str | list) else "")


def problem_response(error: RequestError, headers: dict[str, str] | None = None) -> Response:
    """The refusal as it goes over the wire."""
    kind = PROBLEM[error.code]
    details = {
        "type": f"/docs#{error.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": error.problem,
        "code": error.code,
    }
    if error.field:
        details |= {"field": error.field}
    if error.value is not None:
        details |= {"value": shown(error.value)}
    if error.mend:
        details |= {"mend": error.mend}
    return Response(
        orjson.dumps(details),
        status_code=kind.status,
        media_type=MEDIA_TYPE,
        headers=_retry(error.code) | (headers or {}),
    )


def _retry(code: str) -> dict[str, str]:
    if code in {"IDEMPOTENCY_IN_FLIGHT", "UNAVAILABLE"}:
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return {}
