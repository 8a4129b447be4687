"""Which file is which part of a data set: told by its columns, however they are spelled."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from credit.errors import InputError
from features.source_values import identifier, literal

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a data set: its columns with the SQL type that their values must have.

    Columns are named in small letters and digits alone: `PAY_0` is `pay0`.
    """

    name: str
    columns: Mapping[str, str]
    needed: bool = True


@dataclass(frozen=True, slots=True)
class DataSet:
    """A public data set: its parts, the queries that make contract tables, and its manifest.

    Queries read each part as a view of its name. `left_out` are queries that count what no
    table holds.
    """

    name: str
    parts: tuple[Part, ...]
    tables: Mapping[str, str]
    manifest: Mapping[str, object]
    left_out: Mapping[str, str] = field(default_factory=dict)


def recognise(
    data_set: DataSet, files: Sequence[Path], connection: "duckdb.DuckDBPyConnection"
) -> None:
    """Makes each part of `data_set` a typed view over the file that has its columns."""
    given: dict[str, Path] = {}
    for file in files:
        scan, columns = _scan(file, connection)
        part = _part_of(data_set, file, columns)
        if part.name in given:
            what = f"{file} and {given[part.name]} are both {data_set.name} {part.name}"
            raise InputError(what, "give one of them")
        given[part.name] = file
        _make_view(part, file, scan, columns, connection)
    for part in data_set.parts:
        if part.name not in given:
            _without(data_set, part, connection)


def _scan(file: Path, connection: "duckdb.DuckDBPyConnection") -> tuple[str, dict[str, str]]:
    """SQL that reads `file`, and its own name for each plain column name."""
    import duckdb

    if not file.is_file():
        raise InputError(f"{file} is not there", "name the data set's parquet or csv files")
    for scan in _ways_to_read(file):
        try:
            rows = connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
            connection.execute(f"SELECT count(COLUMNS(*)) FROM {scan}").fetchall()
        except duckdb.Error:
            continue
        return scan, {_plain(row[0]): row[0] for row in rows}
    raise InputError(f"{file} cannot be read", "give parquet, or csv with a header")


def _ways_to_read(file: Path) -> tuple[str, ...]:
    name = literal(str(file))
    if file.suffix == ".parquet":
        return (f"read_parquet([{name}])",)
    options = "header=true, delim=',', quote='\"', escape='\"', all_varchar=true, nullstr=''"
    encodings = ("utf-8", "latin-1")  # the wholesaler's own csv holds pound signs in Latin-1
    return tuple(f"read_csv([{name}], {options}, encoding='{kind}')" for kind in encodings)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _part_of(data_set: DataSet, file: Path, columns: Mapping[str, str]) -> Part:
    fitting = [part for part in data_set.parts if part.columns.keys() <= columns.keys()]
    if fitting:
        return max(fitting, key=lambda part: len(part.columns))
    nearest = max(data_set.parts, key=lambda part: len(part.columns.keys() & columns.keys()))
    lacking = ", ".join(sorted(part for part in nearest.columns if part not in columns))
    what = f"{file} is no part of {data_set.name}"
    raise InputError(what, f"as {nearest.name} it lacks the columns {lacking[:200]}")


def _make_view(
    part: Part,
    file: Path,
    scan: str,
    columns: Mapping[str, str],
    connection: "duckdb.DuckDBPyConnection",
) -> None:
    for name, kind in part.columns.items():
        _refuse_unreadable(file, scan, columns[name], kind, connection)
    values = ", ".join(
        f"{_value(columns[name], kind)} AS {name}" for name, kind in part.columns.items()
    )
    connection.execute(f"CREATE TEMP TABLE {part.name} AS SELECT {values} FROM {scan}")


def _refuse_unreadable(
    file: Path, scan: str, name: str, kind: str, connection: "duckdb.DuckDBPyConnection"
) -> None:
    text = _text(name)
    query = f"SELECT {text} FROM {scan} WHERE {text} <> '' AND {_value(name, kind)} IS NULL LIMIT 1"
    wrong = connection.execute(query).fetchall()
    if wrong:
        raise InputError(f"{file}: {name} is {wrong[0][0][:60]!r}", f"it must be {kind.lower()}")


def _text(name: str) -> str:
    return f"trim(CAST({identifier(name)} AS VARCHAR))"


def _value(name: str, kind: str) -> str:
    text = _text(name)
    if kind == "VARCHAR":
        return f"nullif({text}, '')"
    if kind == "TIMESTAMP":
        return f"coalesce(TRY_CAST({text} AS TIMESTAMP), try_strptime({text}, '%m/%d/%Y %H:%M'))"
    if kind == "BIGINT":  # 20000.0 is 20000: some copies of the files passed through floats
        whole = f"regexp_replace({text}, '\\.0*$', '')"
        digits = f"regexp_full_match({whole}, '[+-]?[0-9]+')"
        return f"CASE WHEN {digits} THEN TRY_CAST({whole} AS BIGINT) END"
    return f"TRY_CAST({text} AS {kind})"


def _without(data_set: DataSet, part: Part, connection: "duckdb.DuckDBPyConnection") -> None:
    if part.needed:
        looked = ", ".join(part.columns)
        what = f"no file is {data_set.name} {part.name}"
        raise InputError(what, f"give the file with the columns {looked[:300]}")
    columns = ", ".join(f"{name} {kind}" for name, kind in part.columns.items())
    connection.execute(f"CREATE TEMP TABLE {part.name} ({columns})")
