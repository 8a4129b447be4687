"""A block of a training spine where queries may be kept as text: the same expressions, made once.

Ibis takes two to three seconds to make a hundred features and their measures into SQL, a third of
what a spine of 50,000 rows takes in all.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from credit.contract import PRODUCT_OF
from features.catalogue import definitions_sha256
from features.day_values import values_of
from features.kept_tiles import Pair
from features.payment_measures import measures_of, near
from features.prepared import Recording, prepared

if TYPE_CHECKING:
    from features.sources import History

CHUNK = "spine_chunk"
TILES = ("near_days", "near_counterparts")


def prepared_block(
    history: "History",
    entity: str,
    block: pa.Table,
    chunks: Iterable[pa.Table],
    tiles: Pair,
    *,
    folder: Path,
) -> pa.Table:
    """Values of the spine rows `block`, which are those of `chunks`; queries stay in `folder`."""
    for name, table in zip(TILES, tiles, strict=True):
        view = f"CREATE OR REPLACE TEMP VIEW {name} AS FROM {table.get_name()}"
        history.connection.execute(view)
    found = [_measures(history, entity, chunk, folder) for chunk in chunks]
    payments = [pa.concat_tables(each) for each in zip(*found, strict=True)]
    with history.kept("spine", ibis.memtable(block)) as spine:
        return values_of(history, entity, spine, payments, folder=folder)


def _measures(history: "History", entity: str, chunk: pa.Table, folder: Path) -> list[pa.Table]:
    """What the tiles near a chunk's rows come to, in one table for each shape of measures."""
    table = history.backend.table

    def ask(engine: Recording) -> None:
        days, counterparts = (near(table(name), table(CHUNK)) for name in TILES)
        measures_of(engine, days, counterparts, engine.read)

    history.connection.register(CHUNK, chunk)
    what = (definitions_sha256(PRODUCT_OF[entity]), entity, chunk.schema.to_string())
    return prepared(history, what, ask, folder / f"{entity}-measures.json")
