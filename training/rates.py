"""Bad rates with intervals: of one group, and of two against each other."""

from math import sqrt
from typing import Any

Z = 1.959963984540054  # of 95%


def wilson(bads: float, rows: int) -> tuple[float, float]:
    """The 95% interval of a share (Wilson 1927); 0 to 1 where there are no rows.

    >>> low, high = wilson(50, 1000)
    >>> round(low, 4), round(high, 4)
    (0.0381, 0.0653)
    """
    if not rows:
        return 0.0, 1.0
    share, squared = bads / rows, Z * Z
    middle = share + squared / (2 * rows)
    reach = Z * sqrt(share * (1 - share) / rows + squared / (4 * rows * rows))
    scale = 1 + squared / rows
    # At the ends rounding must not push a bound past the share itself.
    low, high = min(share, (middle - reach) / scale), max(share, (middle + reach) / scale)
    return max(0.0, low), min(1.0, high)


def rate(bads: int, rows: int) -> dict[str, Any]:
    """`rows, bads, bad_rate, low, high`; the last three None where there are no rows."""
    if not rows:
        return {"rows": 0, "bads": 0, "bad_rate": None, "low": None, "high": None}
    low, high = wilson(bads, rows)
    return {
        "rows": int(rows),
        "bads": int(bads),
        "bad_rate": float(bads / rows),
        "low": low,
        "high": high,
    }


def rate_of(label: Any) -> dict[str, Any]:
    """The same of an array of labels, 1 for bad."""
    return rate(int(label.sum()), len(label))


def difference(ours: tuple[int, int], theirs: tuple[int, int]) -> dict[str, float | None]:
    """Bad rate of ours less theirs, each (bads, rows), with its 95% interval.

    Newcombe 1998, method 10: Wilson's limits of both, combined. None where a side has no rows.

    >>> found = difference((5, 100), (15, 100))
    >>> round(found["bad_rate"], 3), round(found["low"], 3), round(found["high"], 3)
    (-0.1, -0.188, -0.016)
    """
    if not ours[1] or not theirs[1]:
        return {"bad_rate": None, "low": None, "high": None}
    here, there = ours[0] / ours[1], theirs[0] / theirs[1]
    (low, high), (least, most) = wilson(*ours), wilson(*theirs)
    gap = here - there
    return {
        "bad_rate": gap,
        "low": gap - sqrt((here - low) ** 2 + (most - there) ** 2),
        "high": gap + sqrt((high - here) ** 2 + (there - least) ** 2),
    }
