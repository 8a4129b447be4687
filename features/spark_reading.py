"""The contract's tables as Spark reads them where they lie: the same rule of values as DuckDB's.

Only parquet whose columns are of the contract's types in every file is read so. What has other
types (csv, times in nanoseconds, money as a decimal) is for `features.source_values` to read.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from credit.contract import Column, Kind, Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_WHOLE = {pa.int8(): "tinyint", pa.int16(): "smallint", pa.int32(): "int", pa.int64(): "bigint"}
_SPARK_TYPES = {
    Kind.TEXT: {pa.string(): "string", pa.large_string(): "string"},
    Kind.NUMBER: {pa.float32(): "float", pa.float64(): "double"},
    Kind.DAY: {pa.date32(): "date"},
    Kind.MONEY: _WHOLE,
    Kind.COUNT: _WHOLE,
    Kind.FLAG: _WHOLE,
}
_SQL_TYPE = {
    Kind.TEXT: "STRING",
    Kind.MONEY: "BIGINT",
    Kind.COUNT: "BIGINT",
    Kind.FLAG: "BIGINT",
    Kind.NUMBER: "DOUBLE",
    Kind.DAY: "DATE",
    Kind.INSTANT: "TIMESTAMP_NTZ",
}
_UNREADABLE = "holds a value that cannot be read"
_READ_UNITS = ("us", "ms")
_GLOB = frozenset("\\*?[]{}^")
_HIDDEN = ("_", ".")  # files that Spark passes over without a word


def spark_types(table: Table, files: tuple[Path, ...]) -> dict[str, str] | None:
    """The Spark type of each contract column in `files`; None where Spark should not read them."""
    if any(file.suffix != ".parquet" or file.name.startswith(_HIDDEN) for file in files):
        return None
    found: dict[str, str] = {}
    for schema in map(pq.read_schema, files):
        for column in table.columns:
            if column.name in schema.names:
                spark = _spark_type(column.kind, schema.field(column.name).type)
                if spark is None or found.setdefault(column.name, spark) != spark:
                    return None
    return found


def read_parquet(
    session: "SparkSession", files: tuple[Path, ...], types: dict[str, str]
) -> "DataFrame":
    """Columns `types` of `files` as they stand there; null where a file has no such column."""
    schema = ", ".join(f"{_quoted(name)} {spark}" for name, spark in types.items())
    return session.read.schema(schema).parquet(*map(address, files))


def typed(table: Table, types: dict[str, str]) -> list[str]:
    """Spark SQL of the contract's columns in order, where the files have those of `types`."""
    values = {
        column.name: _value(table, column) if column.name in types else _missing(column)
        for column in table.columns
    }
    if default := table.recorded_default:
        values["recorded_at"] = (
            f"coalesce({values['recorded_at']}, CAST({values[default]} AS TIMESTAMP_NTZ),"
            " TIMESTAMP_NTZ '1970-01-01')"
        )
    return [f"{value} AS {_quoted(name)}" for name, value in values.items()]


def refused(error: str) -> str | None:
    """What `typed` said of a value that cannot be read, from within Spark's error."""
    found = re.search(rf"\w+\.\w+ {_UNREADABLE}", error)
    return found[0] if found else None


def _spark_type(kind: Kind, found: pa.DataType) -> str | None:
    if pa.types.is_dictionary(found):
        found = found.value_type
    if kind is not Kind.INSTANT:
        return _SPARK_TYPES[kind].get(found)
    if not pa.types.is_timestamp(found) or found.unit not in _READ_UNITS:
        return None
    return "timestamp" if found.tz else "timestamp_ntz"


def _value(table: Table, column: Column) -> str:
    name = _quoted(column.name)
    value = f"CAST({name} AS {_SQL_TYPE[column.kind]})"
    if column.kind is Kind.TEXT:
        blank = f"{name} < '!' AND trim(BOTH ' \\t\\r\\n' FROM {name}) = ''"
        return f"CASE WHEN {blank} THEN NULL ELSE {name} END"
    wrong = _wrong(column.kind, value)
    if wrong is None:
        return value
    complaint = f"{table.name}.{column.name} {_UNREADABLE}"
    return f"CASE WHEN {wrong} THEN raise_error('{complaint}') ELSE {value} END"


def _wrong(kind: Kind, value: str) -> str | None:
    if kind is Kind.NUMBER:
        return f"isnan({value}) OR abs({value}) = double('Infinity')"
    if kind in (Kind.DAY, Kind.INSTANT):
        sql = _SQL_TYPE[kind]
        return f"{value} < {sql} '1900-01-01' OR {value} >= {sql} '2200-01-01'"
    return None


def _missing(column: Column) -> str:
    return f"CAST(NULL AS {_SQL_TYPE[column.kind]})"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def address(file: Path) -> str:
    """The file's address with nothing in it that Spark would take for a pattern."""
    name = "".join(f"\\{letter}" if letter in _GLOB else letter for letter in str(file.absolute()))
    return f"file://{name}"
