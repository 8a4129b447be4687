"""Tiles on disk, by code: what one batch added."""

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from features.placing import put
from features.tile_store.identities import coded
from features.tile_store.manifest import Identities, Part
from features.tile_store.place import Place
from features.tiles import AMOUNTS

if TYPE_CHECKING:
    from collections.abc import Mapping

ROW_GROUP = 1 << 19  # tiles that are read at once
OTHER = {"merchant": "user", "user": "merchant"}
DAY_COLUMNS = ("entity", "event_day", "arrival_day", *AMOUNTS)
SUMS = frozenset({*AMOUNTS, "count", "minor"})
COUNTERPART_COLUMNS = ("entity", "counterpart", "event_day", "arrival_day", "count", "minor")


def written(
    place: Place,
    entity: str,
    batch: int,
    tiles: tuple[pa.Table, pa.Table],
    identities: "Mapping[str, Identities]",
) -> tuple[Part, dict[str, Identities]]:
    """The tiles of a batch as a part on disk, and the identities with what was new in it."""
    known = dict(identities)
    stem = f"{batch:06d}-{entity}"
    other = OTHER[entity]
    days = _coded(place, tiles[0], {"entity": entity}, known, f"{stem}-days")
    counterparts = _coded(
        place, tiles[1], {"entity": entity, "counterpart": other}, known, f"{stem}-pairs"
    )
    part = Part(entity, batch, f"{stem}-days.parquet", f"{stem}-counterparts.parquet")
    _write(place.folder / part.days, days.select(DAY_COLUMNS))
    _write(place.folder / part.counterparts, counterparts.select(COUNTERPART_COLUMNS))
    return part, known


def _coded(
    place: Place,
    table: pa.Table,
    kinds: "Mapping[str, str]",
    known: dict[str, Identities],
    stem: str,
) -> pa.Table:
    """`table` with the codes of its columns of ids; `known` is brought up to these."""
    for column, kind in kinds.items():
        ids = table[f"{column}_id"].cast(pa.string()).combine_chunks()
        before = known.get(kind, Identities())
        codes, known[kind] = coded(place, before, ids, f"{stem}-{column}")
        table = table.append_column(column, pa.array(codes, pa.int32()))
    return table


def _write(file: Path, tiles: pa.Table) -> None:
    """By event day, so that a reader of few days skips the rest."""
    # An engine's sums are wider than what they add up to.
    types = [pa.int64() if name in SUMS else pa.int32() for name in tiles.column_names]
    fields = zip(tiles.column_names, types, strict=True)
    tiles = tiles.cast(pa.schema(list(fields))).sort_by("event_day")
    put(
        file,
        lambda stream: pq.write_table(tiles, stream, compression="zstd", row_group_size=ROW_GROUP),
    )
