"""Bringing the schema up to date: each migration once, in order; a released one is never edited."""

from pathlib import Path

from sqlalchemy import Connection, inspect

from credit.errors import InputError

SCRIPTS = Path(__file__).parent / "migrations"
NEWEST = "0004"  # known here, so that Alembic is loaded only where there is something to do
_BEFORE_ALEMBIC = "migrations"  # the table of a Vouch that counted its own migrations


def migrate(connection: Connection, *, to: str = NEWEST) -> None:
    """Bring the records to a version of the schema, in the caller's transaction.

    InputError where they were written by a newer Vouch.
    """
    found = version_of(connection)
    if found == to:
        return
    if found is not None and found > NEWEST:
        raise InputError(
            f"records have schema version {found}, this Vouch knows {NEWEST}",
            "run the newer Vouch, or point VOUCH_HOME elsewhere",
        )
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(SCRIPTS))
    if found is None and inspect(connection).has_table(_BEFORE_ALEMBIC):
        command.stamp(config, "0001")
    command.upgrade(config, to)


def version_of(connection: Connection) -> str | None:
    """The schema's version; None where there is none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql(
        "SELECT version_num FROM alembic_version"
    ).scalar()
    return found
