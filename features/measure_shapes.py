"""Shapes over payments that merchants and consumers share.

Weeks are exact integers, and their terms are added in one fixed order: the same bits every time.
"""

from functools import reduce
from operator import add
from typing import Any

import ibis

from features.definition import measure, ratio
from features.payment_measures import WEEKS

BLOCK = 4  # weeks


def growth(days: int) -> Any:
    """Payments of `days` over those of the `days` before, by amount."""
    return ratio(measure(f"payment_minor_{days}d"), measure(f"payment_minor_prev_{days}d"))


def mean_payment(days: int) -> Any:
    """Amount of a payment, the mean of `days`."""
    return ratio(measure(f"payment_minor_{days}d"), measure(f"payment_count_{days}d"))


def refund_rate(days: int) -> Any:
    """Refunded amount over payments, `days` long."""
    return ratio(measure(f"refund_minor_{days}d"), measure(f"payment_minor_{days}d"))


def share_of_payments(what: str, *, of: str, days: int) -> Any:
    """Payments of one sort over all, `of` "count" or "minor"."""
    return ratio(measure(f"{what}_{of}_{days}d"), measure(f"payment_{of}_{days}d"))


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
