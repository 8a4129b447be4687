"""The files of a data directory: which tables are there, in what form, with what columns."""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from credit.contract import TABLE, TABLES, Column, Table
from credit.errors import InputError
from features.source_values import CSV_TEXT, identifier, literal, reading

if TYPE_CHECKING:
    import duckdb

    from features.parquet_footer import Footer

ROW = "vouch_row"  # columns of a numbered scan; users' own columns do not have such names
ROW_FILE = "vouch_file"
DISK_FULL = "No space left on device"
_LONGEST_LINE = 1 << 24  # bytes of one csv row; a longer one is a broken quote
_CSV_REASONS = ("Expected Number of Columns", "Invalid unicode", "Value with unterminated quote")


@dataclass(frozen=True, slots=True)
class Source:
    """One table's files in one place; `columns` maps each column in any to its DuckDB type.

    `proven_times`: columns of times that are there and plausible in every row of every file.
    `beside` is the same table in another place: rows of both count, each read by its own types.
    """

    table: Table
    format: str  # "parquet" or "csv"
    files: tuple[Path, ...]
    columns: Mapping[str, str]
    columns_by_file: tuple[frozenset[str], ...]
    proven_times: frozenset[str] = frozenset()
    beside: "Source | None" = None

    @property
    def places(self) -> "tuple[Source, ...]":
        """Each place where the table lies, by itself."""
        others = self.beside.places if self.beside else ()
        return (replace(self, beside=None), *others)

    def lacking(self, column: str) -> tuple[Path, ...]:
        """The files that do not have `column`."""
        pairs = zip(self.files, self.columns_by_file, strict=True)
        return tuple(file for file, names in pairs if column not in names)

    @property
    def scan(self) -> str:
        """SQL that reads the rows as they stand in the files."""
        return self._csv() if self.format == "csv" else _parquet(self.files)

    @property
    def numbered_scan(self) -> str:
        """The same with `vouch_row` (from 1) and `vouch_file`, to say where a row stands."""
        if self.format == "csv":
            file = literal(str(self.files[0]))
            return (
                f"(SELECT *, row_number() OVER () AS {ROW}, {file} AS {ROW_FILE} FROM {self.scan})"
            )
        scan = _parquet(self.files, f", file_row_number=true, filename='{ROW_FILE}'")
        return f"(SELECT *, file_row_number + 1 AS {ROW} FROM {scan})"

    @property
    def rows(self) -> str:
        """SQL of the contract's columns, typed, in every place.

        The engine stops at a value that it cannot read.
        """
        own = f"SELECT {', '.join(self._selected())} FROM {self.scan}"
        return f"{own} UNION ALL {self.beside.rows}" if self.beside else own

    @property
    def numbered_rows(self) -> str:
        """`rows` of this place alone, with `vouch_row` and `vouch_file`."""
        return f"SELECT {', '.join(self._selected())}, {ROW}, {ROW_FILE} FROM {self.numbered_scan}"

    def _selected(self) -> list[str]:
        values = {column.name: self._strict(column) for column in self.table.columns}
        if default := self.table.recorded_default:
            values["recorded_at"] = recorded_or_default(values["recorded_at"], values[default])
        return [f"{value} AS {identifier(name)}" for name, value in values.items()]

    def _strict(self, column: Column) -> str:
        name = column.name
        found = reading(column, self.columns.get(name), proven=name in self.proven_times)
        return found.strict(f"{self.table.name}.{name} holds a value that cannot be read")

    def _csv(self) -> str:
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in self.columns)
        return (
            f"read_csv([{literal(str(self.files[0]))}], auto_detect=false, header=true, delim=',',"
            " quote='\"', escape='\"', strict_mode=true, null_padding=false, nullstr='',"
            f" max_line_size={_LONGEST_LINE}, buffer_size={2 * _LONGEST_LINE},"
            f" columns={{{columns}}})"
        )


def recorded_or_default(recorded: str, default: str) -> str:
    """SQL of when a row was recorded: as it says, else its default day, else always known."""
    return f"coalesce({recorded}, CAST({default} AS TIMESTAMP), TIMESTAMP '1970-01-01')"


def find_sources(
    path: Path, connection: "duckdb.DuckDBPyConnection", also: Sequence[Path] = ()
) -> dict[str, Source]:
    """The contract's tables in directory `path`; InputError where it cannot be read as one.

    Rows in the directories `also` count too; one of those may be empty, or not be there.
    """
    if not path.is_dir():
        state = "is not a directory" if path.exists() else "does not exist"
        raise InputError(f"data directory {path} {state}", "name a directory of contract tables")
    beside = [_parts_beside(place, connection) for place in also if place != path]
    sources: dict[str, Source] = {}
    for name, table in TABLE.items():
        places = [_source(table, path, connection), *(found.get(name) for found in beside)]
        there = [source for source in places if source is not None]
        if there:
            sources[name] = _side_by_side(there)
    if not sources:
        names = ", ".join(TABLE)
        raise InputError(f"no table in {path}", f"put NAME.parquet, NAME/ or NAME.csv of {names}")
    return sources


@contextmanager
def reading_of(source: Source) -> Iterator[None]:
    """Turns what the engine says of a broken file into an InputError that names the file."""
    import duckdb

    try:
        yield
    except (
        duckdb.ParserException,
        duckdb.BinderException,
        duckdb.CatalogException,
        duckdb.OutOfMemoryException,
    ):
        raise  # the query or the machine is at fault, not the file
    except duckdb.Error as error:
        if DISK_FULL in str(error):
            what = f"no space left on the disk ({_first_line(error)[:200]})"
            raise InputError(what, "free some; scratch space is VOUCH_HOME/scratch") from None
        raise _unreadable(source, error) from None


