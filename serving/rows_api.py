"""Rows over HTTP: taken into the records' inbox one by one, each answered for itself."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from credit.contract import ENTITY_OF, TABLE, Table
from records import inbox
from records.inbox import Accepted, Differs, Row
from records.store import Transaction
from serving.endpoint import Endpoint, json_response
from serving.intake import idempotency_key, read_body
from serving.office import Office
from serving.problems import RequestError, shown
from serving.rows_reading import TAKEN, Refusal, read_rows
from serving.shapes import ROWS
from serving.wire import parse

ROWS_PATH = "/v1/rows/{table}"
ROWS_BODY_MAX_BYTES = 2_097_152  # a thousand rows of two kilobytes
ACCEPTED, DUPLICATE, REFUSED = "accepted", "duplicate", "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """Rows of one request on their way into the inbox: a work of one transaction."""

    partner: str
    table: Table
    rows: Sequence[Row | Refusal]

    def __call__(self, transaction: Transaction) -> dict[str, Any]:
        """The answer: what became of each row, and why it was refused where it was."""
        good = [row for row in self.rows if isinstance(row, Row)]
        verdicts = iter(inbox.accept(transaction, good, partner=self.partner))
        outcomes: list[str] = []
        refused: list[dict[str, Any]] = []
        for place, row in enumerate(self.rows):
            error = row.error if isinstance(row, Refusal) else _differing(row, next(verdicts))
            if isinstance(error, RequestError):
                refused.append({"row": place, **_told(self.table, error)})
            outcomes.append(REFUSED if isinstance(error, RequestError) else error)
        return {
            "table": self.table.name,
            "accepted": outcomes.count(ACCEPTED),
            "duplicates": outcomes.count(DUPLICATE),
            "refused": refused,
            "outcomes": outcomes,
        }


async def take_rows(request: Request, office: Office) -> Response:
    """Take rows of a contract table in, each once."""
    table = _table(request)
    key = idempotency_key(request, required=True) or ""
    body = await read_body(request, most=ROWS_BODY_MAX_BYTES)
    # A thousand rows take longer than a decision may wait: they are read beside the event loop, and
    # written one request at a time, so that no more than one stands before a decision.
    async with office.taking_rows:
        taking, sha256 = await run_in_threadpool(_read, body, table, request.url.path, office)
        answer = await office.change(taking, key=key, content_sha256=sha256)
    told = orjson.loads(answer)
    for outcome in (ACCEPTED, DUPLICATE, REFUSED):
        office.metrics.rows_answered(table.name, outcome, told["outcomes"].count(outcome))
    return json_response(answer)


def _table(request: Request) -> Table:
    name = request.path_params["table"]
    if name not in TAKEN:
        mend = f"send rows of {', '.join(TAKEN)}"
        raise RequestError("NOT_FOUND", f"no rows of {name[:60]!r} are taken", mend, field="table")
    return TABLE[name]


def _read(body: bytes, table: Table, path: str, office: Office) -> tuple[Taking, str]:
    sent = parse(body, ROWS)["rows"]
    desk = office.desk
    currency = desk.in_force.policy_for(desk.partner).currency
    rows = read_rows(table, sent, now=desk.now(), currency=currency)
    # Rows that are refused count too, with whatever they hold.
    content = json.dumps([path, sent], sort_keys=True, default=repr)
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    return Taking(partner=desk.partner, table=table, rows=rows), sha256


def _differing(row: Row, verdict: Accepted | Differs) -> str | RequestError:
    if isinstance(verdict, Accepted):
        return ACCEPTED if verdict.new else DUPLICATE
    table, column = TABLE[row.table], verdict.column or ""
    told = f"{_version(table, row.values)} was accepted with other content"
    if column and not _names_somebody(table, column):
        told += f": {column} was {shown(verdict.kept)}, now it is {shown(verdict.sent)}"
    versioned = "recorded_at" in table.version
    change = "or the change with a later recorded_at" if versioned else "which stands"
    mend = f"send what was sent, {change}"
    return RequestError("VERSION_DIFFERS", told, mend, field=column, value=verdict.sent)


def _version(table: Table, values: Mapping[str, Any]) -> str:
    """The key and version of a row, as far as they are nobody's name."""
    names = (name for name in (*table.key, "recorded_at") if name in values)
    said = [f"{n} {shown(values[n])}" for n in names if not _names_somebody(table, n)]
    return ", ".join(said) or "this key"


def _told(table: Table, error: RequestError) -> dict[str, Any]:
    """A refusal as the answer has it. Answers are kept: whom a row names stands in none."""
    told: dict[str, Any] = {"code": error.code, "message": error.problem, "mend": error.mend}
    if error.field:
        told["field"] = error.field
    if error.value is None:
        return told
    if error.code == "FIELD_INVALID" and _names_somebody(table, error.field):
        return told | {"message": f"{error.field} cannot be used"}
    if not _names_somebody(table, error.field):
        told["value"] = shown(error.value)
    return told


def _names_somebody(table: Table, name: str) -> bool:
    """Whether a column's values are names of merchants or consumers."""
    people = {f"{kind}s" for kind in ENTITY_OF.values()}
    refers = name in table.names and people & set(table.column(name).references)
    return name == "entity_id" or bool(refers) or (table.name in people and name in table.key)


TAKE_ROWS = Endpoint(
    ROWS_PATH,
    "POST",
    take_rows,
    "Take rows of a contract table in, each once",
    ROWS,
    "RowsTaken",
    key="required",
)
