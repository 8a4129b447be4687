"""A history in which every table of the contract can be asked for, be it there or not."""

from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from credit.contract import TABLE, Kind

if TYPE_CHECKING:
    from features.sources import History

_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.MONEY: pa.int64(),
    Kind.COUNT: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.DAY: pa.date32(),
    Kind.INSTANT: pa.timestamp("us"),
    Kind.FLAG: pa.int64(),
}


class Tables:
    """A history in which an absent table is an empty one, so that its measures are missing."""

    def __init__(self, history: "History") -> None:
        self._history = history
        self.utc_offset_minutes = history.utc_offset_minutes
        self.tables = history.tables
        self.kept = history.kept
        self.repeated = history.repeated

    def table(self, name: str) -> ibis.Table:
        """The table, every row once."""
        return self._history.table(name) if name in self.tables else ibis.memtable(empty_rows(name))

    def rows(self, name: str) -> ibis.Table:
        """The table, where a row may stand more than once."""
        return self._history.rows(name) if name in self.tables else ibis.memtable(empty_rows(name))


def empty_rows(name: str) -> pa.Table:
    """The contract's table `name` without a row."""
    schema = pa.schema([(column.name, _TYPES[column.kind]) for column in TABLE[name].columns])
    return schema.empty_table()
