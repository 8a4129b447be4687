"""Daily snapshots of a stretch of days, from one walk over the payments' tiles."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from credit.errors import InputError
from credit.progress import Progress
from features.coded_tiles import CodedTiles, coded_tiles
from features.day_values import day_values
from features.entity_values import EPOCH, PROFILE_TABLE
from features.publication import Done, Summary
from features.snapshot import publish_day
from features.sweep import Sweep

if TYPE_CHECKING:
    from features.sources import History


def backfill(
    history: "History",
    *,
    first: date,
    last: date,
    home: Path,
    now: datetime,
    progress: Progress | None = None,
) -> Summary:
    """Publish the values of every day from `first` to `last`, equal to `build`'s to the bit.

    Payments are read once, whatever the number of days. Each day is published by itself: a run
    that is killed is taken up where it stopped. InputError where `last` is before `first`.
    """
    if last < first:
        raise InputError(f"the last day {last} is before the first one {first}", "swap them")
    started = time.monotonic()
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    done = []
    for entity in (entity for entity, table in PROFILE_TABLE.items() if table in history.tables):
        with Walk(history, entity, last, folder=home / "features" / "prepared") as walk:
            done.append(_published(walk, days, home, now, progress))
    return Summary(tuple(done), time.monotonic() - started)


class Walk:
    """One walk over an entity kind's history; it sets out when the first values are asked for."""

    def __init__(self, history: "History", entity: str, last: date, *, folder: Path) -> None:
        self.history, self.entity, self.last = history, entity, (last - EPOCH).days
        self._folder = folder
        self._stack = ExitStack()
        self._ids = pa.array([], pa.string())
        self._on_the_way: Iterator[Sweep] = iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def values(self, history: "History", entity: str, day: date) -> pa.Table:
        """The values as of `day`; the days that are asked for ascend."""
        measures = self._at((day - EPOCH).days).groups(self._ids)
        return day_values(history, entity, day, measures, folder=self._folder)

    def _at(self, day: int) -> Sweep:
        for sweep in self._on_the_way:
            if sweep.day == day:
                return sweep
        opening = coded_tiles(self.history, self.entity, first=day, last=self.last)
        tiles = self._stack.enter_context(opening)
        self._ids = tiles.ids
        self._on_the_way = self._days(tiles, day)
        return next(self._on_the_way)

    def _days(self, tiles: CodedTiles, first: int) -> Iterator[Sweep]:
        sweep = Sweep.empty(first)
        for arrivals in tiles.known_on(first):
            sweep.advance(first, arrivals)
        yield sweep
        for day, arrivals in tiles.after(first, self.last):
            sweep.advance(day, arrivals)
            yield sweep


def _published(
    walk: Walk, days: list[date], home: Path, now: datetime, progress: Progress | None
) -> Done:
    written = 0
    for number, day in enumerate(days):
        if progress is not None:
            progress(f"{walk.entity} features", number / len(days))
        done = publish_day(walk.history, walk.entity, day, home=home, now=now, values=walk.values)
        written += done.written
    if progress is not None:
        progress(f"{walk.entity} features", 1.0)
    note = f"{written} of {len(days)} days from {days[0]} on were written"
    return replace(done, written=written > 0, note=note)
