"""The inbox: rows of the data contract that came over the wire, once for a key and a version.

A row stands here from the moment it is answered for. It is exported as a part of the home's own
data (`records.inbox_parts`), which feature builds read; what it says, and whom it names, is
forgotten here when that is done and retention is over. What stays are hashes that tell the same
row from another one of the same key and version, and not where the key itself is a name.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, delete, exists, func, insert, select, update

from credit.contract import ENTITY_OF, TABLE
from records.instants import instant_text
from records.tables import INBOX, INBOX_PARTS
from records.transaction import Transaction

NAMED_BY_KEY = ("merchants", "users")  # tables whose key is the name of a merchant or a consumer
_INSERT = insert(INBOX)
_VERSIONS = select(
    INBOX.c.key_sha256,
    INBOX.c.recorded_at,
    INBOX.c.content_sha256,
    INBOX.c.content,
    INBOX.c.partner,
)
_EXPORTED = exists().where(
    INBOX_PARTS.c.table_name == INBOX.c.table_name,
    INBOX_PARTS.c.first_seq <= INBOX.c.seq,
    INBOX_PARTS.c.last_seq >= INBOX.c.seq,
    INBOX_PARTS.c.published_at.is_not(None),
)


class Row:
    """One row of a contract table: its values by column as JSON has them, no null among them."""

    __slots__ = ("content", "content_sha256", "key_sha256", "recorded_at", "table", "values")

    def __init__(self, table: str, values: Mapping[str, Any]) -> None:
        self.table = table
        self.values = values
        key = [table, *(values[name] for name in TABLE[table].key)]
        self.key_sha256 = hashlib.sha256(orjson.dumps(key)).hexdigest()
        self.recorded_at: str = values.get("recorded_at", "")
        self.content = orjson.dumps(dict(values))
        self.content_sha256 = hashlib.sha256(self.content).hexdigest()

    @property
    def version(self) -> tuple[str, str]:
        """What rows with other content may not share."""
        return self.key_sha256, self.recorded_at


@dataclass(frozen=True, slots=True)
class Accepted:
    """The row is in the inbox now; it was `new`, or had been there before with the same content."""

    new: bool


@dataclass(frozen=True, slots=True)
class Differs:
    """This version was accepted with other content: the first column that differs, if known."""

    column: str | None = None
    kept: Any = None
    sent: Any = None


def accept(
    transaction: Transaction, rows: Sequence[Row], *, partner: str
) -> list[Accepted | Differs]:
    """Take rows in, each once; what became of each, in order."""
    kept = _versions(transaction.connection, rows)
    new: list[Row] = []
    verdicts: list[Accepted | Differs] = []
    for row in rows:
        before = kept.get(row.version)
        if before is None:
            kept[row.version] = row.content_sha256, row.content, partner
            new.append(row)
            verdicts.append(Accepted(new=True))
        else:
            verdicts.append(_again(row, *before, partner=partner))
    _write(transaction, new, partner)
    return verdicts


def forget(transaction: Transaction, *, before: datetime, limit: int) -> int:
    """Drop what exported rows say that were accepted before an instant, at most so many; how many.

    Where the key itself is a name, the whole row goes.
    """
    old = (
        select(INBOX.c.seq)
        .where(INBOX.c.content.is_not(None), INBOX.c.accepted_at < instant_text(before), _EXPORTED)
        .order_by(INBOX.c.accepted_at)
        .limit(limit)
    )
    seqs = transaction.connection.execute(old).scalars().all()
    return _drop(transaction, seqs)


def waiting_for_export(connection: Connection, *, kind: str, entity_id: str) -> int:
    """How many rows that name this merchant or consumer are in no part yet."""
    named = _NAMES[kind] == entity_id
    query = select(func.count()).select_from(INBOX).where(named, ~_EXPORTED)
    return int(connection.execute(query).scalar_one())


def erase(transaction: Transaction, *, kind: str, entity_id: str) -> int:
    """Remove every row that names this merchant or consumer; how many."""
    query = delete(INBOX).where(_NAMES[kind] == entity_id)
    return transaction.connection.execute(query).rowcount


def last(connection: Connection) -> int:
    """The number of the row that was accepted last; 0 where none ever was."""
    return connection.execute(select(func.max(INBOX.c.seq))).scalar() or 0


def touched(connection: Connection, *, after: int) -> tuple[int, dict[str, set[str]]]:
    """The last row's number, and by kind whom the payments after number `after` are about.

    Whom an earlier version of such a payment named is among them: it may be theirs no longer.
    """
    newest = last(connection)
    fresh = select(INBOX.c.key_sha256).where(INBOX.c.table_name == PAYMENTS, INBOX.c.seq > after)
    return max(newest, after), _people(connection, INBOX.c.key_sha256.in_(fresh))


def recorded_since(connection: Connection, since: datetime) -> tuple[int, dict[str, set[str]]]:
    """The same of every payment recorded at an instant or later."""
    newest = last(connection)
    recorded = INBOX.c.recorded_at >= instant_text(since)
    return newest, _people(connection, (INBOX.c.table_name == PAYMENTS) & recorded)


def payments_of(
    connection: Connection, *, kind: str, entity_ids: Sequence[str], since: datetime
) -> list[dict[str, Any]]:
    """Every version recorded since of the payments of which one version names one of these."""
    at = instant_text(since)
    theirs = select(INBOX.c.key_sha256).where(
        _NAMES[kind].in_(entity_ids), INBOX.c.recorded_at >= at, INBOX.c.table_name == PAYMENTS
    )
    query = select(INBOX.c.content).where(
        INBOX.c.key_sha256.in_(theirs), INBOX.c.recorded_at >= at, INBOX.c.content.is_not(None)
    )
    return [orjson.loads(content) for content in connection.execute(query).scalars()]


PAYMENTS = "payments"
_NAMES = {"merchant": INBOX.c.merchant_id, "user": INBOX.c.user_id}


def _people(connection: Connection, which: Any) -> dict[str, set[str]]:
    query = select(INBOX.c.merchant_id, INBOX.c.user_id).where(which).distinct()
    found: dict[str, set[str]] = {"merchant": set(), "user": set()}
    for merchant_id, user_id in connection.execute(query):
        found["merchant"].add(merchant_id)
        found["user"].add(user_id)
    return {kind: ids - {None} for kind, ids in found.items()}


def _versions(
    connection: Connection, rows: Iterable[Row]
) -> dict[tuple[str, str], tuple[str, bytes | None, str]]:
    keys = {row.key_sha256 for row in rows}
    found = connection.execute(_VERSIONS.where(INBOX.c.key_sha256.in_(keys)))
    return {
        (row.key_sha256, row.recorded_at): (
            row.content_sha256,
            None if row.content is None else row.content.encode(),
            row.partner,
        )
        for row in found
    }


def _again(
    row: Row, content_sha256: str, content: bytes | None, sender: str, *, partner: str
) -> Accepted | Differs:
    if content_sha256 == row.content_sha256:
        return Accepted(new=False)
    if content is None or sender != partner:
        return Differs()  # forgotten; or what another partner sent, which is theirs to know
    kept: dict[str, Any] = orjson.loads(content)
    name = next((it for it in TABLE[row.table].names if kept.get(it) != row.values.get(it)), None)
    return Differs(name, kept.get(name), row.values.get(name)) if name else Differs()


def _write(transaction: Transaction, rows: Sequence[Row], partner: str) -> None:
    if not rows:
        return
    connection = transaction.connection
    parts_end = connection.execute(select(func.max(INBOX_PARTS.c.last_seq))).scalar() or 0
    before = max(last(connection), parts_end)  # what was exported may be gone, its numbers are not
    at = instant_text(transaction.at)
    connection.execute(
        _INSERT,
        [
            {
                "seq": before + place,
                "table_name": row.table,
                "key_sha256": row.key_sha256,
                "recorded_at": row.recorded_at,
                "content_sha256": row.content_sha256,
                "accepted_at": at,
                "partner": partner,
                "content": row.content.decode(),
                **_named(row.values),
            }
            for place, row in enumerate(rows, start=1)
        ],
    )


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    """The merchant and the consumer that a row names, where it does."""
    names = {f"{kind}_id": values.get(f"{kind}_id") for kind in _NAMES}
    if "entity_id" in values:
        names[f"{ENTITY_OF[values['product']]}_id"] = values["entity_id"]
    return names


def _drop(transaction: Transaction, seqs: Sequence[int]) -> int:
    among = INBOX.c.seq.in_(seqs)
    named = INBOX.c.table_name.in_(NAMED_BY_KEY)
    forgotten = {"content": None, "merchant_id": None, "user_id": None}
    gone = transaction.connection.execute(delete(INBOX).where(among, named)).rowcount
    query = update(INBOX).where(among).values(forgotten)
    return gone + transaction.connection.execute(query).rowcount
