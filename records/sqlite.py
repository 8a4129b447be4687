"""SQLite: the embedded database, durable on every commit."""

import shutil
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as pysqlite
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from credit.errors import InputError
from records.placing import into_place

# Before 3.51.3 a WAL reset could lose committed pages (sqlite.org/wal.html, "WAL-reset bug").
SQLITE_AT_LEAST = (3, 51, 3)
READING = "vouch_reading"


class SteadyClock:
    """The wall clock as it stood at the start, carried on by the clock that nobody can set.

    An embedded database has no clock of its own. If somebody sets the machine's, nothing may
    expire because of it.
    """

    def __init__(self) -> None:
        self._started = datetime.now(UTC)
        self._ticks = time.monotonic()

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return self._started + timedelta(seconds=time.monotonic() - self._ticks)


class Sqlite:
    """An SQLite file as the home of records."""

    name = "sqlite"

    def __init__(self, url: URL, *, patience_seconds: float) -> None:
        if not url.database or url.database == ":memory:":
            raise InputError(
                f"VOUCH_DATABASE_URL is {url.render_as_string()!r}: records live in a file",
                "use sqlite:///PATH",
            )
        check_version(tuple(int(part) for part in pysqlite.sqlite_version.split(".")))
        self.path = Path(url.database)
        self._busy_ms = int(patience_seconds * 1_000)
        self._clock = SteadyClock()
        self.engine = self._open_engine()

    def now(self, _connection: Connection) -> datetime:
        """The present as this database knows it."""
        return self._clock.now()

    def lock_for_migration(self, _connection: Connection) -> None:
        """Nothing: BEGIN IMMEDIATE has locked the file."""

    def is_passing(self, error: DBAPIError) -> bool:
        """True where the world is at fault (locked, full, unreadable), not the statement."""
        orig = error.orig
        return isinstance(orig, pysqlite.OperationalError) or type(orig) is pysqlite.DatabaseError

    def break_off(self, dbapi_connection: Any) -> None:
        """Ask a statement that runs too long to stop."""
        dbapi_connection.interrupt()

    def copy_to(self, target: Path) -> None:
        """A consistent copy of the file, taken while others write."""
        self._run("VACUUM INTO ?", str(target))

    def restore_from(self, source: Path) -> None:
        """Put a copy in the place of this file, which nobody has open."""
        fresh = self.path.with_name(f".{self.path.name}.restored")
        try:
            shutil.copyfile(source, fresh)
            _check_whole(fresh, source)
            for leftover in (f"{self.path}-wal", f"{self.path}-shm"):
                Path(leftover).unlink(missing_ok=True)
            into_place(fresh, self.path)
        except OSError as error:
            raise InputError(f"{source} cannot be restored to {self.path}: {error}") from None
        finally:
            fresh.unlink(missing_ok=True)

    def scrub(self, *_tables: str) -> None:
        """Write the file anew and empty its log: what was deleted is in neither any more."""
        self._run("VACUUM")
        ((log_in_use, *_),) = self._run("PRAGMA wal_checkpoint(TRUNCATE)")
        if log_in_use:
            raise InputError(
                f"{self.path}-wal is in use by a long reader and still holds what was deleted",
                "say it again when the reader has ended",
            )

    def _run(self, statement: str, *values: str) -> list[Any]:
        try:
            with closing(self._connect()) as connection:
                return list(connection.execute(statement, values))
        except pysqlite.Error as error:
            what = statement.partition("?")[0].strip()
            raise InputError(f"{self.path}: {what}: {error}") from None

    def _connect(self) -> Any:
        seconds = self._busy_ms / 1_000
        return pysqlite.connect(str(self.path), timeout=seconds, isolation_level=None)

    def _open_engine(self) -> Engine:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"records at {self.path}: {error}", "choose another folder") from None
        engine = create_engine(
            f"sqlite+pysqlite:///{self.path}", module=pysqlite, hide_parameters=True
        )
        event.listen(engine, "connect", self._settle)
        event.listen(engine, "begin", _begin)
        return engine

    def _settle(self, dbapi_connection: Any, _record: object) -> None:
        dbapi_connection.isolation_level = None  # we begin transactions ourselves (`_begin`)
        for pragma in (
            f"busy_timeout={self._busy_ms}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",  # else INSERT OR REPLACE deletes behind the triggers' backs
        ):
            dbapi_connection.execute(f"PRAGMA {pragma}")


def _check_whole(file: Path, source: Path) -> None:
    """InputError where a file's pages are not what SQLite wrote."""
    try:
        with closing(pysqlite.connect(str(file))) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except pysqlite.Error as error:
        found = str(error)
    if found != "ok":
        raise InputError(f"{source} is damaged: {' '.join(found.split())}", "use another copy")


def sqlite_version() -> str:
    """The version of the SQLite that keeps the records: our own, not Python's."""
    return str(pysqlite.sqlite_version)


def check_version(found: tuple[int, ...]) -> None:
    """InputError where SQLite is too old to be trusted."""
    if found < SQLITE_AT_LEAST:
        have, need = (".".join(map(str, it)) for it in (found, SQLITE_AT_LEAST))
        raise InputError(f"SQLite is {have}, records need {need}", "install pysqlite3 0.6.1")


def _begin(connection: Connection) -> None:
    # A deferred transaction that turns to writing can fail in the middle: say it at once.
    reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
