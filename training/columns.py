"""A table's columns as label, time and features: what is used, what is left out, and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.errors import InputError
from models.manifest import CATEGORY, NUMBER
from training.sample import FeaturePlan
from training.times import MICROSECOND, dates_in_text, missing, times_of

if TYPE_CHECKING:
    import pyarrow as pa

ID_ROWS = 50  # below this, all-different text may be chance
ID_SHARE = 0.9
ID_NAMES = ("id", "key", "no", "number", "index", "uuid", "guid")


@dataclass(frozen=True, slots=True)
class Prepared:
    """Features as numbers and text, in table order, with what was said about them.

    `days` names the features that were dates and are now days since 1970.
    """

    plans: tuple[FeaturePlan, ...]
    table: "pa.Table"
    days: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Values:
    """One column turned into what a model can read, or `values` None and why not."""

    values: Any
    dtype: str = NUMBER
    warning: str = ""
    is_day: bool = False


def label_of(table: "pa.Table", name: str) -> tuple[Any, Any, tuple[str, ...]]:
    """Labels (0 or 1), the places of the rows that have one, and warnings.

    InputError where there is no such column or a value is neither 0 nor 1.
    """
    column = _known(table, name, "--label")
    numbers = _as_zero_one(column, name)
    known = np.flatnonzero(~np.isnan(numbers))
    found = numbers[known]
    wrong = found[(found != 0) & (found != 1)]
    if len(wrong):
        raise InputError(
            f"label {name!r} holds {wrong[0]:g} in {len(wrong)} rows", "use 0 for good, 1 for bad"
        )
    lost = len(numbers) - len(known)
    warnings = (f"label {name!r}: {lost} rows without a label are left out",) if lost else ()
    return found.astype(np.int8), known, warnings


def time_of(table: "pa.Table", name: str) -> tuple[Any, Any, tuple[str, ...]]:
    """Times, the places of the rows that have one, and warnings."""
    times = times_of(_known(table, name, "--time"))
    if times is None:
        raise InputError(
            f"time column {name!r} is of type {table.column(name).type}",
            "use a date, time, number or text",
        )
    known = np.flatnonzero(~missing(times))
    if not len(known):
        raise InputError(f"time column {name!r} has no values", "name another with --time")
    lost = len(times) - len(known)
    warnings = (f"time {name!r}: {lost} rows without a time are left out",) if lost else ()
    return times, known, warnings


def features_from(
    table: "pa.Table", names: Sequence[str], *, monotone: Mapping[str, int]
) -> Prepared:
    """The columns `names` as features; each that cannot be one is left out with a warning."""
    import pyarrow as pa

    plans, columns, days, warnings = [], [], [], []
    for name in names:
        found = _values(table.column(name).combine_chunks(), name)
        if found.warning:
            warnings.append(f"column {name!r}: {found.warning}")
        if found.values is None:
            _check_not_monotone(name, monotone, "is left out")
            continue
        if found.dtype == CATEGORY:
            _check_not_monotone(name, monotone, "is text")
        plans.append(FeaturePlan(name, found.dtype, monotone.get(name, 0), is_day=found.is_day))
        columns.append(found.values)
        days += [name] if found.is_day else []
    if not plans:
        raise InputError("no column is left to learn from", "give columns that vary")
    made = pa.table(dict(zip([plan.name for plan in plans], columns, strict=True)))
    return Prepared(tuple(plans), made, tuple(days), tuple(warnings))


def check_named(table: "pa.Table", names: Sequence[str], option: str) -> None:
    """InputError names the first of `names` that is no column."""
    for name in names:
        _known(table, name, option)


def _known(table: "pa.Table", name: str, option: str) -> Any:
    if name not in table.column_names:
        have = ", ".join(table.column_names[:12]) + (", ..." if table.num_columns > 12 else "")  # noqa: PLR2004  # a line's worth
        raise InputError(f"{option} {name!r}: no such column", f"there are: {have}")
    return table.column(name).combine_chunks()


def _as_zero_one(column: Any, name: str) -> Any:
    import pyarrow as pa
    from pyarrow import types

    try:
        if types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if types.is_boolean(column.type):
            column = column.cast(pa.int8())
        return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except pa.ArrowException:
        first = next(value for value in column.to_pylist() if value is not None)
        raise InputError(f"label {name!r} holds {first!r}", "use 0 for good, 1 for bad") from None


def _check_not_monotone(name: str, monotone: Mapping[str, int], why: str) -> None:
    if name in monotone:
        raise InputError(f"--monotone {name}: the column {why}", "take it out of --monotone")


def _values(column: Any, name: str) -> _Values:
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if column.null_count == len(column):
        return _Values(None, warning="all values are missing: left out")
    for holds, read in _READERS:
        if holds(types, column.type):
            return read(column, name)
    return _Values(None, warning=f"type {column.type} is no number or text: left out")


def _number(column: Any, name: str) -> _Values:
    import pyarrow as pa
    from pyarrow import types

    whole = types.is_integer(column.type)
    numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return _numbers(numbers, name, whole=whole)


def _numbers(numbers: Any, name: str, *, whole: bool, is_day: bool = False) -> _Values:
    import pyarrow as pa

    warning = ""
    endless = int(np.isinf(numbers).sum())
    if endless:
        warning = f"{endless} infinite values are read as missing"
        numbers = np.where(np.isinf(numbers), np.nan, numbers)
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return _Values(None, warning="all values are missing: left out")
    if known[0] == known.min() == known.max() and len(known) == len(numbers):
        return _Values(None, warning="one value in all rows: left out")
    if whole and _counts_rows(known, name, len(numbers)):
        return _Values(None, warning="numbers the rows as an identifier does: left out")
    return _Values(pa.array(numbers, pa.float64(), from_pandas=True), NUMBER, warning, is_day)


def _counts_rows(known: Any, name: str, rows: int) -> bool:
    if rows < ID_ROWS or len(known) < rows or len(np.unique(known)) < rows:
        return False
    counts_up = bool(np.all(np.diff(known) > 0)) or known.max() - known.min() + 1 == rows
    return counts_up or _named_id(name)


def _named_id(name: str) -> bool:
    flat = name.lower().replace("-", "_").replace(" ", "_")
    return flat.split("_")[-1] in ID_NAMES or flat.endswith("id") or flat.startswith("unnamed")


def _flag(column: Any, name: str) -> _Values:
    import pyarrow as pa

    return _number(column.cast(pa.int8()), name)


def _moment(column: Any, name: str) -> _Values:
    import pyarrow as pa

    return _days(column.cast(pa.timestamp("us"), safe=False).to_numpy(zero_copy_only=False), name)


def _days(moments: Any, name: str) -> _Values:
    moments = moments.astype(MICROSECOND)
    days = moments.astype(np.int64) / 86_400_000_000
    found = _numbers(np.where(np.isnat(moments), np.nan, days), name, whole=False, is_day=True)
    if found.values is None:
        return found
    return _Values(found.values, NUMBER, "a date: read as days since 1970", is_day=True)


def _text(column: Any, name: str) -> _Values:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pc.utf8_trim_whitespace(column.cast(pa.string()))
    column = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    known = column.drop_null()
    if not len(known):
        return _Values(None, warning="all values are missing: left out")
    numbers = _numbers_in_text(column)
    if numbers is not None:
        found = _numbers(numbers, name, whole=False)
        return _Values(found.values, NUMBER, found.warning or "text of numbers: read as numbers")
    distinct = pc.count_distinct(known).as_py()
    if distinct == 1 and len(known) == len(column):
        return _Values(None, warning="one value in all rows: left out")
    dates = dates_in_text(known.to_pylist()) if distinct > 1 else None
    if dates is not None:
        moments = np.full(len(column), np.datetime64("NaT"), dtype=MICROSECOND)
        moments[column.is_valid().to_numpy(zero_copy_only=False)] = dates
        return _days(moments, name)
    if len(known) >= ID_ROWS and distinct > ID_SHARE * len(known):
        return _Values(
            None,
            warning=f"{distinct} different texts in {len(known)} rows, as identifiers are: "
            "left out",
        )
    return _Values(column, CATEGORY)


def _numbers_in_text(column: Any) -> Any | None:
    import pyarrow as pa

    try:
        return column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowException:
        return None


_READERS: tuple[tuple[Callable[[Any, Any], bool], Callable[[Any, str], _Values]], ...] = (
    (lambda types, kind: types.is_boolean(kind), _flag),
    (lambda types, kind: types.is_integer(kind) or types.is_floating(kind), _number),
    (lambda types, kind: types.is_decimal(kind), _number),
    (lambda types, kind: types.is_date(kind) or types.is_timestamp(kind), _moment),
    (lambda types, kind: types.is_string(kind) or types.is_large_string(kind), _text),
)
