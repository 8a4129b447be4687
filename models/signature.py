"""The signature: feature values as the numbers a model reads, in the model's own order.

Training, serving and monitoring all encode through here, so that one row and a table of
millions give the same numbers.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.errors import InputError
from credit.policy.evidence import Value
from models.manifest import CATEGORY, ModelFeature

if TYPE_CHECKING:
    import pyarrow as pa

MISSING = math.nan


def from_rows(features: Sequence[ModelFeature], rows: Sequence[Mapping[str, Value]]) -> Any:
    """Rows of named values -> float64 array (rows, features); None, NaN and unknown words are NaN.

    A row may carry more names than the model reads, never fewer: KeyError names the one that
    is not there. TypeError names a value of the wrong kind.
    """
    codes = [_codes(feature) for feature in features]
    matrix = np.empty((len(rows), len(features)), dtype=np.float64)
    for place, row in enumerate(rows):
        for column, feature in enumerate(features):
            matrix[place, column] = _encoded(feature, codes[column], row[feature.name])
    return matrix


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


def _codes(feature: ModelFeature) -> dict[str, float]:
    return {word: float(code) for code, word in enumerate(feature.vocabulary)}


def _encoded(feature: ModelFeature, codes: Mapping[str, float], value: Value) -> float:
    if value is None:
        return MISSING
    if isinstance(value, str) != (feature.dtype == CATEGORY):
        if isinstance(value, float) and math.isnan(value):
            return MISSING
        raise TypeError(f"{feature.name} is a {feature.dtype} and was given {value!r}")
    return codes.get(value, MISSING) if isinstance(value, str) else float(value)


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
