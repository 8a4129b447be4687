"""The records of the home that the settings name, opened for one command and closed after it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from credit.errors import InputError
from serving.settings import Settings

if TYPE_CHECKING:
    from records.store import Records

SQLITE = "sqlite:///"


@contextmanager
def records_at(settings: Settings) -> Iterator["Records"]:
    """The open records of a home that is there."""
    from records.store import open_records

    if settings.database_url.startswith("sqlite") and not settings.home.is_dir():
        raise InputError(f"VOUCH_HOME {settings.home} is not there", "vouch demo makes one")
    fixed = settings.fixed_now
    with one_line():
        records = open_records(settings.database_url, fixed_now=(lambda: fixed) if fixed else None)
        try:
            yield records
        finally:
            records.close()


@contextmanager
def seeded_records(settings: Settings) -> Iterator["Records"]:
    """The open records, made where there are none; empty ones take the shipped policies first."""
    from serving.assembly import open_seeded_records

    with one_line():
        records = open_seeded_records(settings)
        try:
            yield records
        finally:
            records.close()


@contextmanager
def records_if_any(settings: Settings) -> Iterator["Records | None"]:
    """The open records; None where there are none, and then none are made."""
    url = settings.database_url
    if url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).is_file():
        yield None
        return
    with records_at(settings) as records:
        yield records


@contextmanager
def one_line() -> Iterator[None]:
    """What the database cannot do now, as one line."""
    from records.store import RecordsUnavailableError

    try:
        yield
    except RecordsUnavailableError as error:
        raise InputError(
            f"the records do not answer ({error})", "try again, or vouch doctor"
        ) from None
