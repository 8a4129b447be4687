"""How an import is written down: contract tables as parquet, and a manifest that explains them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from credit.contract import TABLE
from features.source_values import SQL_TYPE, identifier, literal

if TYPE_CHECKING:
    import duckdb

    from data.importers.recognition import DataSet


@dataclass(frozen=True, slots=True)
class Summary:
    """Rows written to each table, and what of the raw data no table holds."""

    name: str
    rows: Mapping[str, int]
    left_out: Mapping[str, int]


def write_table(
    name: str, query: str, directory: Path, connection: "duckdb.DuckDBPyConnection"
) -> int:
    """`NAME.parquet` of a query's rows, typed and ordered by version; how many they are.

    The query gives the contract's columns that it knows, by name.
    """
    table = TABLE[name]
    described = connection.execute(f"DESCRIBE {query}").fetchall()
    there = [column for column in table.columns if column.name in {row[0] for row in described}]
    values = ", ".join(
        f"CAST({identifier(c.name)} AS {SQL_TYPE[c.kind]}) AS {identifier(c.name)}" for c in there
    )
    order = ", ".join((*table.key, *(("recorded_at",) if table.versioned else ())))
    file = literal(str(directory / f"{name}.parquet"))
    written = connection.execute(
        f"COPY (SELECT {values} FROM ({query}) ORDER BY {order})"
        f" TO {file} (FORMAT parquet, COMPRESSION zstd)"
    )
    return written.fetchall()[0][0]


def write_manifest(data_set: "DataSet", summary: Summary, directory: Path) -> None:
    """`manifest.json`: where the data comes from, what a bad is, how each table was made."""
    manifest = {
        "importer": data_set.name,
        **data_set.manifest,
        "rows": dict(summary.rows),
        "left_out": dict(summary.left_out),
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (directory / "manifest.json").write_text(text + "\n", encoding="utf-8")
