"""Daily snapshots: the values of every entity that was known on a day, published at once."""

import time
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from ibis import _

from credit.contract import PRODUCT_OF
from credit.progress import Progress
from features.catalogue import ENTITY_FEATURES, definitions_sha256
from features.engines import on_engine
from features.entity_values import PROFILE_KEY, PROFILE_TABLE
from features.historical import UTC_MICROSECONDS, stamped
from features.placing import put
from features.publication import (
    MANIFEST,
    Done,
    Snapshot,
    Summary,
    day_folder,
    publish,
    read_snapshot,
)
from features.spine import known_on
from features.turns import in_turn
from features.versions import day_number

LOCK = "lock"

if TYPE_CHECKING:
    from collections.abc import Callable

    from features.sources import History

    # Gives the features of every entity that is known at the end of a day, with their ids.
    Values = Callable[[History, str, date], pa.Table]


def build(
    history: "History",
    *,
    as_of: date,
    home: Path,
    now: datetime,
    progress: Progress | None = None,
) -> Summary:
    """Publish the values as of `as_of` of every merchant and user that `history` knows by then.

    They go to `home/features/snapshots/ENTITY/as_of=DAY/`, and exist from the moment that the
    manifest there names them; `now` is when they came to be. A day that is published already from
    the same data and definitions is left as it is.
    """
    started = time.monotonic()
    entities = [entity for entity, table in PROFILE_TABLE.items() if table in history.tables]
    done = tuple(
        publish_day(history, entity, as_of, home=home, now=now, progress=progress)
        for entity in entities
    )
    return Summary(done, time.monotonic() - started)


def known_entities(history: "History", entity: str, as_of: date) -> pa.Array:
    """Ids of the entities whose profile was recorded by the end of `as_of`, sorted."""
    key = PROFILE_KEY[entity]
    table = history.table(PROFILE_TABLE[entity])
    known = table.filter(day_number(table.recorded_at) <= (as_of - date(1970, 1, 1)).days)
    ids = history.backend.to_pyarrow(known.select(entity_id=_[key]).distinct())["entity_id"]
    return ids.combine_chunks().sort()


def publish_day(
    history: "History",
    entity: str,
    as_of: date,
    *,
    home: Path,
    now: datetime,
    values: "Values | None" = None,
    progress: Progress | None = None,
) -> Done:
    """Publish one entity kind's part of `build`; `values` gives them where they are there."""
    planned = _planned(history, entity, as_of, home, now)
    there = _published(planned.file.parent)
    if there is not None and _says_the_same(there, planned):
        return Done(entity, there.event_time, there.rows, there.features, written=False)
    found = _values_of(history, planned, values or _values_on, progress)
    snapshot = replace(planned, rows=found.num_rows)
    with in_turn(planned.file.parent / LOCK):  # each removes what the others left, nothing else
        put(snapshot.file, partial(pq.write_table, found, compression="zstd"))
        publish(snapshot)
        _remove_unpublished(snapshot)
    return Done(entity, snapshot.event_time, snapshot.rows, snapshot.features, written=True)


def _published(folder: Path) -> Snapshot | None:
    if not (folder / MANIFEST).exists():
        return None
    there = read_snapshot(folder)
    return there if there.file.exists() else None


def _says_the_same(there: Snapshot, planned: Snapshot) -> bool:
    """Whether nothing is to be done; a day that was built before it was over is built again."""
    return there.identity == planned.identity and (there.is_whole or not planned.is_whole)


def _planned(history: "History", entity: str, as_of: date, home: Path, now: datetime) -> Snapshot:
    definitions = definitions_sha256(PRODUCT_OF[entity])
    name = f"values-{history.sha256[:12]}-{definitions[:12]}-{history.utc_offset_minutes}.parquet"
    return Snapshot(
        entity=entity,
        as_of=as_of,
        rows=0,
        features=len(ENTITY_FEATURES[entity]),
        data_sha256=history.sha256,
        definitions_sha256=definitions,
        utc_offset_minutes=history.utc_offset_minutes,
        created=now,
        file=day_folder(home, entity, as_of) / name,
    )


def _values_of(
    history: "History", planned: Snapshot, values_on: "Values", progress: Progress | None
) -> pa.Table:
    if progress is not None:
        progress(f"{planned.entity} features", 0.0)
    values = values_on(history, planned.entity, planned.as_of)
    if progress is not None:
        progress(f"{planned.entity} features", 1.0)
    return _stamped(values, planned)


def _stamped(values: pa.Table, planned: Snapshot) -> pa.Table:
    values = values.take(pc.sort_indices(values, [("entity_id", "ascending")]))
    days = pa.array([planned.as_of] * len(values), pa.date32())
    created = pa.array([planned.created] * len(values), UTC_MICROSECONDS)
    return stamped(values.append_column("as_of", days), planned.entity, created)


def _values_on(history: "History", entity: str, day: date) -> pa.Table:
    with on_engine(history) as computed, known_on(computed, entity, day) as known:
        return computed.read(known)


def _remove_unpublished(snapshot: Snapshot) -> None:
    for file in snapshot.file.parent.iterdir():
        if file.name not in (MANIFEST, LOCK, snapshot.file.name):
            file.unlink(missing_ok=True)
