"""Numbers and dates as people write them: `$12,345.00`, `13.5%`, `28-Feb-97`, `1/31/2010`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from training.rows.years import whole_years

MICROSECOND = "datetime64[us]"
MOST = 0.95  # of the values: the rest are read as missing, and said
MONTHS = 3  # different ones beside a day that is always the first
LOOKED_AT = 50  # texts that say how the rest may be written
WORDS_MAX = 5  # so many different words may stand among numbers
_UNKNOWN = frozenset(
    {"", "-", "--", ".", "?", "na", "n/a", "#n/a", "nan", "nat", "nil", "none", "null", "unknown"}
    | {"missing", "not available", "not applicable", "0000-00-00", "0000-00-00 00:00:00"}
)
_DECORATION = re.compile(r"[$€£¥₹%\s']|\b(?:usd|eur|gbp|cny|rmb)\b", re.IGNORECASE)
_PLAIN = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d{1,3}(\.\d{3})+(,\d*)?|[-+]?\d+(,\d*)?")
_SLASHED = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})\S*)?)?"
)
_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?")
# Forms that say one day only; of 3/4/2017 the whole column has to say which is the month.
_FORMS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d%b%Y",
    "%d%b%Y:%H:%M:%S",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %B %Y",
    "%b-%Y",
    "%b-%y",
    "%b %Y",
    "%Y-%m",
)


@dataclass(frozen=True, slots=True)
class Written:
    """What texts say, one entry each: NaN or NaT where they say nothing; `unread` did not fit."""

    values: Any
    unread: tuple[str, ...] = ()


def numbers_of(texts: Sequence[str]) -> Written | None:
    """Numbers of different texts that are numbers but for a few words; else None.

    >>> numbers_of(["$1,200.50", "(30)", "n/a"]).values.tolist()
    [1200.5, -30.0, nan]
    >>> numbers_of(["1,5", "2,25"]).values.tolist()
    [1.5, 2.25]
    """
    for reading in (_with_point, _with_comma):
        found = [_number(text, reading) for text in texts]
        unread = tuple(
            text for text, it in zip(texts, found, strict=True) if it is None and _says(text)
        )
        read = sum(it is not None for it in found)
        if read and len(unread) <= min(WORDS_MAX, (1 - MOST) * len(texts)):
            values = np.array([np.nan if it is None else it for it in found])
            return Written(values, unread)
    return None


def dates_of(texts: Sequence[str]) -> Written | None:
    """datetime64[us] of different texts that are dates in one unambiguous form; else None."""
    said = [text for text in texts if _says(text)]
    if not said or not _most(re.compile(r".*\d").match, said[:LOOKED_AT]):
        return None
    for form in _readings(said):
        found = [form(text) for text in said]
        unread = tuple(text for text, it in zip(said, found, strict=True) if it is None)
        if len(unread) <= (1 - MOST) * len(said):
            known = dict(zip(said, found, strict=True))
            moments = [known.get(text) or np.datetime64("NaT") for text in texts]
            return Written(np.array(moments, dtype=MICROSECOND), unread)
    return None


def two_ways(texts: Sequence[str]) -> str | None:
    """A date such as 3/4/2017 where no text of these says which number is the month."""
    said = [text for text in texts if _says(text)]
    fields = [found for text in said if (found := _SLASHED.fullmatch(text))]
    unclear = bool(fields) and len(fields) == len(said) and _order(fields) is None
    return said[0] if unclear else None


def _says(text: str) -> bool:
    return text.lower() not in _UNKNOWN


def _number(text: str, reading: Callable[[str], str | None]) -> float | None:
    negative = text.startswith("(") and text.endswith(")")
    bare = _DECORATION.sub("", text[1:-1] if negative else text)
    if bare.lower() in {"inf", "+inf", "-inf", "infinity", "-infinity"}:
        return float(bare)
    plain = reading(bare)
    if plain is None:
        return None
    return -float(plain) if negative else float(plain)


def _with_point(bare: str) -> str | None:
    if _PLAIN.fullmatch(bare):
        return bare
    return bare.replace(",", "") if _THOUSANDS.fullmatch(bare) else None


def _with_comma(bare: str) -> str | None:
    return bare.replace(".", "").replace(",", ".") if _DECIMAL_COMMA.fullmatch(bare) else None


def _readings(said: Sequence[str]) -> list[Callable[[str], Any]]:
    """The ways in which most of these may be read."""
    first = said[:LOOKED_AT]
    if _most(_SLASHED.fullmatch, first):
        fields = [found for text in said if (found := _SLASHED.fullmatch(text))]
        order = _order(fields)
        years = whole_years([found[4] for found in fields])
        return [] if order is None else [lambda text: _slashed(text, order, years)]
    if _most(_ISO.fullmatch, first):
        return [_iso]
    return [
        _form(form, said)
        for form in _FORMS
        if _most(lambda text, form=form: _formed(text, form), first)
    ]


def _most(read: Callable[[str], Any], texts: Sequence[str]) -> bool:
    return sum(read(text) is not None for text in texts) > len(texts) / 2


def _order(fields: Sequence[re.Match[str]]) -> str | None:
    """`month` or `day`: which number stands first in all of these dates; None where either may."""
    first, second = {int(found[1]) for found in fields}, {int(found[3]) for found in fields}
    if any(found[2] == "." for found in fields):
        return "day"
    if (max(first) > 12) != (max(second) > 12):  # noqa: PLR2004  # months
        return "day" if max(first) > 12 else "month"  # noqa: PLR2004
    for days, months, order in ((first, second, "day"), (second, first, "month")):
        if days == {1} and len(months) >= MONTHS:  # months are written as their first day
            return order
    return None


def _slashed(text: str, order: str, years: Callable[[str], int]) -> Any:
    found = _SLASHED.fullmatch(text)
    if found is None:
        return None
    day, month = (found[1], found[3]) if order == "day" else (found[3], found[1])
    clock = (int(found[place] or 0) for place in (5, 6, 7))
    try:
        return _moment(datetime(years(found[4]), int(month), int(day), *clock))  # noqa: DTZ001
    except ValueError:
        return None


def _iso(text: str) -> Any:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return _formed(text, "%Y-%m-%d")
    return _moment(at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at)


def _form(form: str, said: Sequence[str]) -> Callable[[str], Any]:
    if "%y" not in form:
        return lambda text: _formed(text, form)
    years = whole_years([text[-2:] for text in said])
    return lambda text: _formed(f"{text[:-2]}{years(text[-2:])}", form.replace("%y", "%Y"))


def _formed(text: str, form: str) -> Any:
    try:
        return _moment(datetime.strptime(text, form))  # noqa: DTZ007  # days, not instants
    except ValueError:
        return None


def _moment(at: datetime) -> Any:
    return np.datetime64(at, "us")
