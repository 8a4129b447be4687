"""Shapes over weekly turnover that merchants and consumers share.

Weeks are exact integers, and their terms are added in one fixed order: the same bits every time.
"""

from functools import reduce
from operator import add
from typing import Any

import ibis

from features.definition import measure, ratio
from features.payment_measures import WEEKS

BLOCK = 4  # weeks


def weekly_variation() -> Any:
    """Standard deviation of the weeks over their mean; missing without turnover."""
    weeks = _weeks()
    mean = reduce(add, weeks).cast("float64") / len(weeks)
    squares = reduce(add, [(week - mean) * (week - mean) for week in weeks])
    return (squares / len(weeks)).sqrt() / mean.nullif(0)


def drawdown() -> Any:
    """How far the latest block of weeks fell below the best one, as a share of the best."""
    weeks = _weeks()
    blocks = [reduce(add, weeks[start : start + BLOCK]) for start in range(0, WEEKS, BLOCK)]
    return 1 - ratio(blocks[0], ibis.greatest(*blocks))


def _weeks() -> list[Any]:
    return [measure(f"payment_minor_week_{week}") for week in range(WEEKS)]
