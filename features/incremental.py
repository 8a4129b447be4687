"""One more day: new rows into kept tiles, and the day's snapshot from these."""

import time
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from credit.progress import Progress
from features.day_values import day_values
from features.publication import Done, Summary
from features.snapshot import publish_day
from features.spine import PROFILE_TABLE
from features.tile_store.durable import alone
from features.tile_store.manifest import Kept
from features.tile_store.measures import measures_on
from features.tile_store.place import Place
from features.tile_store.store import TileStore, tiles_folder

if TYPE_CHECKING:
    from features.sources import History


@dataclass(frozen=True, slots=True)
class Incremental(Summary):
    """What an incremental run did: the snapshots, and the payments that it brought in.

    `note` says why all payments were read anew, where they were.
    """

    payments_new: int = 0
    payments_corrected: int = 0
    tiles: int = 0
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
        done = tuple(
            _published(history, entity, as_of, place, came.kept, home=home, now=now)
            for entity in entities
        )
    seconds = time.monotonic() - started
    return Incremental(
        done,
        seconds,
        payments_new=came.rows,
        payments_corrected=came.corrected,
        tiles=came.tiles,
        note=came.anew,
    )


def _published(
    history: "History",
    entity: str,
    as_of: date,
    place: Place,
    kept: Kept,
    *,
    home: Path,
    now: datetime,
) -> Done:
    def from_tiles(history: "History", entity: str, day: date) -> pa.Table:
        payments = measures_on(history, place.folder, kept, entity, day)
        return day_values(history, entity, day, payments, folder=place.prepared)

    return publish_day(history, entity, as_of, home=home, now=now, values=from_tiles)
