"""Times of rows in a column's own type: date, time, number or text."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from credit.errors import InputError
from training.rows.column_types import (
    floats,
    is_moment,
    is_number,
    is_text,
    microseconds,
    plain,
    texts,
)
from training.rows.written import dates_of, numbers_of

DAY = "datetime64[D]"
MICROSECOND = "datetime64[us]"


def times_of(values: Any) -> Any | None:
    """A PyArrow column as comparable NumPy values; None where the type has no order.

    Dates and times become datetime64[us] (UTC), numbers float64; text becomes datetime64 where
    it is dates written in one unambiguous form, numbers where it is numbers, else text.
    Missing: NaT, NaN, "".
    """
    values = plain(values)
    if is_moment(values.type):
        return microseconds(values)
    if is_number(values.type):
        return floats(values)
    return _text_times(*texts(values)) if is_text(values.type) else None


def missing(time: Any) -> Any:
    """Which rows have no time."""
    if time.dtype.kind == "M":
        return np.isnat(time)
    return ~np.isfinite(time) if time.dtype.kind == "f" else time == ""


def as_units(time: Any) -> Any:
    """Whole days of times; numbers and text as they are."""
    return time.astype(DAY) if time.dtype.kind == "M" else time


def point(time: Any, text: str) -> Any:
    """`text` in the type of `time`; InputError where it cannot be one."""
    if time.dtype.kind == "M":
        found = dates_of([text.strip()])
        if found is None or np.isnat(found.values[0]):
            raise InputError(f"--split-at {text!r} is no date or time", "write it as 2026-06-30")
        return found.values[0]
    if time.dtype.kind == "f":
        try:
            return np.float64(text)
        except ValueError:
            raise InputError(
                f"--split-at {text!r} is no number, as the time column is",
                f"choose one between {time.min():g} and {time.max():g}",
            ) from None
    return np.str_(text)


def shown(value: Any) -> str:
    """A split value as a person writes it."""
    if isinstance(value, np.datetime64):
        text = str(value.astype(MICROSECOND))
        return text.removesuffix("T00:00:00.000000").removesuffix(".000000")
    return f"{value:g}" if isinstance(value, np.floating) else str(value)


def instant(at: datetime) -> Any:
    """An aware datetime as datetime64[us] in UTC."""
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us")


def _text_times(codes: Any, words: list[str]) -> Any:
    written = dates_of(words) or numbers_of(words)
    if written is None:
        return np.array([*words, ""], dtype=np.str_)[codes]
    nothing = np.datetime64("NaT") if written.values.dtype.kind == "M" else np.nan
    return np.append(written.values, nothing)[codes]
