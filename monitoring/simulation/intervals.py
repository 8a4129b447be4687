"""95% intervals: Wilson for shares, paired for their changes, a seeded bootstrap for sums."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any

import numpy as np

Z = 1.959963984540054  # of 95%
BOOTSTRAP_ROWS_MAX = 5_000  # beyond, a sum is as good as normal
DRAWS = 500
DRAWS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95% interval; None where it is not defined."""

    value: float | None
    low: float | None
    high: float | None


UNDEFINED = Estimate(None, None, None)


@dataclass(frozen=True, slots=True)
class Sides:
    """A figure under both policies, and what the candidate changes."""

    candidate: Estimate
    current: Estimate
    change: Estimate


def share(count: int, of: int) -> Estimate:
    """A share with the interval of Wilson (1927).

    >>> one = share(50, 1000)
    >>> round(one.low, 4), round(one.high, 4)
    (0.0381, 0.0653)
    """
    if not of:
        return UNDEFINED
    part, squared = count / of, Z * Z
    middle = part + squared / (2 * of)
    reach = Z * sqrt(part * (1 - part) / of + squared / (4 * of * of))
    scale = 1 + squared / of
    # At the ends rounding must not push the bound past the share itself.
    low, high = min(part, (middle - reach) / scale), max(part, (middle + reach) / scale)
    return Estimate(part, max(0.0, low), min(1.0, high))


def shares(candidate: Any, current: Any) -> Sides:
    """The share of requests for which each mask holds; both of the same requests."""
    count = len(candidate)
    gained, lost = int((candidate & ~current).sum()), int((current & ~candidate).sum())
    return Sides(
        share(int(candidate.sum()), count),
        share(int(current.sum()), count),
        _changed_share(gained, lost, count),
    )


def _changed_share(gained: int, lost: int, of: int) -> Estimate:
    """The change of a share in the same requests (Agresti and Min 2005: half a pair added)."""
    if not of:
        return UNDEFINED
    more, less, total = gained + 0.5, lost + 0.5, of + 2
    middle = (more - less) / total
    reach = Z * sqrt(more + less - (more - less) ** 2 / total) / total
    change = (gained - lost) / of
    low, high = min(change, middle - reach), max(change, middle + reach)
    return Estimate(change, max(-1.0, low), min(1.0, high))


def sums(columns: Mapping[str, Any], *, seed: int) -> dict[str, Estimate]:
    """Sums of columns over the same requests, had others of the same kind come instead.

    Up to BOOTSTRAP_ROWS_MAX rows by a bootstrap of DRAWS draws (percentiles), beyond by the normal
    distribution, whose standard deviation is that of the rows times the root of their number.
    """
    values = np.stack([np.asarray(one, float) for one in columns.values()], axis=1)
    found = values.sum(axis=0)
    low, high = _reach(values, found, seed=seed)
    return {
        name: Estimate(float(found[place]), float(low[place]), float(high[place]))
        for place, name in enumerate(columns)
    }


def sums_of_both(columns: Mapping[str, tuple[Any, Any]], *, seed: int) -> dict[str, Sides]:
    """Sums of (candidate's, current's) columns and of their differences, drawn together."""
    flat = {}
    for name, (ours, theirs) in columns.items():
        flat |= {f"{name} 0": ours, f"{name} 1": theirs, f"{name} 2": ours - theirs}
    drawn = sums(flat, seed=seed)
    return {name: Sides(*(drawn[f"{name} {side}"] for side in range(3))) for name in columns}


def _reach(values: Any, found: Any, *, seed: int) -> tuple[Any, Any]:
    rows = len(values)
    if rows == 0 or rows > BOOTSTRAP_ROWS_MAX:
        spread = Z * np.sqrt(rows) * (values.std(axis=0) if rows else 0.0)
        return found - spread, found + spread
    chance = np.random.default_rng(seed)
    even = np.full(rows, 1 / rows)
    drawn = np.concatenate(
        [
            chance.multinomial(rows, even, DRAWS_AT_ONCE) @ values
            for _ in range(DRAWS // DRAWS_AT_ONCE)
        ]
    )
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    # A resample that holds a rare amount too seldom must not exclude what was found.
    return np.minimum(low, found), np.maximum(high, found)


def method(rows: int, *, seed: int) -> str:
    """How sums of so many rows get their intervals, in words."""
    if rows > BOOTSTRAP_ROWS_MAX:
        return "normal approximation"
    return f"bootstrap, {DRAWS} draws, seed {seed}"


def rate_change(bad: Any, candidate: Any, current: Any) -> Estimate:
    """The change of a rate among whom each policy approves, where the two overlap (linearised)."""
    counts = int(candidate.sum()), int(current.sum())
    if not all(counts):
        return UNDEFINED
    rates = bad[candidate].mean(), bad[current].mean()
    pulls = [
        np.where(mask, np.where(mask, bad, 0.0) - rate, 0.0) / count
        for mask, rate, count in zip((candidate, current), rates, counts, strict=True)
    ]
    change = float(rates[0] - rates[1])
    reach = Z * float(np.sqrt(((pulls[0] - pulls[1]) ** 2).sum()))
    return Estimate(change, change - reach, change + reach)


def ratio(count: int, of: int, *, against: int, against_of: int) -> Estimate:
    """The ratio of two independent shares, its interval on the log scale (Katz 1978)."""
    if not (of and against and against_of):
        return UNDEFINED
    value = (count / of) / (against / against_of)
    part = max(count, 0.5)
    reach = Z * sqrt(max(0.0, 1 / part - 1 / of + 1 / against - 1 / against_of))
    middle = log((part / of) / (against / against_of))
    low, high = exp(middle - reach), exp(middle + reach)
    return Estimate(value, min(value, low), max(value, high))
