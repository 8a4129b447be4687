"""Values that stand for something else: 96, 999 or -1 far from all others and often."""

from typing import Any

import numpy as np

ROWS_MIN, ROWS_SHARE = 10, 0.001  # this often it is no odd one out
WORTHS_MAX = 3  # so many different values may stand apart
FAR = 2.0  # times the range of all others


def sentinels(numbers: Any) -> tuple[float, ...]:
    """The values (missing ones left out) that stand far from all others in many rows.

    >>> sentinels(np.array([0, 1, 2, 3] * 100 + [98] * 12))
    (98.0,)
    >>> sentinels(np.arange(400.0))
    ()
    """
    worth, count = np.unique(numbers, return_counts=True)
    for side, values, rows in ((1, worth, count), (-1, -worth[::-1], count[::-1])):
        found = _above(values, rows)
        if len(found):
            return tuple(sorted(float(side * one) for one in found))
    return ()


def _above(worth: Any, count: Any) -> Any:
    most = min(WORTHS_MAX, len(worth) - 2)
    for apart in range(1, most + 1):
        body, gap = worth[:-apart], worth[-apart] - worth[-apart - 1]
        many = count[-apart:].sum() >= max(ROWS_MIN, ROWS_SHARE * count.sum())
        if (
            many
            and gap > FAR * (body[-1] - body[0])
            and count[:-apart].sum() > count[-apart:].sum()
        ):
            return worth[-apart:]
    return worth[:0]
