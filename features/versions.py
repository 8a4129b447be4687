"""Rows that are versions: what was known when.

Knowledge is counted in whole UTC days: a row recorded on day R is known as of every day from R on.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import ibis
import ibis.expr.datatypes as dt
from ibis import _

FOREVER = 2_000_000  # a day number that no date reaches


class Engine(Protocol):
    """What keeps a table."""

    def kept(self, name: str, table: ibis.Table) -> AbstractContextManager[ibis.Table]:
        """`table` computed once, and kept while the block runs."""

    def repeated(self, numbers: ibis.Table) -> AbstractContextManager[ibis.Table]:
        """Those of one column of numbers that stand in it more than once, kept the same way."""


def day_number(time: ibis.Value) -> ibis.Value:
    """Whole days since 1970-01-01 of a date or time (UTC)."""
    date = time.date() if time.type().is_timestamp() else time
    return date.epoch_days().cast("int64")


def start_of(day: int) -> ibis.Value:
    """The first moment of a day. Engines skip what is compared with it, not with a day number."""
    return ibis.literal(datetime(1970, 1, 1) + timedelta(days=day))  # noqa: DTZ001 - UTC, as rows


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


def numbers_that_repeat(numbers: ibis.Table) -> ibis.Table:
    """The different numbers of one column that stand in it more than once."""
    (name,) = numbers.columns
    return numbers.group_by(name).having(_.count() > 1).aggregate()


def version_key(rows: ibis.Table, key: str) -> ibis.Value:
    """A number that all versions of a key share; another key may share it too."""
    return _hash(rows[key])


@ibis.udf.scalar.builtin(name="hash")
def _hash(text: str) -> dt.uint64:
    """The engine's own hash: Ibis' turns it into another number at some cost."""


@dataclass(frozen=True, slots=True)
class Versions:
    """Rows that are their `key`'s only version, and the other ones: only these need an order."""

    key: str
    single: ibis.Table
    several: ibis.Table


@contextmanager
def told_apart(
    engine: "Engine", rows: ibis.Table, key: str, seen: Callable[[ibis.Table], ibis.Table]
) -> Iterator[Versions]:
    """`rows`, as `seen` turns them, by whether other rows share their key.

    What is found stands while the block runs. Rows are turned last, when few of them are looked at.
    """
    with (
        engine.repeated(rows.select(version_key=version_key(rows, key))) as repeated,
        engine.kept("several", rows.semi_join(repeated, _sharing(rows, key, repeated))) as several,
    ):
        single = rows.anti_join(repeated, _sharing(rows, key, repeated))
        yield Versions(key, seen(single), seen(several))


def _sharing(rows: ibis.Table, key: str, repeated: ibis.Table) -> ibis.Value:
    return version_key(rows, key) == repeated.version_key


def latest_by(versions: Versions, day: int) -> ibis.Table:
    """The version of each row that was known at the end of `day`."""
    single, several = (
        rows.filter(rows.recorded_at < start_of(day + 1))
        for rows in (versions.single, versions.several)
    )
    latest_first = ibis.window(group_by=versions.key, order_by=ibis.desc("recorded_at"))
    placed = several.mutate(place=ibis.row_number().over(latest_first))
    return single.union(placed.filter(_.place == 0).drop("place"))


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


def signed(versions: Versions) -> ibis.Table:
    """Versions as entries that add up: +1 on the day one arrives, -1 on the day it is overtaken.

    Sums over the entries that arrived by a day are sums over what was known on it, so that
    whatever is added up by arrival day never has to be changed afterwards.
    """
    first = versions.single.mutate(
        arrival_day=day_number(versions.single.recorded_at), sign=ibis.literal(1, "int64")
    )
    known = with_knowledge(versions.several, versions.key)
    arrivals = known.mutate(arrival_day=known.known_from, sign=ibis.literal(1, "int64"))
    overtaken = known.filter(known.known_until < FOREVER)
    departures = overtaken.mutate(arrival_day=overtaken.known_until, sign=ibis.literal(-1, "int64"))
    changes = arrivals.union(departures).drop("known_from", "known_until")
    return first.union(changes.select(first.columns))
