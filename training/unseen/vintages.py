"""Vintages: how each month's decisions turned out, and how fast they went bad.

A vintage is what was decided in one month (or quarter). Beside its bad rate stands what the
model expects of it, so that a book that worsens is told from one whose mix has changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from models.drift import shift
from training.judging.rates import rate_of

MONTH = "datetime64[M]"
PARTS = ("train", "test")
AGE_STEP_DAYS = 30


def vintages(
    time: Any,
    label: Any,
    probability: Any,
    part: Any,
    *,
    days_to_bad: Any = None,
    mix: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Bad rates by month of decision and, where known, by age; None where rows have no dates.

    `part` says "train" or "test" for each row (any other word: not looked at), `probability`
    what the model says of it without having learnt from it (NaN: nothing). `days_to_bad` (NaN
    for goods) gives the curves by age. `mix` are columns of words or numbers (what was asked
    for, where, for how long) whose shares are compared, month by month, with the training
    rows' (PSI).
    """
    used = np.isin(part, PARTS)
    if time is None or time.dtype.kind != "M" or not used.any():
        return None
    month = time.astype(MONTH)
    book = _Book(label, np.asarray(probability, dtype=np.float64), part, _told(mix or {}))
    found: dict[str, Any] = {
        "months": [book.month(side, one, rows) for (side, one), rows in _parted(month, part)]
    }
    if days_to_bad is not None:
        found["by_age"] = _by_age(month, label, part, days_to_bad)
    return found


def _told(mix: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that say anything, numbers as float64."""
    typed = {
        name: values.astype(np.float64) if values.dtype.kind in "iuf" else values
        for name, values in mix.items()
    }
    return {
        name: values
        for name, values in typed.items()
        if not all(value is None or value != value for value in values.tolist())  # noqa: PLR0124  # NaN
    }


def _parted(unit: Any, part: Any) -> list[tuple[tuple[str, Any], Any]]:
    """Rows of each month of each part: a month that the split divides stands twice."""
    return [
        ((side, one), here & (unit == one))
        for side in PARTS
        for here in [part == side]
        for one in np.unique(unit[here])
    ]


@dataclass(frozen=True, slots=True)
class _Book:
    """Every row's outcome, what the model says of it, its part and its words."""

    label: Any
    probability: Any
    part: Any
    mix: Mapping[str, Any]

    def month(self, side: str, month: Any, rows: Any) -> dict[str, Any]:
        """One vintage's line: how it turned out, what was expected, how its mix has moved."""
        said = self.probability[rows & ~np.isnan(self.probability)]
        return {
            "month": str(month),
            "part": side,
            **rate_of(self.label[rows]),
            "mean_probability": float(said.mean()) if len(said) else None,
            "mix_psi": {name: self._moved(values, rows) for name, values in self.mix.items()},
        }

    def _moved(self, values: Any, rows: Any) -> float | None:
        before = self.part == "train"
        if not before.any():
            return None
        if values.dtype.kind == "f":
            return shift("mix", values[before], values[rows], category=False).psi
        return shift("mix", values[before].tolist(), values[rows].tolist(), category=True).psi


def _by_age(month: Any, label: Any, part: Any, days_to_bad: Any) -> list[dict[str, Any]]:
    """Cumulative bad rate of each quarter's decisions by days since.

    Every row has been watched to the end of its window, so a curve's end is its bad rate, less
    the bads whose day is not known.
    """
    quarter = month.astype("datetime64[M]").astype(np.int64) // 3
    return [
        {
            "vintage": _quarter(one),
            "part": side,
            "rows": int(rows.sum()),
            "bads": int(label[rows].sum()),
            "day_unknown": int((np.isnan(days_to_bad[rows]) & (label[rows] == 1)).sum()),
            "curve": _curve(days_to_bad[rows]),
        }
        for (side, one), rows in _parted(quarter, part)
    ]


def _quarter(number: int) -> str:
    years, quarter = divmod(int(number), 4)
    return f"{1970 + years}Q{quarter + 1}"


def _curve(days: Any) -> list[dict[str, Any]]:
    known = np.sort(days[~np.isnan(days)])
    last = max(1, ceil(known[-1])) if len(known) else 1
    steps = range(AGE_STEP_DAYS, last + AGE_STEP_DAYS, AGE_STEP_DAYS)
    bads = np.searchsorted(known, steps, side="right")
    return [
        {"days": age, "bads": int(count), "bad_rate": float(count / len(days))}
        for age, count in zip(steps, bads, strict=True)
    ]
