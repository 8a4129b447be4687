"""Measures of payments at each spine row: from tiles to days, from days to windows."""

from typing import Any

import ibis
from ibis import _

from features.definition import LONGEST_WINDOW, WINDOWS, counted, total
from features.tiles import AMOUNTS

WEEKS = 12
COUNTERPART_WINDOWS = (30, 90)
DECIMAL = "decimal(18, 0)"  # its square has 36 digits, so sums of squares stay exact


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


def day_measures(tiles: ibis.Table, spine: ibis.Table) -> ibis.Table:
    """One row a spine row that has tiles: sums by window, trading days, gaps, weeks."""
    days = near(tiles, spine).group_by("spine_id", "ago")
    days = days.aggregate(**{name: total(_[name]) for name in AMOUNTS})
    trading = days.filter(_.payment_count > 0).select("spine_id", "ago", "payment_minor")
    sums = days.group_by("spine_id").aggregate(**_window_sums(), **_earlier_sums(), **_week_sums())
    return sums.left_join(_trading_measures(trading), "spine_id").drop("spine_id_right")


def _window_sums() -> dict[str, Any]:
    return {
        f"{name}_{days}d": total(ibis.ifelse(_.ago < days, _[name], 0))
        for name in AMOUNTS
        for days in WINDOWS
    }


def _earlier_sums() -> dict[str, Any]:
    """The window before the last one of its length: days 31-60 and 91-180."""
    return {
        f"{name}_prev_{days}d": total(ibis.ifelse((_.ago >= days) & (_.ago < 2 * days), _[name], 0))
        for name in ("payment_count", "payment_minor")
        for days in (30, 90)
    }


def _week_sums() -> dict[str, Any]:
    return {
        f"payment_minor_week_{week}": total(
            ibis.ifelse((_.ago >= 7 * week) & (_.ago < 7 * week + 7), _.payment_minor, 0)
        )
        for week in range(WEEKS)
    }


def _trading_measures(trading: ibis.Table) -> ibis.Table:
    later = ibis.window(group_by="spine_id", order_by="ago")
    gaps = trading.mutate(earlier=trading.ago.lead().over(later))
    return gaps.group_by("spine_id").aggregate(
        **{f"active_days_{days}d": total(counted(_.ago < days)) for days in WINDOWS},
        days_since_payment=_.ago.min(),
        history_days=_.ago.max(),
        longest_gap_90d=ibis.ifelse(_.earlier < 90, _.earlier - _.ago, None).max(),  # noqa: PLR2004
        best_day_minor_30d=ibis.ifelse(_.ago < 30, _.payment_minor, None).max(),  # noqa: PLR2004
    )


def counterpart_measures(tiles: ibis.Table, spine: ibis.Table) -> ibis.Table:
    """One row a spine row with identified counterparts: how many, how loyal, how dominant."""
    sums = {
        f"{name}_{days}d": total(ibis.ifelse(_.ago < days, _[name], 0))
        for name in ("count", "minor")
        for days in COUNTERPART_WINDOWS
    }
    sums["count_before_30d"] = total(ibis.ifelse(_.ago >= 30, _["count"], 0))  # noqa: PLR2004
    each = near(tiles, spine).group_by("spine_id", "counterpart_id").aggregate(**sums)
    return each.group_by("spine_id").aggregate(
        counterparts_30d=total(counted(_.count_30d > 0)),
        counterparts_90d=total(counted(_.count_90d > 0)),
        repeat_counterparts_90d=total(counted(_.count_90d > 1)),
        new_counterparts_30d=total(counted((_.count_30d > 0) & (_.count_before_30d <= 0))),
        identified_minor_90d=total(_.minor_90d),
        largest_counterpart_minor_90d=_.minor_90d.max(),
        counterpart_squares_90d=(_.minor_90d.cast(DECIMAL) * _.minor_90d.cast(DECIMAL)).sum(),
    )


ZERO_WHERE_NONE = (
    *_window_sums(),
    *_earlier_sums(),
    *_week_sums(),
    *(f"active_days_{days}d" for days in WINDOWS),
)
