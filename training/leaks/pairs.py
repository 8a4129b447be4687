"""What two columns show together: equal for one class alone, or apart by what became of a loan."""

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from models.measures import auc
from training.leaks.signs import CERTAIN, LIKELY, Column, Sign, purity

COLUMNS_MAX = 60  # beyond, only those that rank best alone are paired
LOOKED_AT = 4000  # rows, half of them bads where there are as many
EQUAL_LEAST = 0.02
APART, APART_NAMED, APART_SURE, ABOVE_BOTH = 0.90, 0.80, 0.95, 0.08
LATER, GAP_RANKS = 0.8, 0.80
PAIRED_FROM = 0.75  # a model weaker than this has found no such pair

Found = tuple[Column, Sign]


def pair_signs(
    columns: Sequence[Column], label: Any, *, model_auc: float | None
) -> Iterator[Found]:
    """Columns that equal another for one class alone, or tell the outcome by their difference."""
    numbers = sorted((it for it in columns if not it.is_category), key=lambda it: -it.alone)
    rows = _balanced(label)
    for first, second in combinations(numbers[:COLUMNS_MAX], 2):
        sign = _equal(first, second, label, rows)
        if sign is None and (model_auc or 0.0) >= PAIRED_FROM:
            sign = _apart(first, second, label, rows)
        if sign is not None:
            yield first, sign


def gap_signs(
    columns: Sequence[Column], label: Any, *, days: Collection[str], time: Any
) -> Iterator[Found]:
    """Dates that lie after the row's own time (or another date) by what the outcome took."""
    dates = [column for column in columns if column.name in days]
    own = _as_days(time)
    rows = _balanced(label)
    for date in dates:
        if own is not None:
            sign = _gap(date, own, "the row's own time", label, rows)
            if sign is not None:
                yield date, sign
    for first, second in combinations(dates, 2):
        earlier, later = sorted((first, second), key=lambda it: np.nanmedian(it.values))
        sign = _gap(later, earlier.values, repr(earlier.name), label, rows)
        if sign is not None:
            yield later, sign


def _as_days(time: Any) -> Any:
    if time is None or time.dtype.kind != "M":
        return None
    return time.astype("datetime64[us]").astype(np.int64) / 86_400_000_000


def _balanced(label: Any) -> Any:
    """Places of rows to look at, as many bads as goods where that may be."""
    random = np.random.default_rng(0)
    picked = [
        random.permutation(np.flatnonzero(label == outcome))[: LOOKED_AT // 2] for outcome in (0, 1)
    ]
    return np.sort(np.concatenate(picked))


def _equal(first: Column, second: Column, label: Any, rows: Any) -> Sign | None:
    seen = np.mean(first.values[rows] == second.values[rows])
    if not EQUAL_LEAST <= seen <= 1 - EQUAL_LEAST:
        return None
    same = np.abs(first.values - second.values) < 0.005  # noqa: PLR2004  # half a cent
    for what, pattern in (("equals", same), ("differs from", ~same)):
        for outcome, name in ((1, "bads"), (0, "goods")):
            if _fills(pattern, label == outcome):
                why = f"{int(pattern.sum())} rows where it {what} {second.name!r} are {name} alone"
                return Sign(why, CERTAIN)
    return None


def _fills(pattern: Any, mine: Any) -> bool:
    return purity(pattern, mine, varied=False, late=False) is not None


def _apart(first: Column, second: Column, label: Any, rows: Any) -> Sign | None:
    """What share of `second` the first is ranks far better than either: paid of due, say."""
    one, two = first.values[rows], second.values[rows]
    known = (one > 0) & (two > 0)
    if known.mean() < 0.5 or max(_span(one[known]), _span(two[known])) < 10:  # noqa: PLR2004  # amounts
        return None
    area = auc(label[rows][known], one[known] / two[known]) or 0.5
    area = max(area, 1 - area)
    least = APART_NAMED if first.sounds_late else APART
    if area < least or area < max(first.alone, second.alone) + ABOVE_BOTH:
        return None
    return Sign(
        f"what part of {second.name!r} it is tells goods from bads with AUC {area:.3f}",
        CERTAIN if area >= APART_SURE else LIKELY,
    )


def _span(values: Any) -> int:
    return len(np.unique(values))


def _gap(date: Column, other: Any, what: str, label: Any, rows: Any) -> Sign | None:
    gap = date.values[rows] - other[rows]
    known = ~np.isnan(gap)
    if known.mean() < 0.5 or (gap[known] > 0).mean() < LATER:  # noqa: PLR2004  # most rows
        return None
    area = auc(label[rows][known], gap[known]) or 0.5
    area = max(area, 1 - area)
    if area < GAP_RANKS:
        return None
    why = f"it lies after {what}, and how long after tells goods from bads with AUC {area:.3f}"
    return Sign(why, CERTAIN if area >= APART_SURE else LIKELY)
