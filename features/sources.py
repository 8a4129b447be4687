"""Histories as a data directory holds them, typed as the contract says, ready for queries.

Rows are scanned where they lie. Two things are written down once, as parquet in the scratch
space: csv, so that it is parsed one time, and a table that repeats rows. Whether a table does is
asked of 64-bit hashes of key and `recorded_at`; only the few rows that share one are compared
whole. A table of tens of millions of rows is thus never sorted or grouped whole.
"""

import hashlib
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from credit.contract import Table
from credit.errors import InputError
from features.placing import fresh_name, into_place
from features.repeats import repeated_numbers
from features.scratch import tidy_scratch, used
from features.source_files import (
    Source,
    content_sha256,
    file_sha256,
    find_sources,
    reading_of,
)
from features.source_values import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import duckdb
    import ibis
    import pyarrow as pa
    from ibis.backends.duckdb import Backend


DUCKDB, SPARK = "duckdb", "spark"  # what computes features, and joins them in Feast


def connect(*, memory_limit: str, scratch: Path) -> "duckdb.DuckDBPyConnection":
    """A DuckDB connection in UTC that keeps to its memory and spills to `scratch`."""
    import duckdb

    settings = {
        "memory_limit": memory_limit,
        "temp_directory": str(scratch / f"spill-{uuid4().hex}"),  # DuckDB removes it in the end
        "autoinstall_known_extensions": "false",
        "preserve_insertion_order": "false",
    }
    connection = duckdb.connect(config=settings)
    connection.execute("SET TimeZone = 'UTC'")  # as a setting of connect it asks for a download
    return connection


def repeated_versions(
    connection: "duckdb.DuckDBPyConnection", table: Table, rows: str
) -> "pa.Table":
    """The hashes that several of `rows` share; equal hashes are a hint, not a proof."""
    hashes = f"SELECT {version_hash(table)} AS version FROM ({rows})"
    return repeated_numbers(connection, "version", hashes)


def version_hash(table: Table) -> str:
    """SQL: one 64-bit number for a row's key and, where versioned, its `recorded_at`."""
    return f"hash({', '.join(map(identifier, table.version))})"


