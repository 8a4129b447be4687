"""Tiles of a whole history as a sweep takes them in: ids are numbers, days come in order."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa
from ibis import _

from features.definition import LONGEST_WINDOW
from features.kept_tiles import kept_tiles
from features.sweep import Arrivals, Tiles, pair
from features.tiles import AMOUNTS

if TYPE_CHECKING:
    from features.sources import History
    from features.sweep.arrivals import Numbers

_IDS = {"entity_id", "counterpart_id"}
READ_DAYS = 16  # days of arrivals, or of events, that are read at once


@dataclass(frozen=True, slots=True)
class CodedTiles:
    """Kept tables of day tiles and counterpart tiles, with codes; `ids` has the id of each code."""

    history: "History"
    days: ibis.Table
    counterparts: ibis.Table
    ids: pa.Array

    def known_on(self, day: int) -> Iterator[Arrivals]:
        """All that counts at the end of `day`, by event days."""
        for start in range(day - LONGEST_WINDOW + 1, day + 1, READ_DAYS):
            stop = min(start + READ_DAYS, day + 1)
            chosen = (_.counts_from <= day) & (_.event_day >= start) & (_.event_day < stop)
            yield Arrivals(*self._read(chosen))

    def after(self, day: int, last: int) -> Iterator[tuple[int, Arrivals]]:
        """What counts from each day after `day` to `last` on, day by day."""
        for start in range(day + 1, last + 1, READ_DAYS):
            stop = min(start + READ_DAYS, last + 1)
            both = self._read((_.counts_from >= start) & (_.counts_from < stop))
            for number in range(start, stop):
                yield number, Arrivals(*(it.where(it.counts_from == number) for it in both))

    def _read(self, chosen: ibis.Deferred) -> tuple[Tiles, Tiles]:
        days = self.history.read(self.days.filter(chosen))
        both = self.history.read(self.counterparts.filter(chosen))
        pairs = pair(_numbers(both, "entity"), _numbers(both, "counterpart"))
        return (
            _tiles(_numbers(days, "entity"), days, tuple(AMOUNTS)),
            _tiles(pairs, both, ("count", "minor")),
        )


@contextmanager
def coded_tiles(history: "History", entity: str, *, first: int, last: int) -> Iterator[CodedTiles]:
    """The tiles that the days `first` to `last` are made of, kept while the block runs."""
    with ExitStack() as stack:

        def kept(name: str, table: ibis.Table) -> ibis.Table:
            return stack.enter_context(history.kept(name, table))

        days, counterparts = (
            _between(tiles, first, last)
            for tiles in stack.enter_context(kept_tiles(history, entity))
        )
        entities = kept("entities", _codes(days, "entity_id", "entity"))
        coded_days = kept("coded_days", _placed(days.inner_join(entities, "entity_id")))
        with history.kept(
            "counterparts", _codes(counterparts, "counterpart_id", "counterpart")
        ) as others:
            coded = counterparts.inner_join(entities, "entity_id")
            coded = coded.inner_join(others, "counterpart_id")
            coded_counterparts = kept("coded_counterparts", _placed(coded))
        ids = history.read(entities.order_by("entity"))["entity_id"].combine_chunks()
        yield CodedTiles(history, coded_days, coded_counterparts, ids)


def _between(tiles: ibis.Table, first: int, last: int) -> ibis.Table:
    """Tiles that count on one of the days; those that came and went before are left out."""
    tiles = tiles.mutate(counts_from=ibis.greatest(_.event_day, _.arrival_day))
    return tiles.filter(_.counts_from <= last, _.event_day > first - LONGEST_WINDOW)


def _codes(tiles: ibis.Table, key: str, code: str) -> ibis.Table:
    ids = tiles.select(key).distinct()
    return ids.mutate(**{code: ibis.row_number().over(order_by=key)})


def _placed(tiles: ibis.Table) -> ibis.Table:
    return tiles.drop([name for name in tiles.columns if name in _IDS])


def _tiles(key: "Numbers", rows: pa.Table, amounts: tuple[str, ...]) -> Tiles:
    days = (_numbers(rows, name) for name in ("event_day", "arrival_day"))
    return Tiles(key, *days, {name: _numbers(rows, name) for name in amounts})


def _numbers(rows: pa.Table, name: str) -> "Numbers":
    return rows[name].fill_null(0).to_numpy().astype(np.int64, copy=False)