def file_sha256(file: Path) -> str:
    """A hash of the file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def content_sha256(
    path: Path, sources: Mapping[str, Source], sha256_of: Callable[[Path], str]
) -> str:
    """A hash of every table file's place and bytes, in order of names."""
    digest = hashlib.sha256()
    for name, file in sorted(_named_files(path, sources)):
        digest.update(f"{name}\n{sha256_of(file)}\n".encode())
    return digest.hexdigest()


def _named_files(path: Path, sources: Mapping[str, Source]) -> Iterator[tuple[str, Path]]:
    """Every file, by its place in the data directory, or beside it."""
    for table, source in sources.items():
        for file in (file for place in source.places for file in place.files):
            inside = file.is_relative_to(path)
            yield file.relative_to(path).as_posix() if inside else f"+{table}/{file.name}", file


def _parts_beside(place: Path, connection: "duckdb.DuckDBPyConnection") -> dict[str, Source]:
    """The tables in a folder of parts that grows: one that has no part yet is not there."""
    parts = {table: tuple(sorted((place / table.name).glob("*.parquet"))) for table in TABLES}
    return {
        table.name: _parquet_source(table, files, connection)
        for table, files in parts.items()
        if files
    }


def _side_by_side(places: Sequence[Source]) -> Source:
    first, *others = places
    return replace(first, beside=_side_by_side(others)) if others else first


def _source(table: Table, path: Path, connection: "duckdb.DuckDBPyConnection") -> Source | None:
    forms = [path / f"{table.name}.parquet", path / table.name, path / f"{table.name}.csv"]
    present = [form for form in forms if form.exists()]
    if not present:
        return None
    if len(present) > 1:
        names = " and ".join(form.name for form in present)
        raise InputError(f"{path} holds table {table.name} twice: {names}", "keep one of them")
    if present[0].suffix == ".csv":
        return _csv_source(table, present[0])
    return _parquet_source(table, _parts(present[0]), connection)


def _parts(place: Path) -> tuple[Path, ...]:
    if place.is_file():
        return (place,)
    parts = tuple(sorted(part for part in place.rglob("*.parquet") if part.is_file()))
    if not parts:
        raise InputError(f"{place} holds no parquet part", "put *.parquet files in it or remove it")
    return parts


def _csv_source(table: Table, file: Path) -> Source:
    _refuse_empty(file)
    names = _csv_header(file)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{file} has column {twice!r} twice", "keep one of them")
    return Source(table, "csv", (file,), dict.fromkeys(names, CSV_TEXT), (frozenset(names),))


def _csv_header(file: Path) -> list[str]:
    try:
        with file.open("rb") as stream:
            line = stream.readline(_LONGEST_LINE).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8 text", "save it as UTF-8 csv") from None
    except OSError as error:
        raise InputError(f"{file} cannot be opened ({error.strerror})", "make it a file") from None
    names = next(csv.reader(io.StringIO(line)), [])
    if not any(name.strip() for name in names):
        raise InputError(f"{file} has no header", "name the columns in the first row")
    return names


def _parquet_source(
    table: Table, files: tuple[Path, ...], connection: "duckdb.DuckDBPyConnection"
) -> Source:
    for file in files:
        _refuse_empty(file)
    footers = [_footer_of(file, connection) for file in files]
    by_file = tuple(footer.columns for footer in footers)
    proven = frozenset.intersection(*(footer.proven_times for footer in footers))
    return Source(table, "parquet", files, _columns_of_all(files, connection), by_file, proven)


def _footer_of(file: Path, connection: "duckdb.DuckDBPyConnection") -> "Footer":
    import duckdb
    import pyarrow as pa

    from features.parquet_footer import Footer, read_footer

    with suppress(pa.ArrowException, OSError):  # then the engine shall say what is wrong
        return read_footer(file)  # several times as quick, where there are many parts
    query = f"DESCRIBE SELECT * FROM {_parquet((file,))}"
    try:
        return Footer(frozenset(row[0] for row in connection.execute(query).fetchall()))
    except duckdb.Error:
        raise InputError(f"{file} cannot be read as parquet", "write the file again") from None


def _columns_of_all(
    files: tuple[Path, ...], connection: "duckdb.DuckDBPyConnection"
) -> dict[str, str]:
    import duckdb

    query = f"DESCRIBE SELECT * FROM {_parquet(files)}"
    try:
        return {row[0]: row[1] for row in connection.execute(query).fetchall()}
    except duckdb.Error as error:
        problem = f"the parts in {files[0].parent} do not fit together ({_first_line(error)})"
        raise InputError(problem, "write them with one schema") from None


def _unreadable(source: Source, error: Exception) -> InputError:
    lines = str(error).splitlines()
    found = re.search(r"on Line: (\d+)", lines[0])
    where = f"{source.files[0]} line {found[1]}" if found else str(source.files[0])
    why = next((line for line in lines if line.startswith(_CSV_REASONS)), lines[0])
    mend = f"write table {source.table.name} again"
    return InputError(
        f"{where} cannot be read ({why.removeprefix('Invalid Input Error: ')[:200].rstrip('. ')})",
        mend,
    )


def _refuse_empty(file: Path) -> None:
    if file.stat().st_size == 0:
        raise InputError(f"{file} is empty (0 bytes)", "write the table again or remove the file")


def _parquet(files: tuple[Path, ...], options: str = "") -> str:
    names = ", ".join(literal(str(file)) for file in files)
    return f"read_parquet([{names}], union_by_name=true, hive_partitioning=false{options})"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
