"""Features as they were known: one row for each entity and day that is asked for."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from credit.progress import Progress
from features.catalogue import ENTITY_FEATURES
from features.entity_values import EPOCH, payment_groups, values_on, values_over
from features.kept_tiles import Pair, kept_tiles
from features.payment_measures import measures_of, near
from features.prepared_spine import prepared_block
from features.present import Tables
from features.tiles import as_counterpart_tiles, as_day_tiles, known_rows, payment_versions

if TYPE_CHECKING:
    from features.sources import History

BLOCK_ROWS = 131_072  # spine rows whose measures are kept at once


def as_known(
    history: "History", entity: str, spine: pa.Table, *, progress: Progress | None = None
) -> pa.Table:
    """`spine` (entity_id, as_of date) with one column a feature of `entity`, in catalogue order.

    Values are those that were known at the end of the day `as_of` (UTC): no row recorded later
    counts, of no event. Numbers are doubles, categories text. What is not known is null.
    """
    asked, place = _distinct(spine)
    parts = []
    with kept_tiles(history, entity) as tiles:
        for start in range(0, max(asked.num_rows, 1), BLOCK_ROWS):
            if progress is not None:
                progress(f"{entity} features", start / max(asked.num_rows, 1))
            parts.append(_known_block(history, entity, asked.slice(start, BLOCK_ROWS), tiles))
    if progress is not None:
        progress(f"{entity} features", 1.0)
    known = pa.concat_tables(parts)
    known = known.take(pc.sort_indices(known, [("spine_id", "ascending")])).take(place)
    for feature in ENTITY_FEATURES[entity]:
        spine = spine.append_column(feature.name, known[feature.name])
    return spine.combine_chunks()


def _known_block(history: "History", entity: str, block: pa.Table, tiles: Pair) -> pa.Table:
    """Values of spine rows: what meets tiles in chunks, the rest of the query once for all."""
    size = history.spine_rows
    chunks = [block.slice(start, size) for start in range(0, max(block.num_rows, 1), size)]
    if history.queries is not None:
        return prepared_block(history, entity, block, chunks, tiles, folder=history.queries)
    tables = Tables(history)
    with ExitStack() as stack:
        measures = []
        for rows in chunks:
            chunk = stack.enter_context(history.kept("spine", ibis.memtable(rows)))
            days, counterparts = (near(each, chunk) for each in tiles)
            measures.append(_kept_measures(tables, days, counterparts, stack))
        groups = payment_groups(tables, *(_all(each) for each in zip(*measures, strict=True)))
        asked = stack.enter_context(history.kept("spine", ibis.memtable(block)))
        return history.read(values_over(history, entity, asked, groups))


def _all(tables: tuple[ibis.Table, ...]) -> ibis.Table:
    return ibis.union(*tables) if len(tables) > 1 else tables[0]


@contextmanager
def known_on(history: "History", entity: str, day: date) -> Iterator[ibis.Table]:
    """The features of every entity whose profile was recorded by the end of `day`.

    One row an entity: `entity_id` and the columns of `as_known`, equal to it to the bit. They are
    computed straight from the rows known on that day, whatever their number; what of them the
    engine has to keep goes with the block.
    """
    tables, number = Tables(history), (day - EPOCH).days
    payments, offset = tables.rows("payments"), history.utc_offset_minutes
    with payment_versions(history, payments, entity, utc_offset_minutes=offset) as versions:
        known = known_rows(versions, number)
        days, counterparts = as_day_tiles(known), as_counterpart_tiles(known)
        with ExitStack() as stack:
            measures = _kept_measures(tables, days, counterparts, stack)
            yield values_on(history, entity, day, payment_groups(tables, *measures))


def _distinct(spine: pa.Table) -> tuple[pa.Table, pa.Array]:
    """The different (entity, day) pairs, and where each spine row finds its own among them.

    They stand in the order of entities, as tiles do: a chunk of them meets a stretch of tiles.
    """
    ids = spine["entity_id"].cast(pa.string())
    days = spine["as_of"].cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
    rows = pa.table({"entity_id": ids, "as_of_day": days})
    asked = rows.group_by(["entity_id", "as_of_day"]).aggregate([])
    asked = asked.sort_by([("entity_id", "ascending"), ("as_of_day", "ascending")])
    asked = asked.append_column("spine_id", pa.array(range(asked.num_rows), pa.int64()))
    numbered = rows.append_column("row", pa.array(range(rows.num_rows), pa.int64()))
    place = numbered.join(asked, ["entity_id", "as_of_day"]).sort_by("row")["spine_id"]
    return asked.combine_chunks(), place.combine_chunks()


def _kept_measures(
    tables: Tables, days: ibis.Table, counterparts: ibis.Table, stack: ExitStack
) -> tuple[ibis.Table, ...]:
    def kept(table: ibis.Table) -> ibis.Table:
        return stack.enter_context(tables.kept("payments", table))

    return measures_of(tables, days, counterparts, kept)
