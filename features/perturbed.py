"""Histories in which what was recorded after a day is something else: features must not notice."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from credit.contract import TABLE, Kind

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

    from features.sources import History

COPIES = ("-copy-1", "-copy-2")
FACTOR = 7  # a correction that nobody could overlook


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
    def backend(self) -> "Backend":
        """The same engine."""
        return self.history.backend

    def table(self, name: str) -> ibis.Table:
        """The changed table."""
        return self.change(name, self.history.table(name))

    rows = table  # what is changed is changed from rows that stand once

    def kept(self, name: str, table: ibis.Table) -> AbstractContextManager[ibis.Table]:
        """`table` computed once, in the same engine."""
        return self.history.kept(name, table)

    def read(self, table: ibis.Table) -> pa.Table:
        """What `table` comes to, in the same engine."""
        return self.history.read(table)


def without_later(history: "History", cut: date) -> Perturbed:
    """`history` as it stood at the end of the day `cut`."""
    return Perturbed(history, lambda _, rows: rows.filter(rows.recorded_at < _end(cut)))


def altered_later(history: "History", cut: date) -> Perturbed:
    """`history` in which all that came after `cut` is wrong.

    Later rows are there three times under other keys, with each other's amounts, and every
    earlier row is corrected after `cut` to amounts that were never known.
    """
    return Perturbed(history, lambda name, rows: _altered(name, rows, cut))


def _altered(name: str, rows: ibis.Table, cut: date) -> ibis.Table:
    early = rows.filter(rows.recorded_at < _end(cut))
    later = rows.filter(rows.recorded_at >= _end(cut))
    (key,) = TABLE[name].key
    money = [column.name for column in TABLE[name].columns if column.kind is Kind.MONEY]
    by_key = ibis.window(order_by=[key, "recorded_at"])
    exchanged = (
        later.mutate(**{it: later[it].lag().over(by_key) for it in money}) if money else later
    )
    copies = [exchanged.mutate(**{key: exchanged[key] + copy}) for copy in COPIES]
    corrected = early.mutate(
        recorded_at=ibis.literal(_end(cut) + timedelta(hours=1)),
        **{it: early[it] * FACTOR + 1 for it in money},
    )
    worlds = [table.cast(rows.schema()) for table in (exchanged, *copies, corrected)]
    return ibis.union(early, *worlds)


def _end(day: date) -> datetime:
    """The first instant after `day`, naive UTC as tables hold it."""
    return datetime(day.year, day.month, day.day) + timedelta(days=1)  # noqa: DTZ001
