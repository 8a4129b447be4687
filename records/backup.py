"""Backup and restore: copies proven before they have their name, put back where nothing is lost."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from credit.errors import InputError
from credit.progress import Progress
from records.anchors import head
from records.chain import Head
from records.placing import into_place
from records.store import Records, open_records
from records.tables import IDEMPOTENCY, INBOX, POLICIES, SUBJECTS
from records.verification.report import LedgerReport
from records.verification.verify import verify

_BEGINNINGS = {b"SQLite format 3\0": "sqlite", b"PGDMP": "postgresql"}
_HOLD_SOMETHING = (SUBJECTS, IDEMPOTENCY, POLICIES, INBOX)


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy: where the journal ends in it at the least, and how it verified.

    `report` is None for a dump of PostgreSQL: it is proven when a server has it back.
    """

    head: Head
    report: LedgerReport | None


def back_up(records: Records, target: Path, *, progress: Progress | None = None) -> Copy:
    """A copy of the records as the file `target`, taken while they serve.

    An SQLite copy is verified; one that does not hold gets no name. InputError where `target`
    exists or cannot be written, or the copy does not hold.
    """
    if target.exists() or not target.parent.is_dir():
        trouble = "exists" if target.exists() else f"has no folder {target.parent}"
        raise InputError(f"{target} {trouble}", "name a new file in a folder that is there")
    with records.reading() as connection:
        at_least = head(connection)
    fresh = target.with_name(f".{target.name}.part")
    _drop(fresh)
    try:
        records.database.copy_to(fresh)
        copy = Copy(at_least, None)
        if records.database.name == "sqlite":
            copy = _proven(fresh, progress)
        into_place(fresh, target)
    finally:
        _drop(fresh)
    return copy


def restore(source: Path, url: str, *, progress: Progress | None = None) -> Copy:
    """Put a copy in the place of the records at `url`, and verify what is there then.

    InputError where those hold anything, where `source` is no copy, or one of another database.
    """
    kind = _kind(source)
    there = open_records(url)
    try:
        if there.database.name != kind:
            raise InputError(
                f"{source} is a copy of {kind}, the records to restore are {there.database.name}",
                "name records of the same kind with --to",
            )
        if _hold_something(there):
            raise InputError(
                "the records to restore into hold something already",
                "name empty ones with --to, or move those away first",
            )
    finally:
        there.close()
    there.database.restore_from(source)
    return _verified(url, progress)


def _proven(fresh: Path, progress: Progress | None) -> Copy:
    copy = _verified(f"sqlite:///{fresh}", progress)
    if copy.report is None or not copy.report.holds:
        raise InputError(
            "the copy does not verify, nor do the records then", "vouch ledger verify tells where"
        )
    return copy


def _drop(fresh: Path) -> None:
    """Remove a copy that did not come to a name, with what the database wrote beside it."""
    for leftover in ("", "-journal", "-wal", "-shm"):
        fresh.with_name(fresh.name + leftover).unlink(missing_ok=True)


def _verified(url: str, progress: Progress | None) -> Copy:
    records = open_records(url)
    try:
        report = verify(records, progress=progress)
        with records.reading() as connection:
            return Copy(head(connection), report)
    finally:
        records.close()


def _hold_something(records: Records) -> bool:
    with records.reading() as connection:
        return any(connection.execute(select(t).limit(1)).first() for t in _HOLD_SOMETHING)


def _kind(source: Path) -> str:
    try:
        with source.open("rb") as file:
            beginning = file.read(16)
    except OSError as error:
        raise InputError(f"{source} cannot be read ({error.strerror})") from None
    for begins, kind in _BEGINNINGS.items():
        if beginning.startswith(begins):
            return kind
    raise InputError(f"{source} is no copy of records", "name a file that vouch ledger backup made")
