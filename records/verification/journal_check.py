"""The journal, recomputed: every batch from its rows, every decision held against its columns."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Table, func, select

from credit.progress import Progress
from records.chain import GENESIS, Head, row_sha256, sealed
from records.store import Records
from records.tables import BATCHES, DECISIONS, HEAD, OPERATIONS, POLICY_EVENTS
from records.verification.content_check import (
    look_at_decisions,
    look_at_operations,
    look_at_policy_events,
)
from records.verification.report import Tally
from records.verification.snapshots import Look, paged, snapshot

_JOURNALLED = {
    DECISIONS: look_at_decisions,
    OPERATIONS: look_at_operations,
    POLICY_EVENTS: look_at_policy_events,
}
_BEGINNING = Head(0, 0, "", GENESIS)
_HEAD = (HEAD.c.batch, HEAD.c.seq, HEAD.c.sealed_at, HEAD.c.sha256)
_LAST = (BATCHES.c.batch, BATCHES.c.last_seq, BATCHES.c.sealed_at, BATCHES.c.sha256)


def check_journal(
    records: Records, told: Tally, decided: Tally, progress: Progress | None = None
) -> None:
    """Walk the whole journal once: `told` hears of the chain, `decided` of what its rows say.

    Read in pages, up to where the journal ends when it begins: nobody waits for it.
    """
    end = _check_end(records, told)
    rows = _Journal(records, end, decided)
    before = _BEGINNING
    for batch in _batches(records, end):
        before = _check_batch(batch, before, rows, told)
        told.saw("batches", 1)
        if progress:
            progress("chain", min(1.0, before.seq / max(1, end.seq)))
    for row in rows.rest():
        told.fault(f"seq {row.seq}: is in no batch")
    told.saw("rows", rows.taken)


@dataclass(frozen=True, slots=True)
class _End:
    """The last batch and the last row that there are."""

    batch: Any
    seq: Any


def _check_end(records: Records, told: Tally) -> _End:
    """Hold the head's row against the last batch and the last rows."""
    with snapshot(records) as connection:
        heads = [Head(*row) for row in connection.execute(select(*_HEAD))]
        last = connection.execute(
            select(*_LAST).order_by(BATCHES.c.batch.desc()).limit(1)
        ).one_or_none()
        tops = [connection.execute(select(func.max(table.c.seq))).scalar() for table in _JOURNALLED]
    top = max((seq for seq in tops if seq is not None), key=_order, default=0)
    if len(heads) != 1:
        told.fault(f"journal_head has {len(heads)} rows, should have 1")
    for head in heads[:1]:
        sealed_last = Head(*last) if last is not None else Head(0, 0, head.sealed_at, GENESIS)
        if head != sealed_last:
            told.fault(
                f"journal_head tells batch {head.batch} to seq {head.seq}; the last batch is "
                f"{sealed_last.batch} to seq {sealed_last.seq}, {_difference(head, sealed_last)}"
            )
    return _End(last.batch if last is not None else 0, top)


def _difference(head: Head, last: Head) -> str:
    if head.sha256 != last.sha256:
        return "of another hash"
    return "sealed at another time" if head.sealed_at != last.sealed_at else "of the same hash"


def _check_batch(batch: Any, before: Head, rows: "_Journal", told: Tally) -> Head:
    """Seal a batch anew. The next builds on what this one says of itself: faults stay in place."""
    where = f"batch {batch.batch} (seq {batch.first_seq} to {batch.last_seq})"
    wanted = {"batch": before.batch + 1, "first_seq": before.seq + 1}
    told.expect(where, **{name: (getattr(batch, name), it) for name, it in wanted.items()})
    gaps: list[str] = []
    hashes = _in_order(rows.up_to(batch.last_seq), before.seq + 1, batch.last_seq, gaps)
    again = sealed(before, hashes, last_seq=batch.last_seq, sealed_at=batch.sealed_at)
    if gaps:
        told.fault(f"{where}: {gaps[0]}")
    if again.sha256 != batch.sha256:
        told.fault(f"{where}: its rows are not those that were sealed")
    if not (isinstance(batch.batch, int) and isinstance(batch.last_seq, int)):
        return before
    return Head(batch.batch, batch.last_seq, batch.sealed_at, batch.sha256)


def _in_order(
    rows: Iterator["_Hashed"], first: int, last: object, gaps: list[str]
) -> Iterator[bytes]:
    """The rows' hashes; where their numbers do not run from first to last, `gaps` says so."""
    want = first
    for row in rows:
        if row.seq != want:
            gaps.append(f"after seq {want - 1} comes {row.seq}")
        want = row.seq + 1 if isinstance(row.seq, int) else want + 1
        yield row.sha256
    if want - 1 != last:
        gaps.append(f"its rows end at seq {want - 1}")


def _batches(records: Records, end: _End) -> Iterator[Any]:
    query = select(BATCHES).where(BATCHES.c.batch <= end.batch).order_by(BATCHES.c.batch)
    return paged(records, query, BATCHES.c.batch)


@dataclass(frozen=True, slots=True)
class _Hashed:
    """A journal row's number and hash: all that the chain asks of it."""

    seq: Any
    sha256: bytes


class _Journal:
    """Its tables as the one journal they are, in the order of their numbers."""

    def __init__(self, records: Records, end: _End, decided: Tally) -> None:
        self.taken = 0
        streams = [
            _hashed(records, end, table, partial(look, decided))
            for table, look in _JOURNALLED.items()
        ]
        self._rows = heapq.merge(*streams, key=lambda row: _order(row.seq))
        self._next = next(self._rows, None)

    def up_to(self, last: object) -> Iterator[_Hashed]:
        """The next rows, to this number."""
        while self._next is not None and _order(self._next.seq) <= _order(last):
            yield self._next
            self.taken += 1
            self._next = next(self._rows, None)

    def rest(self) -> Iterator[_Hashed]:
        """What is left."""
        while self._next is not None:
            yield self._next
            self._next = next(self._rows, None)


def _hashed(records: Records, end: _End, table: Table, look: Look) -> Iterator[_Hashed]:
    query = select(table).where(table.c.seq <= end.seq).order_by(table.c.seq)
    for row in paged(records, query, table.c.seq, look):
        yield _Hashed(row.seq, _row_sha256(table.name, row._mapping))  # noqa: SLF001 - SQLAlchemy's public name


def _row_sha256(table: str, row: Mapping[str, Any]) -> bytes:
    try:
        return row_sha256(table, row)
    except TypeError:  # a value of a kind that was never written: SQLite keeps any in any column
        return b""


def _order(seq: object) -> tuple[int, int, str]:
    """Numbers before all else, as SQLite sorts them."""
    return (0, seq, "") if isinstance(seq, int) else (1, 0, str(seq))