class History:
    """One data directory, opened: the tables that are there, each as the contract types it."""

    spine_rows = 8_192  # of a training spine in one query: bounds memory, whatever the spine

    def __init__(
        self,
        path: Path,
        *,
        utc_offset_minutes: int,
        memory_limit: str,
        scratch: Path | None,
        also: tuple[Path, ...] = (),
        engine: str = DUCKDB,
    ) -> None:
        self.path = path
        self.engine = engine
        self.utc_offset_minutes = utc_offset_minutes
        self._temporary = None if scratch else TemporaryDirectory(prefix="vouch-")
        self._scratch = scratch or Path(self._temporary.name)  # type: ignore[union-attr]
        self._scratch.mkdir(parents=True, exist_ok=True)
        self.connection = connect(memory_limit=memory_limit, scratch=self._scratch)
        self._sources = find_sources(path, self.connection, also)
        self._sha256_of: Callable[[Path], str] = file_sha256
        self._opened: dict[str, str] = {}  # views and their SQL

    @property
    def tables(self) -> frozenset[str]:
        """Names of the tables that are there; features of the other ones are missing."""
        return frozenset(self._sources)

    @property
    def sources(self) -> "Mapping[str, Source]":
        """The files of each table."""
        return self._sources

    def take_hashes(self, sha256_of: "Callable[[Path], str]") -> None:
        """Ask `sha256_of` for the hash of a file's bytes: it may know it without reading them."""
        self._sha256_of = sha256_of

    @cached_property
    def sha256(self) -> str:
        """Hash of the table files' names and bytes: what scratch space is keyed by."""
        return content_sha256(self.path, self._sources, self._sha256_of)

    @cached_property
    def backend(self) -> "Backend":
        """Ibis over `connection`."""
        import ibis

        return ibis.duckdb.from_connection(self.connection)

    @cached_property
    def currency(self) -> str | None:
        """The directory's one currency; None where no payment says any."""
        if "payments" not in self.tables:
            return None
        self._open("payments")
        rows = self.connection.execute("SELECT DISTINCT currency FROM payments").fetchall()
        names = sorted(name for (name,) in rows if name)
        if len(names) > 1:
            mend = "keep one currency in a directory"
            raise InputError(f"payments.currency holds {' and '.join(names[:3])}", mend)
        return names[0] if names else None

    def table(self, name: str) -> "ibis.Table":
        """The contract's columns of `name` in order, blanks null, identical rows one.

        KeyError where the directory has no such table.
        """
        self._open(name)
        return self.backend.table(name)

    def rows(self, name: str) -> "ibis.Table":
        """The same columns, where identical rows may stand more than once: cheaper to open."""
        self._scan(name)
        return self.backend.table(_scanned(name))

    @property
    def lasting(self) -> Path | None:
        """Where what was made of just these rows may stay; None where it may not."""
        return self._scratch / "tiles" / self.sha256

    @property
    def queries(self) -> Path | None:
        """Where queries over the directory's tables are kept as text; None where they are not."""
        return self._scratch / "queries"

    @contextmanager
    def kept(self, name: str, table: "ibis.Table") -> "Iterator[ibis.Table]":
        """`table` computed once, and kept in the engine while the block runs."""
        import ibis

        unique = ibis.util.gen_name(name)
        yield self.backend.create_table(unique, table, temp=True)
        # Through Ibis, sqlglot 30.18 and later drop nothing: ibis-project/ibis issue 12101
        self.backend.raw_sql(f'DROP TABLE "{unique}"')

    @contextmanager
    def repeated(self, numbers: "ibis.Table") -> "Iterator[ibis.Table]":
        """Those of one column of numbers that stand in it more than once, kept the same way."""
        import ibis

        view, (name,) = ibis.util.gen_name("numbers"), numbers.columns
        self.backend.create_view(view, numbers)
        found = repeated_numbers(self.connection, name, f"FROM {view}")
        self.backend.raw_sql(f'DROP VIEW "{view}"')
        with self.kept("repeated", ibis.memtable(found)) as kept:
            yield kept

    def read(self, table: "ibis.Table") -> "pa.Table":
        """What `table` comes to."""
        return self.backend.to_pyarrow(table)

    def typed_file(self, place: Source) -> Path:
        """The rows of `place` as one parquet file of the contract's types, written one time."""
        _refuse_missing_columns(place)
        with reading_of(place):
            return self._file(place.table.name, place.rows)

    def close(self) -> None:
        """Give back the connection and the temporary space."""
        self.connection.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _scan(self, name: str) -> None:
        """A view of the rows as they stand in the files, typed; csv is parsed one time."""
        if _scanned(name) in self._opened:
            return
        rows = (self._parsed(place) for place in self._sources[name].places)
        self._view(_scanned(name), " UNION ALL ".join(rows))

    def _parsed(self, place: Source) -> str:
        _refuse_missing_columns(place)
        if place.format != "csv":
            return place.rows
        with reading_of(place):
            return self._kept(place.table.name, place.rows)

    def _open(self, name: str) -> None:
        """A view in which every row stands once."""
        if name in self._opened:
            return
        self._scan(name)
        source = self._sources[name]
        rows = self._opened[_scanned(name)]
        with reading_of(source):
            if self._repeats(source.table, rows):
                rows = self._kept(source.table.name, _each_row_once(source.table, rows))
        self._view(name, rows)

    def _view(self, name: str, rows: str) -> None:
        self.connection.execute(f"CREATE VIEW {identifier(name)} AS {rows}")
        self._opened[name] = rows

    def _repeats(self, table: Table, rows: str) -> bool:
        found = repeated_versions(self.connection, table, rows)
        self.connection.register(f"repeated_{table.name}", found)
        return found.num_rows > 0

    def _kept(self, name: str, rows: str) -> str:
        return f"SELECT * FROM read_parquet([{literal(str(self._file(name, rows)))}])"

    def _file(self, name: str, rows: str) -> Path:
        """Rows as a parquet file in scratch space, made once for this data and this reading."""
        reading = hashlib.sha256(rows.encode()).hexdigest()
        file = self._scratch / "sources" / self.sha256 / f"{name}-{reading[:16]}.parquet"
        used(file.parent)
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            fresh = fresh_name(file)
            self.connection.execute(f"COPY ({rows}) TO {literal(str(fresh))} (FORMAT parquet)")
            into_place(fresh, file)
        return file


def open_history(
    path: Path,
    *,
    utc_offset_minutes: int = 480,
    memory_limit: str = "4GB",
    scratch: Path | None = None,
    also: tuple[Path, ...] = (),
    engine: str = DUCKDB,
) -> History:
    """The data directory at `path`; InputError names a file that cannot be read.

    Values are read as `data check` reads them; it, not this, says what is wrong with them.
    Without `scratch`, temporary space that goes with the history serves. Rows of the directories
    `also`, such as a home's inbox, count too; they may be empty, or not be there. With `engine`
    `spark` features are computed on Spark; what else is asked of the rows, here.
    """
    if scratch is not None:
        tidy_scratch(scratch)
    return History(
        path,
        utc_offset_minutes=utc_offset_minutes,
        memory_limit=memory_limit,
        scratch=scratch,
        also=also,
        engine=engine,
    )


def _scanned(name: str) -> str:
    return f"{name}_scanned"


def _refuse_missing_columns(source: Source) -> None:
    for column in source.table.columns:
        if column.required and column.name not in source.columns:
            what = f"{source.files[0]} has no column {column.name}"
            raise InputError(what, f"{source.table.name} needs it; run vouch data check")


def _each_row_once(table: Table, rows: str) -> str:
    repeated = f"{version_hash(table)} IN (FROM {identifier(f'repeated_{table.name}')})"
    return (
        f"SELECT * FROM ({rows}) WHERE NOT {repeated}"
        f" UNION ALL SELECT DISTINCT * FROM ({rows}) WHERE {repeated}"
    )
