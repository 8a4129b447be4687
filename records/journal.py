"""The decision journal: every decision with all it was made of, written once, never changed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypedDict

import orjson
from sqlalchemy import Connection, Select, bindparam, insert, select

from records.store import Records, instant_text
from records.tables import DECISIONS

PAGE_ROWS = 1_000


class Entry(TypedDict):
    """One decision as plain JSON: the request, what was known, what was scored, the answer.

    `evidence` holds `values, as_of, freshness, detail`; `scored` lists every candidate with its
    request features' values and probability; `clock` is `real` or `fixed` (`VOUCH_NOW`).
    """

    decision_id: str
    partner: str
    product: str
    entity_id: str
    reference_id: str
    decided_at: str
    content_sha256: str
    request: dict[str, Any]
    evidence: dict[str, Any]
    scored: list[dict[str, Any]]
    model: dict[str, Any] | None
    policy: dict[str, Any]
    decision: dict[str, Any]
    clock: str


_INSERT = insert(DECISIONS)
_BY_ID = select(DECISIONS.c.entry).where(
    DECISIONS.c.decision_id == bindparam("decision_id"),
    DECISIONS.c.partner == bindparam("partner"),
)
_BY_REFERENCE = select(DECISIONS.c.entry).where(
    DECISIONS.c.partner == bindparam("partner"),
    DECISIONS.c.product == bindparam("product"),
    DECISIONS.c.reference_id == bindparam("reference_id"),
)
_PINNED = (
    "decision_id",
    "partner",
    "product",
    "entity_id",
    "reference_id",
    "decided_at",
    "content_sha256",
)


def write(connection: Connection, entry: Entry) -> None:
    """Append one decision. A second one of the same reference is an IntegrityError."""
    row = {name: entry[name] for name in _PINNED}  # type: ignore[literal-required]  # names of Entry
    connection.execute(_INSERT, row | {"entry": orjson.dumps(entry).decode()})


def read(connection: Connection, *, partner: str, decision_id: str) -> Entry | None:
    """The decision with this id; None where there is none, or another partner's."""
    return _entry(connection, _BY_ID, partner=partner, decision_id=decision_id)


def read_reference(
    connection: Connection, *, partner: str, product: str, reference_id: str
) -> Entry | None:
    """The decision on this application (a loan's `application_id`); None where there is none."""
    return _entry(
        connection, _BY_REFERENCE, partner=partner, product=product, reference_id=reference_id
    )


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
            entry: Entry = orjson.loads(row.entry)
            yield entry
        if len(page) < PAGE_ROWS:
            return
        after = page[-1].seq


def _page(
    product: str | None, since: datetime | None, until: datetime | None, after: int
) -> Select[Any]:
    query = select(DECISIONS.c.seq, DECISIONS.c.entry).where(DECISIONS.c.seq > after)
    if product is not None:
        query = query.where(DECISIONS.c.product == product)
    if since is not None:
        query = query.where(DECISIONS.c.decided_at >= instant_text(since))
    if until is not None:
        query = query.where(DECISIONS.c.decided_at < instant_text(until))
    return query.order_by(DECISIONS.c.seq).limit(PAGE_ROWS)


def _entry(connection: Connection, query: Select[Any], **names: str) -> Entry | None:
    text = connection.execute(query, names).scalar_one_or_none()
    if text is None:
        return None
    entry: Entry = orjson.loads(text)
    return entry
