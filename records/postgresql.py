"""PostgreSQL: the production database, reached through psycopg."""

import os
import select
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, ExceptionContext, create_engine, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError

from credit.errors import InputError

# Sessions that outlive their program's patience end on the server too, and free their locks.
_SESSION = (
    "-c timezone=UTC -c default_transaction_isolation=read\\ committed "
    "-c synchronous_commit=on -c lock_timeout={ms} -c statement_timeout={ms} "
    "-c idle_in_transaction_session_timeout={ms}"
)
_MIGRATION_LOCK = 6_084_227_913
_READ_ONLY = "25006"  # a standby; or its keeper lets nobody write because its disk is full
_PASSING_STATES = ("08", _READ_ONLY, "25P03", "40", "53", "55", "57", "58", "F0", "XX")


class Postgresql:
    """A PostgreSQL database as the home of records."""

    name = "postgresql"

    def __init__(self, url: URL, *, patience_seconds: float) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        milliseconds = int(patience_seconds * 1_000)
        self.engine = create_engine(
            self._url,
            pool_timeout=patience_seconds,
            hide_parameters=True,  # names and keys stand in no log
            connect_args={
                "options": _SESSION.format(ms=milliseconds),
                "connect_timeout": 2,  # libpq's least
                "application_name": "vouch",
                "prepare_threshold": 2,
            },
        )
        event.listen(self.engine, "checkout", _replace_if_ended)
        event.listen(self.engine, "handle_error", _let_go_if_read_only)

    def now(self, connection: Connection) -> datetime:
        """The present as this database knows it."""
        told: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        return told.astimezone(UTC)

    def lock_for_migration(self, connection: Connection) -> None:
        """Keep other programs out until this transaction ends; migrations may take long."""
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))

    def is_passing(self, error: DBAPIError) -> bool:
        """True where the world is at fault (away, full, locked), not the statement."""
        orig = error.orig
        if error.connection_invalidated or isinstance(orig, psycopg.InterfaceError):
            return True
        state = getattr(orig, "sqlstate", None)
        if state is None:
            return isinstance(orig, psycopg.OperationalError)
        return bool(state.startswith(_PASSING_STATES))

    def break_off(self, dbapi_connection: Any) -> None:
        """End a connection that no longer answers; whoever waits on it hears an error at once."""
        descriptor = os.dup(dbapi_connection.fileno())
        with socket.socket(fileno=descriptor) as line:
            line.shutdown(socket.SHUT_RDWR)

    def copy_to(self, target: Path) -> None:
        """A consistent dump (pg_dump's own format), taken while others write."""
        self._run("pg_dump", "--format=custom", f"--file={target}", f"--dbname={self._libpq_url}")

    def restore_from(self, source: Path) -> None:
        """Put a dump in the place of what is there; all of it or nothing."""
        words = ("--clean", "--if-exists", "--no-owner", "--single-transaction")
        self._run("pg_restore", *words, f"--dbname={self._libpq_url}", str(source))

    def scrub(self, *tables: str) -> None:
        """Write these tables anew: what was deleted is not in their files any more.

        PostgreSQL's own log (WAL) holds it until the server has reused its files.
        """
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in tables:
                connection.exec_driver_sql(f"VACUUM FULL {table}")

    @property
    def _libpq_url(self) -> str:
        """The URL without its password, which other users could read in the list of processes."""
        return self._url.set(drivername="postgresql", password=None).render_as_string()

    def _run(self, program: str, *words: str) -> None:
        secret = {"PGPASSWORD": str(self._url.password)} if self._url.password else {}
        try:
            done = subprocess.run(
                [program, *words],
                capture_output=True,
                text=True,
                check=False,
                env=os.environ | secret,
            )
        except FileNotFoundError:
            raise InputError(f"{program} is not there", "install PostgreSQL's client") from None
        if done.returncode:
            said = done.stderr.strip().splitlines() or [str(done.returncode)]
            raise InputError(f"{program} failed: {said[-1]}")


def _replace_if_ended(dbapi_connection: Any, record: Any, _proxy: object) -> None:
    """Take no connection from the pool that the server has ended: it restarted, say."""
    before = record.info.setdefault("served", 0)
    record.info["served"] = 1
    if before and _has_ended(dbapi_connection):
        raise InvalidatePoolError


def _has_ended(dbapi_connection: Any) -> bool:
    """Whether there is something to read though nothing was asked: the server's last word.

    To ask whether it is there (`pool_pre_ping`) would cost a round trip each time, and for ever
    where the network swallows the question.
    """
    if dbapi_connection.closed:
        return True
    line = select.poll()
    line.register(dbapi_connection.fileno(), select.POLLIN)
    return bool(line.poll(0))


def _let_go_if_read_only(context: ExceptionContext) -> None:
    """Keep no session that may not write: it would stay so when others may again."""
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
        context.is_disconnect = True
