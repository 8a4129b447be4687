"""Measures of payments on a day, from kept tiles by the expressions that a full build uses."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
from ibis import _

from features.definition import LONGEST_WINDOW
from features.payment_measures import (
    counterpart_measures,
    near_counterparts,
    trading_measures,
    window_sums,
)
from features.spine import EPOCH
from features.tile_store.identities import all_ids
from features.tile_store.manifest import Identities, Kept

if TYPE_CHECKING:
    from features.sources import History


def measures_on(
    history: "History", folder: Path, kept: Kept, entity: str, day: date
) -> tuple[pa.Table, ...]:
    """The payment measures as of `day`, by the entity's id as `spine_id`."""
    parts = kept.parts_of(entity)
    if not parts:
        return ()
    number = (day - EPOCH).days
    names = all_ids(folder, kept.identities.get(entity, Identities()))
    ids = ibis.memtable(pa.table({"code": range(len(names)), "id": names}))
    days = _near(history, [folder / part.days for part in parts], number)
    each = _near(history, [folder / part.counterparts for part in parts], number)
    measures = (
        window_sums(days),
        trading_measures(days),
        counterpart_measures(near_counterparts(each.rename(counterpart_id="counterpart"))),
    )
    return tuple(history.read(_by_id(table, ids)) for table in measures)


def _near(history: "History", files: list[Path], day: int) -> ibis.Table:
    tiles = history.backend.read_parquet([str(file) for file in files])
    tiles = tiles.filter(
        _.arrival_day <= day, _.event_day <= day, _.event_day > day - LONGEST_WINDOW
    )
    return tiles.mutate(spine_id=_.entity, ago=day - _.event_day)


def _by_id(measures: ibis.Table, ids: ibis.Table) -> ibis.Table:
    named = measures.rename(code="spine_id").inner_join(ids, "code")
    return named.rename(spine_id="id").drop("code")
