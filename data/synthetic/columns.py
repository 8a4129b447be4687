"""From NumPy columns to Arrow ones, typed as the data contract says."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from credit.contract import TABLE, Kind
from data.synthetic.period import NEVER, NEVER_DAY, Flags, Floats, Ints

ARROW = {
    Kind.TEXT: pa.string(),
    Kind.MONEY: pa.int64(),
    Kind.COUNT: pa.int64(),
    Kind.FLAG: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.DAY: pa.date32(),
    Kind.INSTANT: pa.timestamp("us"),
}
PROBABILITY = pa.schema(
    [("product", pa.string()), ("reference_id", pa.string()), ("probability", pa.float64())]
)


def schema(name: str) -> pa.Schema:
    """The Arrow schema of a contract table."""
    return pa.schema([(column.name, ARROW[column.kind]) for column in TABLE[name].columns])


def table(schema: pa.Schema, columns: Mapping[str, pa.Array]) -> pa.Table:
    """A table of `columns`; what is not among them is null in every row."""
    rows = len(next(iter(columns.values())))
    arrays = [
        columns[field.name] if field.name in columns else pa.nulls(rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def ids(prefix: str, numbers: Ints, width: int, *, missing: Flags | None = None) -> pa.Array:
    """Text such as P0000012: `prefix` and the number in `width` digits."""
    lead = len(prefix)
    text = np.empty((len(numbers), lead + width), dtype=np.uint8)
    text[:, :lead] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    rest = np.maximum(numbers, 0)
    for place in range(lead + width - 1, lead - 1, -1):
        rest, digit = np.divmod(rest, 10)
        text[:, place] = digit + ord("0")
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * (lead + width)
    there = None if missing is None else pa.py_buffer(np.packbits(~missing, bitorder="little"))
    return pa.StringArray.from_buffers(
        len(numbers), pa.py_buffer(offsets), pa.py_buffer(text.ravel()), there
    )


def names(codes: Ints, vocabulary: Sequence[str]) -> pa.Array:
    """Words by their place in `vocabulary`; null where negative."""
    places = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(places, pa.array(vocabulary, pa.string())).cast(
        pa.string()
    )


def word(text: str, rows: int) -> pa.Array:
    """One word in every row."""
    return names(np.zeros(rows, dtype=np.int64), (text,))


def whole(values: Ints, *, missing: Flags | None = None) -> pa.Array:
    """Money and counts; null where negative, or where `missing` says so."""
    absent = values < 0 if missing is None else missing
    return pa.array(values.astype(np.int64), pa.int64(), mask=absent)


def real(values: Floats) -> pa.Array:
    """Numbers; null where not a number."""
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def instants(values: Ints) -> pa.Array:
    """UTC times; null where they never come."""
    return pa.array(values, pa.int64(), mask=values >= NEVER).cast(pa.timestamp("us"))


def days(values: Ints, start_epoch_day: int) -> pa.Array:
    """UTC days, given as days of the period."""
    absent = values >= NEVER_DAY
    return pa.array((values + start_epoch_day).astype(np.int32), pa.int32(), mask=absent).cast(
        pa.date32()
    )
