"""Histories in which what was recorded after a day is something else: features must not notice."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa

from credit.contract import TABLE, Column, Kind

if TYPE_CHECKING:
    from ibis.backends.sql import SQLBackend

    from features.sources import History

COPIES = ("-copy-1", "-copy-2")
FACTOR = 7  # a correction that nobody could overlook
SHIFT = ibis.interval(days=-5)  # what happened later is said to have happened before
# Per table and column, ids that wrong rows are given to: those whose values are looked at.
Onto = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Perturbed:
    """A history whose versioned tables pass through `change`."""

    history: "History"
    change: Callable[[str, ibis.Table], ibis.Table]

    @property
    def tables(self) -> frozenset[str]:
        """The same tables."""
        return self.history.tables

    @property
    def utc_offset_minutes(self) -> int:
        """The same offset."""
        return self.history.utc_offset_minutes

    @property
    def spine_rows(self) -> int:
        """As many in one query."""
        return self.history.spine_rows

    @property
    def backend(self) -> "SQLBackend":
        """The same engine."""
        return self.history.backend

    def table(self, name: str) -> ibis.Table:
        """The changed table."""
        return self.change(name, self.history.table(name))

    lasting = queries = None  # another history than the one whose place it is

    rows = table  # what is changed is changed from rows that stand once

    def kept(self, name: str, table: ibis.Table) -> AbstractContextManager[ibis.Table]:
        """`table` computed once, in the same engine."""
        return self.history.kept(name, table)

    def repeated(self, numbers: ibis.Table) -> AbstractContextManager[ibis.Table]:
        """Those that stand more than once, in the same engine."""
        return self.history.repeated(numbers)

    def read(self, table: ibis.Table) -> pa.Table:
        """What `table` comes to, in the same engine."""
        return self.history.read(table)


def without_later(history: "History", cut: date) -> Perturbed:
    """`history` as it stood at the end of the day `cut`."""
    return Perturbed(history, lambda _, rows: rows.filter(rows.recorded_at < _end(cut)))


def altered_later(history: "History", cut: date, *, onto: Onto | None = None) -> Perturbed:
    """`history` in which all that came after `cut` is wrong.

    Later rows are there three times under other keys, and every earlier row is corrected after
    `cut`; what they say is wrong in every column: amounts, counts, kinds, times, and whose they
    are. Wrong rows are given to the ids of `onto` (by column: `merchant_id`, `user_id`).
    """
    return Perturbed(history, lambda name, rows: _altered(name, rows, cut, onto or {}))


def _altered(name: str, rows: ibis.Table, cut: date, onto: Onto) -> ibis.Table:
    early = rows.filter(rows.recorded_at < _end(cut))
    later = rows.filter(rows.recorded_at >= _end(cut))
    (key,) = TABLE[name].key
    copies = [
        _wrong(name, later, onto, place).mutate(**{key: later[key] + copy})
        for place, copy in enumerate(COPIES)
    ]
    corrected = _wrong(name, early, onto, 0).mutate(
        recorded_at=ibis.literal(_end(cut) + timedelta(hours=1))
    )
    worlds = [_wrong(name, later, onto, 1), *copies, corrected]
    return ibis.union(early, *(table.cast(rows.schema()) for table in worlds))


def _wrong(name: str, rows: ibis.Table, onto: Onto, place: int) -> ibis.Table:
    """`rows` with another value in every column that is not the key or the time of recording."""
    columns = [
        column
        for column in TABLE[name].columns
        if column.name not in (*TABLE[name].key, "recorded_at")
    ]
    return rows.mutate(
        **{column.name: _other(column, rows[column.name], onto, place) for column in columns}
    )


def _other(column: Column, value: Any, onto: Onto, place: int) -> Any:
    """Another value, made of the row's own alone: no row has to wait for a neighbour's."""
    if column.name in onto:
        ids = onto[column.name]
        return ibis.literal(ids[place % len(ids)])
    if column.choices:
        following = (*column.choices[1:], column.choices[0])
        return value.cases(*zip(column.choices, following, strict=True), else_=value)
    if column.kind in (Kind.MONEY, Kind.COUNT, Kind.NUMBER):
        return value * FACTOR + 1
    if column.kind in (Kind.DAY, Kind.INSTANT):
        return value + SHIFT
    return value


def _end(day: date) -> datetime:
    """The first instant after `day`, naive UTC as tables hold it."""
    return datetime(day.year, day.month, day.day) + timedelta(days=1)  # noqa: DTZ001
