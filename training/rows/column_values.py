"""One column of a table as what a model can read, and what has to be said about it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.manifest import CATEGORY, NUMBER
from training.rows.column_types import (
    floats,
    is_moment,
    is_number,
    is_text,
    microseconds,
    plain,
    texts,
)
from training.rows.identifiers import all_different, names_owners, names_rows
from training.rows.sentinels import sentinels
from training.rows.written import Written, dates_of, numbers_of, two_ways

NUMBERS_AMONG_WORDS = 0.5  # a column that is mostly numbers and yet text is worth a word


@dataclass(frozen=True, slots=True)
class Values:
    """A PyArrow array of float64 or text, or `values` None and why the column is left out.

    `owner` holds codes of whom each row belongs to, where the column names customers.
    """

    values: Any
    dtype: str = NUMBER
    warning: str = ""
    is_day: bool = False
    owner: Any = None


def read_column(column: Any, name: str) -> Values:
    """The column as the trainer may use it."""
    if column.null_count == len(column):
        return _left_out("all values are missing")
    found = plain(column)
    if is_number(found.type):
        return _numbers(floats(found), name, whole=_whole(column.type))
    if is_moment(found.type):
        return _days(microseconds(found), name)
    if is_text(found.type):
        return _text(found, name)
    return _left_out(f"type {column.type} is no number or text")


def _left_out(why: str, owner: Any = None) -> Values:
    return Values(None, warning=f"{why}: left out", owner=owner)


def _whole(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind))


def _numbers(numbers: Any, name: str, *, whole: bool, is_day: bool = False) -> Values:
    import pyarrow as pa

    said = []
    endless = int(np.isinf(numbers).sum())
    if endless:
        said.append(f"{endless} infinite values are read as missing")
        numbers = np.where(np.isinf(numbers), np.nan, numbers)
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return _left_out("all values are missing")
    if known[0] == known.min() == known.max() and len(known) == len(numbers):
        return _left_out("one value in all rows")
    if whole and names_rows(known, name, len(numbers)):
        return _left_out("numbers the rows as an identifier does")
    if whole and names_owners(len(np.unique(known)), name, len(known)):
        return _owners(np.where(np.isnan(numbers), -1, numbers), len(np.unique(known)))
    far = () if is_day else sentinels(known)
    if far:
        said.append(f"{_listed(far)} stands far from all other values: it may mean missing")
    made = pa.array(numbers, pa.float64(), from_pandas=True)
    return Values(made, NUMBER, "; ".join(said), is_day)


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(f"{one:g}" for one in values)


def _owners(codes: Any, different: int) -> Values:
    why = f"{different} different identifiers in {len(codes)} rows: their owners"
    return _left_out(why, owner=np.unique(codes, return_inverse=True)[1])


def _days(moments: Any, name: str, unread: tuple[str, ...] = ()) -> Values:
    days = moments.astype(np.int64) / 86_400_000_000
    days = np.where(np.isnat(moments), np.nan, days)
    found = _numbers(days, name, whole=False, is_day=True)
    if found.values is None:
        return found
    said = "a date: read as days since 1970" + _unread(unread)
    return Values(found.values, NUMBER, said, is_day=True)


def _unread(words: tuple[str, ...]) -> str:
    if not words:
        return ""
    shown = ", ".join(repr(word[:20]) for word in words[:3])
    return f"; {shown}{', ...' if len(words) > 3 else ''} is read as missing"  # noqa: PLR2004


def _text(column: Any, name: str) -> Values:
    codes, words = texts(column)
    known = int((codes >= 0).sum())
    if not known:
        return _left_out("all values are missing")
    written = numbers_of(words)
    if written is not None:
        return _written_numbers(written, codes, name)
    if len(words) == 1 and known == len(codes):
        return _left_out("one value in all rows")
    dates = dates_of(words) if len(words) > 1 else None
    if dates is not None:
        moments = np.append(dates.values, np.datetime64("NaT"))[codes]
        return _days(moments, name, dates.unread)
    return _words(codes, words, known, name)


def _written_numbers(written: Written, codes: Any, name: str) -> Values:
    numbers = np.append(written.values, np.nan)[codes]
    found = _numbers(numbers, name, whole=_are_whole(written.values))
    if found.values is None:
        return found
    said = "text of numbers: read as numbers" + _unread(written.unread)
    return Values(found.values, NUMBER, "; ".join(filter(None, (said, found.warning))))


def _are_whole(values: Any) -> bool:
    known = values[np.isfinite(values)]
    return bool(len(known) and np.all(known == np.floor(known)))


def _words(codes: Any, words: list[str], known: int, name: str) -> Values:
    import pyarrow as pa

    example = two_ways(words)
    if example is not None and len(words) > 1:
        return _left_out(f"dates such as {example} may be read in two ways; write 2026-06-30")
    if all_different(len(words), known):
        return _left_out(f"{len(words)} different texts in {known} rows, as identifiers are")
    if names_owners(len(words), name, known):
        return _owners(codes, len(words))
    made = pa.array([*words, None], pa.string()).take(pa.array(codes % (len(words) + 1)))
    return Values(made, CATEGORY, _mixed(codes, words))


def _mixed(codes: Any, words: list[str]) -> str:
    number = np.array([numbers_of([word]) is not None for word in words])
    share = number[codes[codes >= 0]].mean()
    if not NUMBERS_AMONG_WORDS <= share < 1:
        return ""
    example = words[int(np.flatnonzero(~number)[0])]
    return f"numbers and words such as {example[:20]!r}: read as text"
