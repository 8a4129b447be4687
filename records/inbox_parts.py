"""Parts of the inbox: rows in the order they were accepted, written as files of the contract.

Which rows make a part is claimed in the records before any file is written, so that whoever writes
it, and however often, writes the same. A row is in one part and in no other. A part has its name
when it is whole on the disk; then the records say so.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import orjson
from sqlalchemy import Connection, func, insert, select, update

from credit.contract import TABLE, TABLES, Kind
from credit.errors import InputError
from records.instants import instant_of, instant_text
from records.placing import into_place
from records.store import Records
from records.tables import INBOX, INBOX_PARTS
from records.transaction import Transaction

if TYPE_CHECKING:
    import pyarrow as pa

PART_ROWS = 50_000
Result = TypeVar("Result")
Put = Callable[[Callable[[Transaction], Any]], Any]


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one table that one file holds: numbers `first_seq` to `last_seq`."""

    table: str
    first_seq: int
    last_seq: int
    rows: int


def export(records: Records, folder: Path, *, put: Put | None = None) -> int:
    """Write every row that is in no file yet to `folder/TABLE/part-*.parquet`; how many parts.

    Two at once, or one after another that was killed, write the same bytes under the same names.
    `put` makes a work durable where the caller has a better way than a transaction of its own.
    InputError where a file cannot be written.
    """
    put = put or partial(_write, records)
    put(claim)
    with records.reading() as connection:
        parts = _unpublished(connection)
    for part in parts:
        with records.reading() as connection:
            rows, sha256 = _rows(connection, part)
        _place(folder / part.table, _name(part, sha256), _table(part.table, rows))
        put(partial(_published, part=part))
    return len(parts)


def claim(transaction: Transaction, *, part_rows: int = PART_ROWS) -> int:
    """Divide what is in no part yet into parts; how many. What is not past yet waits."""
    transaction.write_out()
    claimed = 0
    for table in TABLES:
        while part := _next(transaction, table.name, part_rows):
            transaction.connection.execute(
                insert(INBOX_PARTS),
                {
                    "table_name": part.table,
                    "first_seq": part.first_seq,
                    "last_seq": part.last_seq,
                    "rows": part.rows,
                    "claimed_at": instant_text(transaction.at),
                },
            )
            claimed += 1
    return claimed


def waiting(connection: Connection) -> int:
    """How many rows are in no part yet."""
    ends = select(INBOX_PARTS.c.table_name, func.max(INBOX_PARTS.c.last_seq).label("last"))
    last = ends.group_by(INBOX_PARTS.c.table_name).subquery()
    joined = INBOX.outerjoin(last, last.c.table_name == INBOX.c.table_name)
    query = select(func.count()).select_from(joined)
    return int(
        connection.execute(query.where(INBOX.c.seq > func.coalesce(last.c.last, 0))).scalar_one()
    )


def _write(records: Records, work: Callable[[Transaction], Result]) -> Result:
    with records.writing() as transaction:
        return work(transaction)


def _next(transaction: Transaction, table: str, part_rows: int) -> Part | None:
    connection = transaction.connection
    ends = select(func.max(INBOX_PARTS.c.last_seq)).where(INBOX_PARTS.c.table_name == table)
    after = connection.execute(ends).scalar() or 0
    of_table = (INBOX.c.table_name == table, INBOX.c.seq > after)
    # A clock that runs ahead may have recorded what a build would take for the future.
    early = select(func.min(INBOX.c.seq)).where(
        *of_table, INBOX.c.recorded_at > instant_text(transaction.now)
    )
    until = connection.execute(early).scalar()
    query = select(INBOX.c.seq).where(*of_table).order_by(INBOX.c.seq).limit(part_rows)
    if until is not None:
        query = query.where(INBOX.c.seq < until)
    seqs = connection.execute(query).scalars().all()
    return Part(table, seqs[0], seqs[-1], len(seqs)) if seqs else None


def _unpublished(connection: Connection) -> list[Part]:
    query = (
        select(
            INBOX_PARTS.c.table_name,
            INBOX_PARTS.c.first_seq,
            INBOX_PARTS.c.last_seq,
            INBOX_PARTS.c.rows,
        )
        .where(INBOX_PARTS.c.published_at.is_(None))
        .order_by(INBOX_PARTS.c.first_seq)
    )
    return [Part(*row) for row in connection.execute(query)]


def _rows(connection: Connection, part: Part) -> tuple[list[dict[str, Any]], str]:
    """A part's rows in order, and the hash of what they say."""
    query = (
        select(INBOX.c.content, INBOX.c.content_sha256)
        .where(
            INBOX.c.table_name == part.table,
            INBOX.c.seq >= part.first_seq,
            INBOX.c.seq <= part.last_seq,
        )
        .order_by(INBOX.c.seq)
    )
    found = connection.execute(query).all()
    digest = hashlib.sha256("".join(row.content_sha256 for row in found).encode())
    return [orjson.loads(row.content) for row in found], digest.hexdigest()


def _published(transaction: Transaction, *, part: Part) -> None:
    query = update(INBOX_PARTS).where(
        INBOX_PARTS.c.table_name == part.table, INBOX_PARTS.c.first_seq == part.first_seq
    )
    at = instant_text(transaction.at)
    transaction.connection.execute(query, {"published_at": at})


def _name(part: Part, sha256: str) -> str:
    """With the content's hash: records that were restored count anew, and overwrite nothing."""
    return f"part-{part.first_seq:012}-{part.last_seq:012}-{sha256[:12]}.parquet"


def _place(folder: Path, name: str, table: "pa.Table") -> None:
    import pyarrow.parquet as pq

    fresh = folder / f".{name}.{os.getpid()}.{uuid4().hex[:8]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, fresh, compression="zstd")
        into_place(fresh, folder / name)
    except OSError as error:
        raise InputError(f"{folder / name} cannot be written ({error.strerror})") from None
    finally:
        with suppress(OSError):  # the error before says more
            fresh.unlink(missing_ok=True)


def _table(name: str, rows: list[dict[str, Any]]) -> "pa.Table":
    import pyarrow as pa

    types = {
        Kind.TEXT: pa.string(),
        Kind.MONEY: pa.int64(),
        Kind.COUNT: pa.int64(),
        Kind.FLAG: pa.int64(),
        Kind.NUMBER: pa.float64(),
        Kind.DAY: pa.date32(),
        Kind.INSTANT: pa.timestamp("us", tz="UTC"),
    }
    columns = TABLE[name].columns
    return pa.table(
        [pa.array(_values(rows, it.name, it.kind), types[it.kind]) for it in columns],
        schema=pa.schema([(column.name, types[column.kind]) for column in columns]),
    )


def _values(rows: list[dict[str, Any]], name: str, kind: Kind) -> Iterator[Any]:
    read = {Kind.DAY: date.fromisoformat, Kind.INSTANT: instant_of}.get(kind)
    for row in rows:
        value = row.get(name)
        yield read(value) if read and value is not None else value
