"""The decision journal: every decision with all it was made of, written once, never changed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypedDict, cast

import orjson
from sqlalchemy import Connection, Select, bindparam, select

from credit.errors import InputError
from records.instants import instant_text
from records.lookups import Findings, Lookup
from records.pseudonyms import content_tag, with_name, without_name
from records.store import Records
from records.subjects import Subject
from records.tables import DECISIONS, SUBJECTS
from records.transaction import Transaction

PAGE_ROWS = 1_000


class Entry(TypedDict):
    """One decision as plain JSON: the request, what was known, what was scored, the answer.

    `reference_id` is what outcomes refer to, `order_no` the partner's own number (None for a
    consultation). `evidence` holds `values, as_of, freshness, detail`; `scored` lists every
    candidate with its request features' values and probability; `room_minor` is what the line
    left, `shared_room_minor` what partner and industry left; `stopped` names the switch that
    stopped decisions; `shadows` lists what policies in shadow decided beside; `clock` is `real`
    or `fixed` (`VOUCH_NOW`).
    """

    decision_id: str
    partner: str
    product: str
    entity_id: str
    reference_id: str
    order_no: str | None
    decided_at: str
    request: dict[str, Any]
    evidence: dict[str, Any]
    scored: list[dict[str, Any]]
    room_minor: int | None
    shared_room_minor: int | None
    model: dict[str, Any] | None
    policy: dict[str, Any]
    decision: dict[str, Any]
    stopped: str | None
    shadows: list[dict[str, Any]]
    hold: dict[str, Any] | None
    clock: str


_KEPT = select(
    DECISIONS.c.seq, DECISIONS.c.entry, DECISIONS.c.content_tag, SUBJECTS.c.entity_id
).join(SUBJECTS, SUBJECTS.c.token == DECISIONS.c.token)
_BY_ID = _KEPT.where(
    DECISIONS.c.decision_id == bindparam("decision_id"),
    DECISIONS.c.partner == bindparam("partner"),
)
_PINNED = ("decision_id", "partner", "product", "reference_id", "order_no", "decided_at")
_WRITTEN_LATER = ("order_no", "room_minor", "shared_room_minor", "stopped", "hold")
_TOLD = ("decision_id", "product", "reference_id", "order_no", "decided_at")


def write(transaction: Transaction, entry: Entry, *, subject: Subject, content_sha256: str) -> None:
    """Append one decision. A second one of the same order is an IntegrityError at the commit."""
    pinned: dict[str, Any] = {name: entry[name] for name in _PINNED}  # type: ignore[literal-required]  # names of Entry
    kept = without_name(entry, subject.token)
    tag = content_tag(subject.key, content_sha256)
    row = pinned | {
        "token": subject.token,
        "content_tag": tag,
        "entry": orjson.dumps(kept).decode(),
    }
    told = {name: pinned[name] for name in _TOLD} | {"outcome": entry["decision"]["outcome"]}
    transaction.journal(
        DECISIONS,
        row,
        topic="decision.made",
        partner=entry["partner"],
        told=orjson.dumps(told),
    )
    if entry["order_no"] is not None:
        name = (entry["partner"], entry["product"], entry["order_no"])
        transaction.findings.put(BY_ORDER, name, (entry, tag))


def read(connection: Connection, *, partner: str, decision_id: str) -> Entry | None:
    """The decision with this id; None where there is none, or another partner's."""
    found = connection.execute(_BY_ID, {"partner": partner, "decision_id": decision_id})
    row = found.one_or_none()
    return None if row is None else _entry(row)


def read_order(
    connection: Connection, *, partner: str, product: str, order_no: str
) -> tuple[Entry, str] | None:
    """The decision on a partner's own number, and its content's tag; None where there is none."""
    return Findings(connection).get(BY_ORDER, (partner, product, order_no))


def scan(
    records: Records,
    product: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[Entry]:
    """Decisions in the order they were written, `since` <= decided_at < `until`.

    Read in pages, so that a long reader holds no old state of the database open.
    """
    after = 0
    while True:
        with records.reading() as connection:
            page = connection.execute(_page(product, since, until, after)).all()
        for row in page:
            yield _entry(row)
        if len(page) < PAGE_ROWS:
            return
        after = page[-1].seq


def _page(
    product: str | None, since: datetime | None, until: datetime | None, after: int
) -> Select[Any]:
    query = _KEPT.where(DECISIONS.c.seq > after)
    if product is not None:
        query = query.where(DECISIONS.c.product == product)
    if since is not None:
        query = query.where(DECISIONS.c.decided_at >= instant_text(since))
    if until is not None:
        query = query.where(DECISIONS.c.decided_at < instant_text(until))
    return query.order_by(DECISIONS.c.seq).limit(PAGE_ROWS)


def _entry(row: Any) -> Entry:
    """An entry with its subject's name; what an older Vouch did not write is None, or empty."""
    unwritten: dict[str, Any] = dict.fromkeys(_WRITTEN_LATER) | {"shadows": []}
    try:
        kept = with_name(orjson.loads(row.entry), row.entity_id)
    except (ValueError, TypeError, KeyError):
        told = f"the entry of decision with seq {row.seq} cannot be read"
        raise InputError(told, "vouch ledger verify says what else was touched") from None
    return cast("Entry", unwritten | kept)


def _tagged(row: Any) -> tuple[Entry, str]:
    return _entry(row), row.content_tag


BY_ORDER = Lookup(
    _KEPT,
    by=(DECISIONS.c.partner, DECISIONS.c.product, DECISIONS.c.order_no),
    value=_tagged,
)
