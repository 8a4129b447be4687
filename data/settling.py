"""Rows accepted over HTTP that a data directory contradicts: the directory holds, they step aside.

The directory is the lender's own book; what came over HTTP was accepted without sight of it. Where
both say something of one key and one `recorded_at`, and not the same, the accepted row leaves its
part for a folder beside it, where it can be read and is never built from.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from credit.contract import Table
from data.check import MEMORY_LIMIT
from data.check_report import shown
from features.placing import put
from features.source_files import ROW, ROW_FILE, Source, find_sources, reading_of
from features.source_values import identifier, literal
from features.sources import connect, version_hash
from features.turns import in_turn

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SET_ASIDE = "set-aside"  # a folder of the inbox, with one of each table
HELD, ACCEPTED, CONTRADICTED = "held_rows", "accepted_rows", "contradicted_rows"


@dataclass(frozen=True, slots=True)
class SetAside:
    """Rows of one part that stepped aside: how many, the first one's key, where they lie now."""

    table: str
    rows: int
    first: str
    file: Path

    @property
    def line(self) -> str:
        """What a person reads."""
        which = "row" if self.rows == 1 else "rows"
        return (
            f"{self.table}: {self.rows} {which} accepted over HTTP ({self.first}) said otherwise"
            f" than the directory, which holds; set aside in {self.file}"
        )


def settle(path: Path, inbox: Path) -> tuple[SetAside, ...]:
    """Set aside what in `inbox` contradicts the directory `path`; what that was.

    Killed anywhere and begun again, it loses no row: a row is on the disk aside before it leaves
    its part. Rows of the inbox that contradict one another stay, for `data check` to tell.
    """
    # Rows leave a part by their number in it, which is another once somebody else's have left.
    lock = in_turn(inbox / "settling.lock")
    with lock, TemporaryDirectory(prefix="vouch-settle-") as scratch:
        connection = connect(memory_limit=MEMORY_LIMIT, scratch=Path(scratch))
        try:
            sources = find_sources(path, connection, (inbox,)).values()
            shared = [source for source in sources if len(source.places) > 1]
            return tuple(found for it in shared for found in _settle(it, connection, inbox))
        finally:
            connection.close()


def _settle(
    source: Source, connection: "duckdb.DuckDBPyConnection", inbox: Path
) -> Iterator[SetAside]:
    held, accepted = source.places
    with reading_of(source):
        _find(connection, held, accepted)
        parts = connection.execute(f"SELECT DISTINCT {ROW_FILE} FROM {CONTRADICTED} ORDER BY ALL")
        for (part,) in parts.fetchall():
            yield _step_aside(connection, source.table, Path(part), inbox)


def _find(connection: "duckdb.DuckDBPyConnection", held: Source, accepted: Source) -> None:
    """The accepted rows, by part and number, of whose version the directory says otherwise."""
    table = held.table
    version = version_hash(table)
    same = " AND ".join(f"a.{name} = h.{name}" for name in map(identifier, table.version))
    differ = (f"a.{name} IS DISTINCT FROM h.{name}" for name in map(identifier, table.names))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {ACCEPTED} AS {accepted.numbered_rows}")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {HELD} AS FROM ({held.rows})"
        f" WHERE {version} IN (SELECT {version} FROM {ACCEPTED})"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {CONTRADICTED} AS SELECT DISTINCT a.*"
        f" FROM {ACCEPTED} a JOIN {HELD} h ON {same} WHERE {' OR '.join(differ)}"
    )


def _step_aside(
    connection: "duckdb.DuckDBPyConnection", table: Table, part: Path, inbox: Path
) -> SetAside:
    import pyarrow.parquet as pq

    where = f"FROM {CONTRADICTED} WHERE {ROW_FILE} = {literal(str(part))} ORDER BY {ROW}"
    numbers = connection.execute(f"SELECT {ROW} {where}").fetchnumpy()[ROW]
    names = ", ".join(map(identifier, table.version))
    key = connection.execute(f"SELECT {names} {where} LIMIT 1").fetchall()[0]
    whole = pq.read_table(part)
    leaves = np.isin(np.arange(1, whole.num_rows + 1), numbers)
    aside = whole.filter(leaves)
    folder = inbox / SET_ASIDE / table.name
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{part.stem}-{_sha256(aside)[:12]}.parquet"
    put(file, partial(pq.write_table, aside))
    put(part, partial(pq.write_table, whole.filter(~leaves), compression="zstd"))
    said = ", ".join(f"{name}={shown(it)}" for name, it in zip(table.version, key, strict=True))
    return SetAside(table.name, len(numbers), said, file)


def _sha256(rows: "pa.Table") -> str:
    return hashlib.sha256(repr(rows.to_pylist()).encode()).hexdigest()
