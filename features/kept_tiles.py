"""Tiles of a whole history: in files that the next training finds again, or while a block runs.

In the files tiles lie in the order of entities, so that a few entities are read without the rest.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import ibis

from credit.contract import ENTITY_OF, PRODUCTS
from features.catalogue import definitions_sha256
from features.present import Tables
from features.source_values import literal
from features.tiles import counterpart_tiles, day_tiles, entries, payment_versions

if TYPE_CHECKING:
    from features.sources import History

Pair = tuple[ibis.Table, ibis.Table]
MAKERS = {"days": day_tiles, "counterparts": counterpart_tiles}


@contextmanager
def kept_tiles(history: "History", entity: str) -> Iterator[Pair]:
    """Day tiles and counterpart tiles of all payments, kept at least while the block runs."""
    if history.lasting is None:
        with (
            _signed(history, entity) as rows,
            history.kept("days", day_tiles(rows)) as days,
            history.kept("counterparts", counterpart_tiles(rows)) as counterparts,
        ):
            yield days, counterparts
        return
    files = {name: history.lasting / _file_name(history, entity, name) for name in MAKERS}
    if not all(file.exists() for file in files.values()):
        with _signed(history, entity) as rows:
            for name, file in files.items():
                _write(history, MAKERS[name](rows), file)
    days, counterparts = (history.backend.read_parquet(file) for file in files.values())
    yield days, counterparts


@contextmanager
def _signed(history: "History", entity: str) -> Iterator[ibis.Table]:
    payments, offset = Tables(history).rows("payments"), history.utc_offset_minutes
    with payment_versions(history, payments, entity, utc_offset_minutes=offset) as versions:
        yield entries(versions)


def _file_name(history: "History", entity: str, name: str) -> str:
    (product,) = (it for it in PRODUCTS if ENTITY_OF[it] == entity)
    definitions = definitions_sha256(product)
    return f"{entity}-{name}-{definitions[:12]}-{history.utc_offset_minutes}.parquet"


def _write(history: "History", tiles: ibis.Table, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.part")
    rows = history.backend.compile(tiles.order_by("entity_id"))
    history.connection.execute(f"COPY ({rows}) TO {literal(str(part))} (FORMAT parquet)")
    part.replace(file)
