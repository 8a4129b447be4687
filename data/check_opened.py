"""One table opened for checking: its values, what is wrong or blank in them, and their place."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from credit.contract import Column, Table
from data.check_report import LONGEST_SHOWN, Violation, shown
from data.check_rows import Rule
from features.source_files import ROW, ROW_FILE, Source, reading_of
from features.source_values import blank, identifier, literal, reading

if TYPE_CHECKING:
    import duckdb

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Opened:
    """A table as a view: of a column `c`, `c` is its value, `wrong:c`, `blank:c` and `shown:c`."""

    source: Source
    view: str
    connection: "duckdb.DuckDBPyConnection"
    inbox: tuple[Path, ...] = ()

    @property
    def table(self) -> Table:
        """The table's contract."""
        return self.source.table

    @property
    def columns(self) -> frozenset[str]:
        """Those of the contract's columns that the files have."""
        there = (column for place in self.source.places for column in place.columns)
        return frozenset(there) & frozenset(self.table.names)

    @property
    def accepted(self) -> str:
        """SQL that is true of a row that was accepted over HTTP, and cannot be taken back."""
        places = (literal(f"{place}/") for place in self.inbox)
        return " OR ".join(f"starts_with({ROW_FILE}, {place})" for place in places) or "FALSE"

    def fetch(self, query: str) -> list[tuple]:
        """Rows of a query over the view; InputError where the files break while being read."""
        with reading_of(self.source):
            return self.connection.execute(query).fetchall()

    def violation(self, rule: Rule, count: int) -> Violation:
        """`rule` broken `count` times, with its first examples by place."""
        rows = f"SELECT * FROM {self.view} WHERE {rule.broken}"
        examples = self.examples(rows, rule.shows)
        return Violation(self.table.name, rule.column, rule.name, count, examples, rule.mend)

    def examples(self, rows: str, shows: Sequence[str]) -> tuple[str, ...]:
        """The first of `rows`, each by its place, its key and the values of `shows`."""
        names = [name for name in (*self.table.key, *shows) if name in self.columns]
        values = ", ".join(identifier(f"shown:{name}") for name in names)
        query = (
            f"SELECT {ROW_FILE}, {ROW}, {values} FROM ({rows})"
            f" ORDER BY {ROW_FILE}, {ROW} LIMIT {EXAMPLES}"
        )
        return tuple(self._example(names, shows, row) for row in self.fetch(query))

    def place(self, file: str, row: int) -> str:
        """Where a row stands: its number, and its part where there are several."""
        several = sum(len(place.files) for place in self.source.places) > 1
        part = f"{Path(file).name} " if several else ""
        return f"{part}row {row}"

    def _example(self, names: list[str], shows: Sequence[str], row: tuple) -> str:
        values = dict(zip(names, row[2:], strict=True))
        key = [f"{name}={shown(values[name])}" for name in self.table.key if name in values]
        told = [f"{n}={shown(values[n])}" for n in shows if n in values and n not in self.table.key]
        place = f"{self.place(row[0], row[1])} ({', '.join(key)})"
        return f"{place}: {', '.join(told)}" if told else place


def open_table(
    source: Source,
    connection: "duckdb.DuckDBPyConnection",
    scratch: Path,
    inbox: tuple[Path, ...] = (),
) -> Opened:
    """`source` for checking; csv is parsed once, into `scratch`."""
    view = identifier(f"checked {source.table.name}")
    places = [_numbered(place, connection, scratch) for place in source.places]
    connection.execute(f"CREATE TEMP VIEW {view} AS {' UNION ALL '.join(places)}")
    return Opened(source, view, connection, inbox)


def _numbered(place: Source, connection: "duckdb.DuckDBPyConnection", scratch: Path) -> str:
    """SQL of a place's rows with their numbers, as `Opened` shows them."""
    scan = place.numbered_scan
    if place.format == "csv":
        file = literal(str(scratch / f"{place.table.name}.parquet"))
        with reading_of(place):
            connection.execute(f"COPY (FROM {scan}) TO {file} (FORMAT parquet)")
        scan = f"read_parquet([{file}])"
    return f"SELECT {ROW}, {ROW_FILE}, {', '.join(_selected(place))} FROM {scan}"


def _selected(source: Source) -> list[str]:
    return [sql for column in source.table.columns for sql in _of_column(column, source)]


def _of_column(column: Column, source: Source) -> list[str]:
    found = source.columns.get(column.name)
    read = reading(column, found)
    name = identifier(column.name)
    seen = "NULL" if found is None else f"left(CAST({name} AS VARCHAR), {LONGEST_SHOWN + 1})"
    return [
        f"{read.value} AS {name}",
        f"{read.unreadable or 'FALSE'} AS {identifier(f'wrong:{column.name}')}",
        f"{blank(column.name, found)} AS {identifier(f'blank:{column.name}')}",
        f"{seen} AS {identifier(f'shown:{column.name}')}",
    ]
