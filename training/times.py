"""Times of rows in a column's own type: date, time, number or text."""

import re
from datetime import UTC, datetime
from typing import Any

import numpy as np

from credit.errors import InputError

DAY = "datetime64[D]"
MICROSECOND = "datetime64[us]"
_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?")
# Forms that say one day only; 03/04/2017 says two and stays text.
_FORMS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%b %d, %Y",
    "%b-%Y",
    "%Y-%m",
)


def times_of(values: Any) -> Any | None:
    """A PyArrow column as comparable NumPy values; None where the type has no order.

    Dates and times become datetime64[us] (UTC), numbers float64; text becomes datetime64 where
    every value is a date written in one unambiguous form, else text. Missing: NaT, NaN, "".
    """
    import pyarrow as pa
    from pyarrow import types

    if types.is_temporal(values.type) and not types.is_time(values.type):
        return values.cast(pa.timestamp("us"), safe=False).to_numpy().astype(MICROSECOND)
    if types.is_integer(values.type) or types.is_floating(values.type):
        return values.cast(pa.float64(), safe=False).to_numpy()
    if types.is_string(values.type) or types.is_large_string(values.type):
        return _text_times(values)
    return None


def dates_in_text(texts: list[str]) -> Any | None:
    """datetime64[us] of texts that are all dates or times in one unambiguous form, else None."""
    if not texts:
        return None
    if all(_ISO.fullmatch(text) for text in texts):
        return _iso(texts)
    for form in _FORMS:
        found = _formed(texts, form)
        if found is not None:
            return found
    return None


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
        found = dates_in_text([text.strip()])
        if found is None:
            raise InputError(f"--split-at {text!r} is no date or time", "write it as 2026-06-30")
        return found[0]
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


def _text_times(values: Any) -> Any:
    texts = ["" if text is None else text.strip() for text in values.to_pylist()]
    known = [text for text in texts if text]
    dates = dates_in_text(known)
    if dates is None:
        return np.array(texts, dtype=np.str_)
    found = np.full(len(texts), np.datetime64("NaT"), dtype=MICROSECOND)
    found[np.array([bool(text) for text in texts])] = dates
    return found


def _iso(texts: list[str]) -> Any | None:
    try:
        parsed = [datetime.fromisoformat(text) for text in texts]
    except ValueError:
        return _formed(texts, "%Y-%m-%d")
    plain = [at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at for at in parsed]
    return np.array(plain, dtype=MICROSECOND)


def _formed(texts: list[str], form: str) -> Any | None:
    try:
        return np.array(
            [datetime.strptime(text, form) for text in texts],  # noqa: DTZ007  # days, not instants
            dtype=MICROSECOND,
        )
    except ValueError:
        return None
