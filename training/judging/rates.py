"""Bad rates with intervals: of one group, and of two against each other."""

from math import sqrt
from typing import Any

from models.measures import wilson


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


def chance_of(ours: tuple[int, int], theirs: tuple[int, int]) -> float:
    """How likely chance alone parts two groups, each (bads, rows), so far (Fisher's exact test).

    >>> round(chance_of((2, 2), (0, 2)), 2)
    0.33
    """
    from scipy.stats import fisher_exact

    table = [[bads, rows - bads] for bads, rows in (ours, theirs)]
    return float(fisher_exact(table).pvalue)
