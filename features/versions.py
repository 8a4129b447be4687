"""Rows that are versions: what was known when.

Knowledge is counted in whole UTC days: a row recorded on day R is known as of every day from R on.
"""

import ibis
from ibis import _

FOREVER = 2_000_000  # a day number that no date reaches


def day_number(time: ibis.Value) -> ibis.Value:
    """Whole days since 1970-01-01 of a date or time (UTC)."""
    date = time.date() if time.type().is_timestamp() else time
    return date.epoch_days().cast("int64")


def with_knowledge(table: ibis.Table, key: str) -> ibis.Table:
    """`table` with `known_from` and `known_until` (exclusive), in days, of each version.

    Versions that were overtaken on the day they came are never known at a day's end and go.
    """
    order = ibis.window(group_by=key, order_by="recorded_at")
    known = table.mutate(
        known_from=day_number(table.recorded_at),
        known_until=ibis.coalesce(day_number(table.recorded_at.lead().over(order)), FOREVER),
    )
    return known.filter(_.known_from < _.known_until)


def known_at(versions: ibis.Table, spine: ibis.Table, key: str) -> ibis.Table:
    """The versions known at each spine row, joined by `key`, with `spine_id` and `as_of_day`."""
    spine = spine.select("spine_id", **{f"spine_{key}": spine[key], "as_of_day": spine.as_of_day})
    joined = versions.inner_join(
        spine,
        [
            versions[key] == spine[f"spine_{key}"],
            versions.known_from <= spine.as_of_day,
            versions.known_until > spine.as_of_day,
        ],
    )
    return joined.drop(f"spine_{key}")


def signed(table: ibis.Table, key: str) -> ibis.Table:
    """Versions as entries that add up: +1 on the day one arrives, -1 on the day it is overtaken.

    Sums over the entries that arrived by a day are sums over what was known on it, so that
    whatever is added up by arrival day never has to be changed afterwards.
    """
    known = with_knowledge(table, key)
    arrivals = known.mutate(arrival_day=known.known_from, sign=ibis.literal(1, "int64"))
    overtaken = known.filter(known.known_until < FOREVER)
    departures = overtaken.mutate(arrival_day=overtaken.known_until, sign=ibis.literal(-1, "int64"))
    return arrivals.union(departures).drop("known_from", "known_until")
