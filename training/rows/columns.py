"""A table's columns as label, time and features: what is used, what is left out, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.errors import InputError
from models.manifest import CATEGORY
from training.rows.column_types import floats, is_number, is_text, plain, texts
from training.rows.column_values import read_column
from training.rows.sample import FeaturePlan
from training.rows.times import missing, times_of
from training.rows.written import two_ways

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 3  # warnings in one line
LABEL_MEND = "use 0 for good, 1 for bad"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Features as numbers and text, in table order, with what was said about them.

    `days` names the features that were dates and are now days since 1970. `owner` holds codes
    of whom each row belongs to, where a column names customers that have several rows.
    """

    plans: tuple[FeaturePlan, ...]
    table: "pa.Table"
    days: tuple[str, ...]
    warnings: tuple[str, ...]
    owner: Any = None


def label_of(table: "pa.Table", name: str) -> tuple[Any, Any, tuple[str, ...]]:
    """Labels (0 or 1), the places of the rows that have one, and warnings.

    InputError where there is no such column or a value is neither 0 nor 1.
    """
    column = _known(table, name, "--label")
    numbers = _as_zero_one(column, name)
    known = np.flatnonzero(~np.isnan(numbers))
    found = numbers[known]
    if not np.isin(found, (0, 1)).all():
        values, counts = np.unique(found, return_counts=True)
        raise _no_label(name, [float(value) for value in values], counts)
    lost = len(numbers) - len(known)
    warnings = (f"label {name!r}: {lost} rows without a label are left out",) if lost else ()
    return found.astype(np.int8), known, warnings


def time_of(table: "pa.Table", name: str) -> tuple[Any, Any, tuple[str, ...]]:
    """Times, the places of the rows that have one, and warnings."""
    column = _known(table, name, "--time")
    times = times_of(column)
    if times is None:
        raise InputError(
            f"time column {name!r} is of type {column.type}", "use a date, time, number or text"
        )
    said = _as_text(column, name) if times.dtype.kind == "U" else ()
    known = np.flatnonzero(~missing(times))
    if not len(known):
        raise InputError(f"time column {name!r} has no values", "name another with --time")
    lost = len(times) - len(known)
    warnings = (f"time {name!r}: {lost} rows without a time are left out",) if lost else ()
    return times, known, (*said, *warnings)


def _as_text(column: Any, name: str) -> tuple[str, ...]:
    """What to say of times that are text; InputError where they are dates of two meanings."""
    _, words = texts(plain(column))
    example = two_ways(words)
    if example is not None:
        raise InputError(
            f"time column {name!r}: dates such as {example} may be read in two ways",
            "write them as 2026-06-30",
        )
    shown = f"{min(words)[:20]!r} to {max(words)[:20]!r}" if words else ""
    return (f"time {name!r}: text, compared letter by letter, {shown}",)


def features_from(
    table: "pa.Table", names: Sequence[str], *, monotone: Mapping[str, int]
) -> Prepared:
    """The columns `names` as features; each that cannot be one is left out with a warning."""
    import pyarrow as pa

    plans, columns, days, warnings = [], [], [], []
    owner = None
    for name in names:
        found = read_column(table.column(name).combine_chunks(), name)
        owner = found.owner if owner is None else owner
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
        why = f" ({'; '.join(warnings[:SHOWN])})" if warnings else ""
        raise InputError(f"no column is left to learn from{why}", "give columns that vary")
    made = pa.table(dict(zip([plan.name for plan in plans], columns, strict=True)))
    return Prepared(tuple(plans), made, tuple(days), tuple(warnings), owner)


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
    found = plain(column)
    if is_number(found.type):
        return floats(found)
    if is_text(found.type):
        codes, words = texts(found)
        numbers = [_zero_one(word) for word in words]
        if None not in numbers:
            return np.array([*numbers, np.nan], dtype=np.float64)[codes]
        raise _no_label(name, words, np.bincount(codes[codes >= 0]))
    if column.null_count == len(column):
        return np.full(len(column), np.nan)
    raise InputError(f"label {name!r} is of type {column.type}", LABEL_MEND)


def _zero_one(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _no_label(name: str, values: Sequence[object], counts: Any) -> InputError:
    """What the label holds instead, and how to mend it as far as the values tell."""
    order = np.argsort(-counts, kind="stable")[:4]
    shown = ", ".join(f"{_short(values[place])} ({counts[place]} rows)" for place in order)
    more = f" and {len(values) - len(order)} others" if len(values) > len(order) else ""
    mend = LABEL_MEND
    if len(values) == 2:  # noqa: PLR2004  # which is bad cannot be told from here
        mend = "write 1 for the one that means bad, 0 for the other"
    return InputError(f"label {name!r} holds {shown}{more}", mend)


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else repr(str(value)[:30])


def _check_not_monotone(name: str, monotone: Mapping[str, int], why: str) -> None:
    if name in monotone:
        raise InputError(f"--monotone {name}: the column {why}", "take it out of --monotone")
