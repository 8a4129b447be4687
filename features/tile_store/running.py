"""The running state of an entity kind on a day: the kept one walked on, or one made anew."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.definition import LONGEST_WINDOW
from features.sweep import Arrivals, Sweep, Tiles, load, named, pair, save, tidy
from features.sweep.arrivals import nothing
from features.tile_store.identities import all_ids
from features.tile_store.manifest import Identities, Kept, Part, State
from features.tiles import AMOUNTS

Columns = Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Running:
    """A state as of a day that has every kept tile. `before` is the kept state that it was."""

    sweep: Sweep
    entity: str
    before: State | None
    stepped: int

    def measures(self, folder: Path, kept: Kept) -> tuple[pa.Table, pa.Table]:
        """Measures of payments by entity id."""
        ids = all_ids(folder, kept.identities.get(self.entity, Identities()))
        return self.sweep.groups(ids.combine_chunks())

    def keep(self, folder: Path, kept: Kept) -> Kept:
        """What is kept once this state is on disk."""
        saved = save(self.sweep, _folder(folder, self.entity), self.before and self.before.saved)
        state = State(self.sweep.day, kept.batches, saved)
        return replace(kept, states={**kept.states, self.entity: state})


def running_on(folder: Path, kept: Kept, entity: str, day: int) -> Running:
    """The state of `entity` as of `day`, with all tiles that had arrived by then."""
    before = kept.states.get(entity)
    if before is not None and before.day <= day:
        sweep = load(_folder(folder, entity), before.saved)
        parts = kept.parts_of(entity, after=before.batches)
    else:
        sweep, parts = Sweep.empty(day), kept.parts_of(entity)
    stepped = day - sweep.day
    sweep.advance(day)
    for arrivals in _arrivals(folder, parts, day):
        sweep.advance(day, arrivals)
    return Running(sweep, entity, before, stepped)


def without_lost(folder: Path, kept: Kept) -> Kept:
    """`kept` but for states of which a file is gone: tiles come to the same once more."""
    states = {
        entity: state
        for entity, state in kept.states.items()
        if all((_folder(folder, entity) / name).exists() for name in named(state.saved))
    }
    return replace(kept, states=states)


def is_kept(kept: Kept, entity: str, day: int) -> bool:
    """Whether the kept state is as of `day` with every kept tile, or as of a later one.

    A state of an earlier day is not kept in its place: older never replaces newer.
    """
    state = kept.states.get(entity)
    if state is None or state.day < day:
        return False
    return state.day > day or state.batches == kept.batches


def tidy_states(folder: Path, kept: Kept, entities: tuple[str, ...]) -> None:
    """Take away what no kept state goes by."""
    for entity in entities:
        if entity in kept.states:
            tidy(_folder(folder, entity), kept.states[entity].saved)


def _folder(folder: Path, entity: str) -> Path:
    return folder / f"{entity}-state"


def _arrivals(folder: Path, parts: tuple[Part, ...], day: int) -> Iterator[Arrivals]:
    """Tiles that may count on `day` or later, a group of rows at a time: memory stays bounded."""
    for part in parts:
        for days in _near(folder / part.days, day):
            yield Arrivals(_tiles(days["entity"], days, tuple(AMOUNTS)), nothing())
        for rows in _near(folder / part.counterparts, day):
            key = pair(rows["entity"], rows["counterpart"])
            yield Arrivals(nothing(), _tiles(key, rows, ("count", "minor")))


def _near(file: Path, day: int) -> Iterator[Columns]:
    """Columns of each group of rows in which an event is within the longest window of `day`."""
    parquet = pq.ParquetFile(file)
    place = parquet.schema_arrow.get_field_index("event_day")
    for group in range(parquet.num_row_groups):
        bounds = parquet.metadata.row_group(group).column(place).statistics
        if bounds is not None and bounds.max > day - LONGEST_WINDOW:  # None where there are no rows
            table = parquet.read_row_group(group)
            yield {
                name: table[name].to_numpy().astype(np.int64, copy=False)
                for name in table.column_names
            }


def _tiles(key: NDArray[np.int64], columns: Columns, amounts: tuple[str, ...]) -> Tiles:
    return Tiles(
        key,
        columns["event_day"],
        columns["arrival_day"],
        {name: columns[name] for name in amounts},
    )
