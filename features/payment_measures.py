"""Measures of payments: from rows or tiles to days, from days to windows.

Both shapes of measures begin with what is near: rows of `spine_id` and `ago` (days before the day
that the spine row asks for), be they tiles that a spine met or one day's rows themselves.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import ibis
from ibis import _

from features.definition import LONGEST_WINDOW, WINDOWS, counted, total
from features.versions import Engine
from features.windows import COUNTERPART_WINDOWS, WEEKDAYS, WINDOW_SUMS, WindowSum

DECIMAL = "decimal(19, 0)"  # DuckDB keeps products of narrower ones in 18 digits, and overflows
SQUARES = "decimal(38, 0)"  # said, since Ibis would keep two of the digits for what is no money
TOP = 5  # counterparts that concentration looks at
Taken = TypeVar("Taken")


def near(tiles: ibis.Table, spine: ibis.Table) -> ibis.Table:
    """Tiles within the longest window of each spine row that had arrived by then."""
    joined = tiles.inner_join(
        spine,
        [
            tiles.entity_id == spine.entity_id,
            tiles.arrival_day <= spine.as_of_day,
            tiles.event_day <= spine.as_of_day,
            tiles.event_day > spine.as_of_day - LONGEST_WINDOW,
        ],
    )
    return joined.mutate(ago=_.as_of_day - _.event_day)


def window_sums(near: ibis.Table) -> ibis.Table:
    """One row a spine row that has something near: every additive measure."""
    return near.group_by("spine_id").aggregate(
        **{window.name: total(_within(window)) for window in WINDOW_SUMS}
    )


def _within(window: WindowSum) -> Any:
    inside = _.ago < window.end_ago
    if window.first_ago:
        inside &= _.ago >= window.first_ago
    if window.weekday is not None:
        inside &= _.event_day % WEEKDAYS == window.weekday
    return ibis.ifelse(inside, _[window.amount], 0)


def trading_measures(near: ibis.Table) -> ibis.Table:
    """One row a spine row that traded: how many days, how recently, with what gaps."""
    days = near.group_by("spine_id", "ago").aggregate(
        payment_count=total(_.payment_count), payment_minor=total(_.payment_minor)
    )
    later = ibis.window(group_by="spine_id", order_by="ago")
    trading = days.filter(_.payment_count > 0).mutate(earlier=_.ago.lead().over(later))
    return trading.group_by("spine_id").aggregate(
        **{f"active_days_{days}d": total(counted(_.ago < days)) for days in WINDOWS},
        days_since_payment=_.ago.min(),
        history_days=_.ago.max(),
        longest_gap_90d=ibis.ifelse(_.earlier < 90, _.earlier - _.ago, None).max(),  # noqa: PLR2004
        best_day_minor_30d=ibis.ifelse(_.ago < 30, _.payment_minor, None).max(),  # noqa: PLR2004
    )


def near_counterparts(near: ibis.Table) -> ibis.Table:
    """What is near, one row a spine row and counterpart that is known to have paid."""
    sums = {
        f"count_{days}d": total(ibis.ifelse(_.ago < days, _["count"], 0))
        for days in COUNTERPART_WINDOWS
    }
    each = near.group_by("spine_id", "counterpart_id").aggregate(
        **sums,
        minor_90d=total(ibis.ifelse(_.ago < 90, _.minor, 0)),  # noqa: PLR2004
    )
    return each.filter(_[f"count_{LONGEST_WINDOW}d"] > 0).drop("counterpart_id")


def counterpart_measures(each: ibis.Table) -> ibis.Table:
    """One row a spine row with identified counterparts: how many, how loyal, how dominant."""
    new = (_.count_30d > 0) & (_[f"count_{LONGEST_WINDOW}d"] <= _.count_30d)
    largest = ibis.window(group_by="spine_id", order_by=ibis.desc("minor_90d"))
    ranked = each.mutate(place=ibis.row_number().over(largest))
    top = ranked.filter(_.place < TOP).group_by("spine_id")
    top = top.aggregate(top5_counterparts_minor_90d=total(_.minor_90d))
    measures = each.group_by("spine_id").aggregate(
        counterparts_30d=total(counted(_.count_30d > 0)),
        counterparts_90d=total(counted(_.count_90d > 0)),
        repeat_counterparts_90d=total(counted(_.count_90d > 1)),
        new_counterparts_30d=total(counted(new)),
        identified_count_90d=total(_.count_90d),
        most_payments_of_one_90d=_.count_90d.max(),
        identified_minor_90d=total(_.minor_90d),
        largest_counterpart_minor_90d=_.minor_90d.max(),
        counterpart_squares_90d=(_.minor_90d.cast(DECIMAL) * _.minor_90d.cast(DECIMAL))
        .sum()
        .cast(SQUARES),
    )
    return measures.left_join(top, "spine_id").drop("spine_id_right")


def measures_of(
    engine: Engine,
    days: ibis.Table,
    counterparts: ibis.Table,
    take: Callable[[ibis.Table], Taken],
) -> tuple[Taken, Taken, Taken]:
    """All measures, as `take` takes each: of what is near, in day tiles and in counterpart tiles.

    Each is computed by itself: an engine that met a table twice in one query would keep it whole.
    """
    with engine.kept("counterparts", near_counterparts(counterparts)) as each:
        of_counterparts = take(counterpart_measures(each))
    return of_counterparts, take(window_sums(days)), take(trading_measures(days))


ZERO_WHERE_NONE = (
    *(window.name for window in WINDOW_SUMS),
    *(f"active_days_{days}d" for days in WINDOWS),
)
