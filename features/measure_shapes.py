"""Shapes over payments that merchants and consumers share.

Weeks are exact integers, and their terms are added in one fixed order: the same bits every time.
"""

from functools import reduce
from operator import add
from typing import Any

import ibis

from features.definition import measure, ratio
from features.windows import SCENES, WEEKDAYS, WEEKS

BLOCK = 4  # weeks


def growth(of: str, *, days: int) -> Any:
    """Payments of `days` over those of the `days` before, `of` "count" or "minor"."""
    return ratio(measure(f"payment_{of}_{days}d"), measure(f"payment_{of}_prev_{days}d"))


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
    """Coefficient of variation of the weeks; missing without turnover."""
    return _variation(_weeks())


def weekday_variation() -> Any:
    """Coefficient of variation of the days of the week, each over as many weeks."""
    return _variation([measure(f"payment_minor_weekday_{day}") for day in range(WEEKDAYS)])


def weekly_slope() -> Any:
    """Least squares' slope of the weeks, as a share of the mean week: +0.1 gains a tenth a week.

    The weeks stand 0, 1, ... before now, so a week's weight is how much later than the middle it
    is, doubled to stay whole; the sum of those squares is `WEEKS (WEEKS^2 - 1) / 3`. Whole numbers
    would not hold the products of the largest amounts; of others these are exact too.
    """
    weeks = [week.cast("float64") for week in _weeks()]
    weights = [WEEKS - 1 - 2 * week for week in range(WEEKS)]
    leaning = reduce(add, [week * weight for week, weight in zip(weeks, weights, strict=True)])
    return ratio(leaning * 6, reduce(add, weeks) * (WEEKS * WEEKS - 1))


def idle_weeks() -> Any:
    """Weeks without a payment."""
    return reduce(add, [(week == 0).cast("int64") for week in _weeks()])


def silence(days: int) -> Any:
    """Days since the last payment over the usual days from one trading day to the next."""
    trading = measure(f"active_days_{days}d")
    return ibis.ifelse(trading > 0, measure("days_since_payment") * trading, None) / float(days)


def drawdown() -> Any:
    """How far the latest block of weeks fell below the best one, as a share of the best."""
    weeks = _weeks()
    blocks = [reduce(add, weeks[start : start + BLOCK]) for start in range(0, WEEKS, BLOCK)]
    return 1 - ratio(blocks[0], ibis.greatest(*blocks))


def scene_index(days: int) -> Any:
    """Herfindahl index of the scenes' shares; missing where none of the known scenes occurs.

    What is in no known scene is one more. The terms are exact, or added in one fixed order.
    """
    scenes, known = _scenes(days), _in_known_scenes(days)
    parts = [*scenes, measure(f"payment_minor_{days}d") - known]
    shares = [ratio(part, measure(f"payment_minor_{days}d")) for part in parts]
    return ibis.ifelse(known > 0, reduce(add, [share * share for share in shares]), None)


def largest_scene_share(days: int) -> Any:
    """The largest known scene's share; missing where none occurs."""
    share = ratio(ibis.greatest(*_scenes(days)), measure(f"payment_minor_{days}d"))
    return ibis.ifelse(_in_known_scenes(days) > 0, share, None)


def _variation(parts: list[Any]) -> Any:
    mean = reduce(add, parts).cast("float64") / len(parts)
    squares = reduce(add, [(part - mean) * (part - mean) for part in parts])
    return (squares / len(parts)).sqrt() / mean.nullif(0)


def _scenes(days: int) -> list[Any]:
    return [measure(f"scene_{scene}_minor_{days}d") for scene in SCENES]


def _in_known_scenes(days: int) -> Any:
    return reduce(add, _scenes(days))


def _weeks() -> list[Any]:
    return [measure(f"payment_minor_week_{week}") for week in range(WEEKS)]
