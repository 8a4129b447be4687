"""The schema's history: each migration once, in order; a released one is never edited."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from credit.errors import InputError


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: what it is for, and the statements that take it."""

    version: int
    purpose: str
    statements: tuple[str, ...]


def _kept(table: str, *, operations: tuple[str, ...]) -> tuple[str, ...]:
    """Triggers that refuse to change or drop what was once written."""
    return tuple(
        f"CREATE TRIGGER {table}_refuse_{operation.lower()} BEFORE {operation} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} are kept as they were written'); END"
        for operation in operations
    )


_FIRST = (
    """
    CREATE TABLE decisions (
        seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        decision_id TEXT NOT NULL UNIQUE,
        partner TEXT NOT NULL,
        product TEXT NOT NULL,
        entity_id TEXT NOT NULL,
        reference_id TEXT NOT NULL,
        decided_at TEXT NOT NULL,
        content_sha256 TEXT NOT NULL,
        entry TEXT NOT NULL,
        CONSTRAINT decisions_reference UNIQUE (partner, product, reference_id)
    )
    """,
    "CREATE INDEX decisions_when ON decisions (product, decided_at)",
    """
    CREATE TABLE idempotency (
        partner TEXT NOT NULL,
        key TEXT NOT NULL,
        content_sha256 TEXT NOT NULL,
        status INTEGER NOT NULL,
        answer BLOB NOT NULL,
        remembered_at TEXT NOT NULL,
        PRIMARY KEY (partner, key)
    )
    """,
    """
    CREATE TABLE policies (
        sha256 TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        recorded_by TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE live_policies (
        name TEXT NOT NULL PRIMARY KEY,
        sha256 TEXT NOT NULL REFERENCES policies (sha256),
        since TEXT NOT NULL,
        put_by TEXT NOT NULL
    )
    """,
    *_kept("decisions", operations=("UPDATE", "DELETE")),
    *_kept("policies", operations=("UPDATE", "DELETE")),
)

MIGRATIONS = (Migration(1, "decision journal, idempotent answers, policies", _FIRST),)
NEWEST = MIGRATIONS[-1].version


def migrate(connection: Connection) -> int:
    """The schema's version after bringing it up to date; all missing steps in one transaction.

    InputError where the records were written by a newer Vouch.
    """
    run = connection.exec_driver_sql
    run(
        "CREATE TABLE IF NOT EXISTS migrations (version INTEGER NOT NULL PRIMARY KEY, "
        "purpose TEXT NOT NULL, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)"
    )
    found: int = run("SELECT coalesce(max(version), 0) FROM migrations").scalar_one()
    if found > NEWEST:
        raise InputError(
            f"records have schema version {found}, this Vouch knows {NEWEST}",
            "run the newer Vouch, or point VOUCH_HOME elsewhere",
        )
    for migration in MIGRATIONS[found:]:
        _apply(migration, run)
    return NEWEST


def _apply(migration: Migration, run: Callable[..., object]) -> None:
    for statement in migration.statements:
        run(statement)
    run(
        "INSERT INTO migrations (version, purpose) VALUES (?, ?)",
        (migration.version, migration.purpose),
    )
