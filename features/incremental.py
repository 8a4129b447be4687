"""One more day: new rows into kept tiles, the running state a day on, the snapshot from that."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from credit.progress import Progress
from features.day_values import day_values
from features.entity_values import EPOCH, PROFILE_TABLE
from features.publication import Done, Summary
from features.snapshot import publish_day
from features.tile_store.deliveries import read_already
from features.tile_store.durable import alone, remove_unnamed
from features.tile_store.manifest import Kept, read_kept, write_kept
from features.tile_store.place import Place
from features.tile_store.running import Running, is_kept, running_on, tidy_states, without_lost
from features.tile_store.store import TileStore, tiles_folder

if TYPE_CHECKING:
    from features.sources import History


@dataclass(frozen=True, slots=True)
class Incremental(Summary):
    """What an incremental run did: the snapshots, and the payments that it brought in.

    `payments_corrected` counts keys among them that were known before; `days` is how far the
    running state went; `note` says why all payments were read anew, where they were.
    """

    payments_new: int = 0
    payments_corrected: int = 0
    tiles: int = 0
    days: int = 0
    note: str = ""


def build_incrementally(
    history: "History",
    *,
    as_of: date,
    home: Path,
    now: datetime,
    progress: Progress | None = None,
) -> Incremental:
    """Publish the values as of `as_of`, equal to those of `snapshot.build` to the bit.

    Payments that were read before are not read again: they are kept as tiles in
    `home/features/tiles`, to which the new ones are added. A run that is killed leaves nothing
    half done; the next one ends in the same bytes. InputError where another run is at work.
    """
    started = time.monotonic()
    place = Place(tiles_folder(home), history.connection)
    entities = tuple(entity for entity, table in PROFILE_TABLE.items() if table in history.tables)
    with alone(place.folder):
        came = TileStore(history, place, entities).bring_in(progress)
        kept = without_lost(place.folder, came.kept)
        tidy_states(place.folder, kept, entities)
        day = _Day(history, place, kept, as_of)
        done = tuple(day.publish(entity, home=home, now=now) for entity in entities)
        day.keep(entities)
    return Incremental(
        done,
        time.monotonic() - started,
        rows_read=came.rows,
        payments_new=came.rows,
        payments_corrected=came.corrected,
        tiles=came.tiles,
        days=max((state.stepped for state in day.states.values()), default=0),
        note=came.anew,
    )


def read_before(home: Path, data: Path) -> Callable[[Path], bool]:
    """Tells of a file of the directory `data` whether an incremental run has ingested it."""
    return read_already(read_kept(tiles_folder(home)), data)


@dataclass(slots=True)
class _Day:
    """One day's publication from kept tiles, and the running states that it came to."""

    history: "History"
    place: Place
    kept: Kept
    as_of: date
    states: dict[str, Running] = field(default_factory=dict)

    def publish(self, entity: str, *, home: Path, now: datetime) -> Done:
        return publish_day(
            self.history, entity, self.as_of, home=home, now=now, values=self._values
        )

    def keep(self, entities: tuple[str, ...]) -> None:
        """Keep the states: only once the day is published, so that a kill before loses nothing.

        A kill after that, and before the states are kept, is made good here too.
        """
        folder, kept = self.place.folder, self.kept
        for entity in entities:
            if not is_kept(kept, entity, self._number):
                kept = self._state(entity).keep(folder, kept)
        if kept != read_kept(folder):
            write_kept(folder, kept)
        remove_unnamed(folder, kept)
        tidy_states(folder, kept, entities)

    @property
    def _number(self) -> int:
        return (self.as_of - EPOCH).days

    def _state(self, entity: str) -> Running:
        if entity not in self.states:
            self.states[entity] = running_on(self.place.folder, self.kept, entity, self._number)
        return self.states[entity]

    def _values(self, history: "History", entity: str, day: date) -> pa.Table:
        payments = self._state(entity).measures(self.place.folder, self.kept)
        return day_values(history, entity, day, payments, folder=self.place.prepared)
