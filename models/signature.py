"""The signature: feature values as the numbers a model reads, in the model's own order.

Training, serving and monitoring all encode through here, so that one row and a table of
millions give the same numbers.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.errors import InputError
from credit.policy.evidence import Value
from models.manifest import CATEGORY, ModelFeature

if TYPE_CHECKING:
    import pyarrow as pa

MISSING = math.nan


Encoder = Callable[[Value], float]


def encoders(features: Sequence[ModelFeature]) -> tuple[tuple[str, Encoder], ...]:
    """Each feature's name and what turns a value of it into the number that the model reads."""
    return tuple((feature.name, _encoder(feature)) for feature in features)


def from_rows(encoders: Sequence[tuple[str, Encoder]], rows: Sequence[Mapping[str, Value]]) -> Any:
    """Rows of named values -> float64 array (rows, features); None, NaN and unknown words are NaN.

    A row may carry more names than the model reads, never fewer: KeyError names the one that
    is not there. TypeError names a value of the wrong kind.
    """
    numbers = [[encode(row[name]) for name, encode in encoders] for row in rows]
    return np.array(numbers, dtype=np.float64).reshape(len(rows), len(encoders))


def from_table(features: Sequence[ModelFeature], table: "pa.Table | Any") -> Any:
    """The same from a PyArrow table or a pandas frame, column by column.

    InputError names a column that is not there or cannot be read as the model reads it.
    """
    columns = _arrow(features, table)
    matrix = np.empty((columns.num_rows, len(features)), dtype=np.float64)
    for place, feature in enumerate(features):
        matrix[:, place] = _column(feature, columns.column(feature.name))
    return matrix


def categorical_places(features: Sequence[ModelFeature]) -> list[int]:
    """Which columns of the matrix hold codes of categories: LightGBM's `categorical_feature`."""
    return [place for place, feature in enumerate(features) if feature.dtype == CATEGORY]


def _encoder(feature: ModelFeature) -> Encoder:
    return _category(feature) if feature.dtype == CATEGORY else _number(feature)


def _number(feature: ModelFeature) -> Encoder:
    def encode(value: Value) -> float:
        if type(value) is float:  # by far the most; every decision reads hundreds
            return value
        if value is None:
            return MISSING
        if isinstance(value, str):
            raise _wrong_kind(feature, value)
        return float(value)

    return encode


def _category(feature: ModelFeature) -> Encoder:
    codes = {word: float(code) for code, word in enumerate(feature.vocabulary)}

    def encode(value: Value) -> float:
        if isinstance(value, str):
            return codes.get(value, MISSING)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return MISSING
        raise _wrong_kind(feature, value)

    return encode


def _wrong_kind(feature: ModelFeature, value: Value) -> TypeError:
    return TypeError(f"{feature.name} is a {feature.dtype} and was given {value!r}")


def _arrow(features: Sequence[ModelFeature], table: Any) -> "pa.Table":
    import pyarrow as pa

    names = [feature.name for feature in features]
    known = set(table.column_names if isinstance(table, pa.Table) else table.columns)
    if absent := [name for name in names if name not in known]:
        raise InputError(f"the rows have no column {absent[0]!r}", "score what the model reads")
    if isinstance(table, pa.Table):
        return table.select(names)
    return pa.Table.from_pandas(table[names], preserve_index=False)


def _column(feature: ModelFeature, values: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        if feature.dtype != CATEGORY:
            return values.cast(pa.float64(), safe=False).to_numpy()
        codes = pc.index_in(
            values.cast(pa.string()), value_set=pa.array(feature.vocabulary, pa.string())
        )
    except pa.ArrowException as error:
        raise InputError(
            f"column {feature.name!r} is no {feature.dtype} ({values.type}: {error})",
            "score what the model reads",
        ) from None
    return codes.cast(pa.float64()).to_numpy()
