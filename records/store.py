"""Opening the records: one database, migrated, durable, told apart by its URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as pysqlite
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from credit.errors import InputError
from records.migrations import migrate

# Before 3.51.3 a WAL reset could lose committed pages (sqlite.org/wal.html, "WAL-reset bug").
SQLITE_AT_LEAST = (3, 51, 3)
BUSY_TIMEOUT_MS = 5_000
_READING = "vouch_reading"

__all__ = ["Connection", "Records", "RecordsUnavailableError", "instant_text", "open_records"]


class RecordsUnavailableError(Exception):
    """The database is locked, full or gone: nothing was written; the caller may try again."""


@dataclass(frozen=True, slots=True)
class Records:
    """An open, migrated database. `reading` never blocks a writer; `writing` is durable on exit."""

    engine: Engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection on one consistent state of the records, for reading."""
        with passing_errors(), self.engine.connect() as connection:
            connection.execution_options(**{_READING: True})
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is on disk when the block ends, or has left nothing behind."""
        with passing_errors(), self.engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def open_records(url: str) -> Records:
    """The records at `url`, created or migrated. InputError where it cannot be used.

    `sqlite:///PATH` opens an embedded database (write-ahead log, synchronous=FULL).
    """
    engine = _sqlite_engine(url)
    records = Records(engine)
    try:
        with records.writing() as connection:
            migrate(connection)
    except RecordsUnavailableError as error:
        raise InputError(
            f"records at {url} cannot be opened ({error})",
            "check VOUCH_DATABASE_URL, the folder's rights and the disk",
        ) from None
    return records


def sqlite_version() -> str:
    """The version of the SQLite that keeps the records: our own, not Python's."""
    return str(pysqlite.sqlite_version)


def instant_text(moment: datetime) -> str:
    """An aware instant as the records write it: UTC, microseconds, one width.

    >>> instant_text(datetime(2026, 6, 30, 12, tzinfo=UTC))
    '2026-06-30T12:00:00.000000Z'
    """
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds") + "Z"


@contextmanager
def passing_errors() -> Iterator[None]:
    """Turns what is the database's fault, and may pass, into RecordsUnavailableError."""
    try:
        yield
    except DBAPIError as error:
        if _is_passing(error):
            raise RecordsUnavailableError(str(error.orig)) from error
        raise


def _sqlite_engine(url: str) -> Engine:
    path = _sqlite_path(url)
    _check_version(tuple(int(part) for part in pysqlite.sqlite_version.split(".")))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"records at {url}: {error}", "choose another VOUCH_HOME") from None
    engine = create_engine(f"sqlite+pysqlite:///{path}", module=pysqlite)
    event.listen(engine, "connect", _settle_connection)
    event.listen(engine, "begin", _begin)
    return engine


def _sqlite_path(url: str) -> Path:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InputError(f"VOUCH_DATABASE_URL is {url!r}", "use sqlite:///PATH") from None
    if parsed.get_backend_name() != "sqlite":
        raise InputError(
            f"VOUCH_DATABASE_URL asks for {parsed.get_backend_name()!r}",
            "use sqlite:///PATH (PostgreSQL comes with the ledger)",
        )
    if not parsed.database or parsed.database == ":memory:":
        raise InputError(f"VOUCH_DATABASE_URL is {url!r}: records live in a file", "name one")
    return Path(parsed.database)


def _check_version(found: tuple[int, ...]) -> None:
    if found < SQLITE_AT_LEAST:
        have, need = (".".join(map(str, it)) for it in (found, SQLITE_AT_LEAST))
        raise InputError(f"SQLite is {have}, records need {need}", "install pysqlite3 0.6.1")


def _settle_connection(dbapi_connection: Any, _record: object) -> None:
    dbapi_connection.isolation_level = None  # we begin transactions ourselves (`_begin`)
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",  # else INSERT OR REPLACE deletes behind the triggers' backs
    ):
        dbapi_connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A deferred transaction that turns to writing can fail in the middle: say it at once.
    reading = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _is_passing(error: DBAPIError) -> bool:
    """True where the world is at fault (locked, full, unreadable), not the statement."""
    orig = error.orig
    return isinstance(orig, pysqlite.OperationalError) or type(orig) is pysqlite.DatabaseError
