"""Opening the records: one database, migrated, durable, told apart by its URL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from credit.errors import InputError
from records.patience import Patience
from records.schema import migrate
from records.sqlite import READING, Sqlite
from records.transaction import Transaction, lock_head

PATIENCE_SECONDS = 60.0

__all__ = ["Connection", "Records", "RecordsUnavailableError", "Transaction", "open_records"]


class RecordsUnavailableError(Exception):
    """The database is locked, full, slow or gone: the caller may try again.

    Nothing was written; or, where the line broke during the commit, all of it was, and the same
    idempotency key finds the answer.
    """


class Database(Protocol):
    """What differs between the databases that keep records."""

    name: str
    engine: Engine

    def now(self, connection: Connection) -> datetime:
        """The present as this database knows it."""
        ...

    def lock_for_migration(self, connection: Connection) -> None:
        """Keep other programs out until this transaction ends."""
        ...

    def is_passing(self, error: DBAPIError) -> bool:
        """Whether the world is at fault, and the same may succeed later."""
        ...

    def break_off(self, dbapi_connection: Any) -> None:
        """Free whoever waits on this connection."""
        ...

    def copy_to(self, target: Path) -> None:
        """A consistent copy, taken while others write."""
        ...

    def restore_from(self, source: Path) -> None:
        """Put such a copy in the place of records that nobody has open."""
        ...

    def scrub(self, *tables: str) -> None:
        """Leave nothing on the disk of what was deleted from these tables."""
        ...


@dataclass(frozen=True, slots=True)
class Records:
    """An open, migrated database. `reading` never blocks a writer; `writing` is durable on exit.

    `fixed_now` is what a program told by `VOUCH_NOW` takes for the database's clock.
    """

    database: Database
    patience: Patience
    fixed_now: Callable[[], datetime] | None = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection on one consistent state of the records, for reading."""
        with self._connection() as connection:
            connection.execution_options(**{READING: True})
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A transaction that is on disk when the block ends, or has left nothing behind."""
        with self._connection() as connection, connection.begin():
            head = lock_head(connection)
            transaction = Transaction(connection, head, self.now(connection))
            yield transaction
            transaction.close()

    def now(self, connection: Connection) -> datetime:
        """The present: the database's, or the one that was fixed."""
        return self.fixed_now() if self.fixed_now else self.database.now(connection)

    def close(self) -> None:
        """Let go of every connection."""
        self.patience.close()
        self.database.engine.dispose()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with (
            passing_errors(self.database),
            self.database.engine.connect() as connection,
            self.patience.over(connection),
        ):
            yield connection


def open_records(
    url: str,
    *,
    fixed_now: Callable[[], datetime] | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Records:
    """The records at `url`, created or migrated. InputError where it cannot be used.

    `sqlite:///PATH` is an embedded database (write-ahead log, synchronous=FULL);
    `postgresql://USER@HOST/DATABASE` a server's. A statement that takes longer than
    `patience_seconds` is broken off.
    """
    database = _database(url, patience_seconds)
    try:
        with passing_errors(database), database.engine.connect() as connection, connection.begin():
            database.lock_for_migration(connection)
            migrate(connection)
    except RecordsUnavailableError as error:
        database.engine.dispose()
        raise InputError(
            f"records at {_shown(url)} cannot be opened ({error})",
            "check VOUCH_DATABASE_URL, the folder's rights and the disk",
        ) from None
    return Records(database, Patience(database, patience_seconds), fixed_now)


@contextmanager
def passing_errors(database: Database) -> Iterator[None]:
    """Turns what is the database's fault, and may pass, into RecordsUnavailableError."""
    try:
        yield
    except DBAPIError as error:
        if database.is_passing(error):
            raise RecordsUnavailableError(_one_line(error)) from error
        raise
    except PoolTimeoutError as error:
        raise RecordsUnavailableError("every connection is busy") from error


def _one_line(error: DBAPIError) -> str:
    return " ".join(str(error.orig).split())[:200]


def _database(url: str, patience_seconds: float) -> Database:
    parsed = _parsed(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return Sqlite(parsed, patience_seconds=patience_seconds)
    if backend == "postgresql":
        from records.postgresql import Postgresql

        return Postgresql(parsed, patience_seconds=patience_seconds)
    raise InputError(
        f"VOUCH_DATABASE_URL asks for {backend!r}", "use sqlite:///PATH or postgresql://..."
    )


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError:
        told = "use sqlite:///PATH or postgresql://USER@HOST/DATABASE"
        raise InputError("VOUCH_DATABASE_URL is no database URL", told) from None


def _shown(url: str) -> str:
    """The URL without its password."""
    return make_url(url).render_as_string(hide_password=True)
