"""Columns: what one fact is for many applicants, and the exact whole numbers made of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from credit import money
from credit.policy.evidence import Value

Whole = NDArray[np.int64]
Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
Small = NDArray[np.int8]
Rows = slice | NDArray[np.intp]

MISSING = -1
_WHOLE_MAX = 2.0**62
UNBOUNDED = int(np.iinfo(np.int64).max)  # as good as no bound: above all that a policy can allow


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts: for each row its place in `words`, MISSING where it is not known."""

    codes: NDArray[np.int32]
    words: tuple[str, ...]

    def part(self, rows: Rows) -> "Texts":
        """Some of the rows."""
        return Texts(self.codes[rows], self.words)

    def taken(self, of_words: Sequence[Any], missing: Any) -> NDArray[Any]:
        """For each row what `of_words` says of its word."""
        return np.array([*of_words, missing])[self.codes]


Column = Real | Texts


def texts(values: Sequence[str | None]) -> Texts:
    """A column of texts from a sequence of them, None where missing.

    >>> texts(["hotel", None, "bike", "hotel"]).codes.tolist()
    [0, -1, 1, 0]
    """
    places: dict[str | None, int] = {None: MISSING}
    codes = [places.setdefault(value, len(places) - 1) for value in values]
    return Texts(np.array(codes, np.int32), tuple(word for word in places if word is not None))


def column(values: Sequence[Value]) -> Column:
    """A column from single values: texts, or numbers with NaN where missing.

    TypeError where texts and numbers are mixed.
    """
    known = [value for value in values if value is not None]
    if not any(isinstance(value, str) for value in known):
        return np.array([np.nan if value is None else value for value in values], np.float64)
    if not all(isinstance(value, str) for value in known):
        raise TypeError(f"texts and numbers are mixed: {known[:5]}")
    return texts([None if value is None else str(value) for value in values])


def columns(rows: Sequence[Mapping[str, Value]]) -> dict[str, Column]:
    """The columns of many mappings; a name that a mapping lacks is missing there."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: column([row.get(name) for row in rows]) for name in names}


def numbers(values: Mapping[str, Column], name: str, count: int) -> Real:
    """A measured number for each row, NaN where it is not known; TypeError where it is text."""
    found = values.get(name)
    if found is None:
        return np.full(count, np.nan)
    if isinstance(found, Texts):
        if (found.codes != MISSING).any():
            raise TypeError(f"{name} is text; the policy reads a number")
        return np.full(count, np.nan)
    return found


def whole_minor(values: Real) -> Whole:
    """`money.whole_minor` of each, at most 2**62 either way: more than that no comparison sees.

    ValueError where one is infinite or not known.
    """
    if not np.isfinite(values).all():
        raise ValueError("a measured amount is infinite or not known")
    return np.floor(np.clip(values, -_WHOLE_MAX, _WHOLE_MAX)).astype(np.int64)


def ppm_of(probabilities: Real) -> Real:
    """`money.ppm_of` of each, still as doubles, which hold parts per million exactly.

    ValueError where one is no probability.
    """
    if not ((probabilities >= 0.0) & (probabilities <= 1.0)).all():
        money.ppm_of(float(probabilities[~((probabilities >= 0.0) & (probabilities <= 1.0))][0]))
    ppm: Real = np.rint(probabilities * money.MILLION)
    return ppm


def each(rule: Callable[..., int]) -> Callable[..., Whole]:
    """A rule of whole numbers for whole columns of them: arrays divide and round as integers do.

    Exact while no product leaves 64 bits; who calls it has seen to that.

    >>> each(money.part_down)(np.array([999, -1]), 500_000).tolist()
    [499, -1]
    """
    return cast("Callable[..., Whole]", rule)


part_down = each(money.part_down)
part_up = each(money.part_up)
stepped_down = each(money.stepped_down)
divided_down = each(money.divided_down)
divided_up = each(money.divided_up)
