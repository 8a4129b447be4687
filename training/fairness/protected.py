"""Protected attributes: who belongs to which group. Read by the evaluation of fairness alone."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

    from features.sources import History

CODES_MAX = 10  # a number with more values than this is a measure, and cut into bands
AGE_EDGES = (25, 35, 45, 55, 62)  # from 62 on somebody is elderly: 12 CFR 1002.2 (o)
AGE_MAX = 130  # beyond, an age is not in years
QUARTERS = (0.25, 0.5, 0.75)


def protected_columns(table: "pa.Table", names: Sequence[str]) -> dict[str, Any]:
    """The groups by each named column of a table: text or None, one entry a row."""
    return {name: groups_of(table.column(name).combine_chunks(), name) for name in names}


def protected_of(history: "History", entity: Any) -> dict[str, Any]:
    """The groups by each attribute of the contract's `protected`, one entry an entity id.

    The table is not versioned: what somebody is counts whenever it was told. An attribute
    known of none of them is left out.
    """
    if "protected" not in history.tables:
        return {}
    history.table("protected")
    rows = history.connection.sql(_ATTRIBUTES).fetchall()
    told: dict[str, dict[str, str]] = {}
    for attribute, who, value in rows:
        told.setdefault(attribute, {})[who] = value
    asked = [str(one) for one in entity]
    found = {name: [of.get(one) for one in asked] for name, of in told.items()}
    return {
        name: groups_of(_text(values), name)
        for name, values in found.items()
        if any(value is not None for value in values)
    }


def groups_of(column: Any, name: str) -> Any:
    """A column as groups: an object array of text, None where nothing is known.

    Words and codes are groups as they are. Numbers of more than CODES_MAX values are cut into
    bands: ages under 25, by ten years, and from 62 on (when the Equal Credit Opportunity Act
    calls somebody elderly); others into quarters of the rows.
    """
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if types.is_string(column.type) or types.is_large_string(column.type):
        numbers = _numbers_in(column)
        if numbers is None or _few(numbers):
            return _words(column.to_pylist())
        return banded(numbers, name)
    if types.is_date(column.type) or types.is_timestamp(column.type):
        return _bands(_years(column), _quarters(_years(column)))
    if types.is_integer(column.type) or types.is_floating(column.type) or _is_decimal(column.type):
        return _of_numbers(_floats(column), name)
    return _words(column.to_pylist())


def banded(numbers: Any, name: str) -> Any:
    """Numbers as named bands; NaN is None.

    >>> banded(np.array([18.0, 40.0, 62.0, np.nan]), "age").tolist()
    ['under 25', '35 to 44', '62 and over', None]
    """
    in_years = is_age(name) and not np.any(numbers > AGE_MAX)
    edges = np.array(AGE_EDGES, dtype=np.float64) if in_years else _quarters(numbers)
    return _bands(numbers, edges)


def is_age(name: str) -> bool:
    """Whether a column's name says that it holds somebody's age.

    >>> is_age("Applicant Age"), is_age("age_years"), is_age("mortgage")
    (True, True, False)
    """
    return "age" in re.split(r"[^a-z]+", name.lower())


def _quarters(numbers: Any) -> Any:
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return known
    edges = np.unique(np.quantile(known, QUARTERS, method="higher"))
    return edges[edges > known.min()]


def _bands(numbers: Any, edges: Any) -> Any:
    known = numbers[np.isfinite(numbers)]
    whole = bool(np.all(known == np.floor(known)))
    names = np.array(_names(edges, whole=whole), dtype=object)
    found = names[np.searchsorted(edges, numbers, side="right").clip(0, len(edges))]
    found[~np.isfinite(numbers)] = None
    return found


def _names(edges: Any, *, whole: bool) -> list[str]:
    if not len(edges):
        return ["all"]
    if whole:
        middle = [
            f"{low:g} to {high - 1:g}" if high - low > 1 else f"{low:g}"
            for low, high in pairwise(edges)
        ]
    else:
        middle = [f"{low:g} to below {high:g}" for low, high in pairwise(edges)]
    return [f"under {edges[0]:g}", *middle, f"{edges[-1]:g} and over"]


def _of_numbers(numbers: Any, name: str) -> Any:
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    if not _few(numbers):
        return banded(numbers, name)
    return np.array([None if np.isnan(one) else f"{one:g}" for one in numbers], dtype=object)


def _few(numbers: Any) -> bool:
    return len(np.unique(numbers[~np.isnan(numbers)])) <= CODES_MAX


def _words(values: Sequence[Any]) -> Any:
    words = [None if value is None else str(value).strip() or None for value in values]
    return np.array([*words, None], dtype=object)[:-1]


def _numbers_in(column: Any) -> Any | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(column)
    try:
        return _floats(pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, trimmed.type), trimmed))
    except pa.ArrowInvalid:
        return None


def _floats(column: Any) -> Any:
    import pyarrow as pa

    return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def _years(column: Any) -> Any:
    import pyarrow.compute as pc

    return _floats(pc.year(column))


def _is_decimal(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_decimal(kind))


def _text(values: Sequence[str | None]) -> Any:
    import pyarrow as pa

    return pa.array(values, pa.string())


_ATTRIBUTES = """
SELECT attribute, entity_id, min(value) FROM protected
WHERE value IS NOT NULL GROUP BY ALL ORDER BY ALL"""
