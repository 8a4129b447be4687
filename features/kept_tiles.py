"""Tiles of a whole history: in files that the next training finds again, or while a block runs.

In the files tiles lie in the order of entities, so that a few entities are read without the rest.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
from ibis import _

from credit.contract import ENTITY_OF, PRODUCTS
from features.catalogue import definitions_sha256
from features.placing import fresh_name, into_place
from features.present import Tables
from features.scratch import used
from features.source_values import literal
from features.tiles import KEY, counterpart_tiles, day_tiles, entries, payment_versions
from features.versions import version_key

if TYPE_CHECKING:
    from features.sources import History

Pair = tuple[ibis.Table, ibis.Table]
ROWS_AT_ONCE = 8_000_000  # payments whose tiles are made in one query: some 3 GB
SAMPLED = 100_000
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
    used(history.lasting)
    folders = {name: history.lasting / _name(history, entity, name) for name in MAKERS}
    missing = {name: folder for name, folder in folders.items() if not folder.exists()}
    if missing:
        with _signed(history, entity) as rows:
            stretches = _stretches(history, rows)
            for name, folder in missing.items():
                _write(history, [MAKERS[name](each) for each in stretches], folder)
    days, counterparts = (
        history.backend.read_parquet(sorted(folder.glob("*.parquet")))
        for folder in folders.values()
    )
    yield days, counterparts


@contextmanager
def _signed(history: "History", entity: str) -> Iterator[ibis.Table]:
    payments, offset = Tables(history).rows("payments"), history.utc_offset_minutes
    with payment_versions(history, payments, entity, utc_offset_minutes=offset) as versions:
        yield entries(versions)


def _stretches(history: "History", rows: ibis.Table) -> list[ibis.Table]:
    """`rows` by stretches of entities of about as many rows each: tiles of few are made at once.

    Where they end is drawn from a sample; tiles do not depend on it.
    """
    count = history.read(rows.aggregate(rows=_.count()))["rows"][0].as_py()
    stretches = -(-count // ROWS_AT_ONCE)
    if stretches < 2:  # noqa: PLR2004
        return [rows]
    sample = rows.filter(version_key(rows, KEY) % max(1, count // SAMPLED) == 0)
    ids = history.read(sample.select("entity_id"))["entity_id"].to_numpy(zero_copy_only=False)
    ids.sort()
    ends = [ids[len(ids) * place // stretches] for place in range(1, stretches)]
    first, last = [None, *ends], [*ends, None]
    return [
        _between(rows, since, until)
        for since, until in zip(first, last, strict=True)
        if since != until or since is None
    ]


def _between(rows: ibis.Table, since: str | None, until: str | None) -> ibis.Table:
    """Rows of the entities from `since` on and before `until`."""
    if since is not None:
        rows = rows.filter(_.entity_id >= since)
    return rows if until is None else rows.filter(_.entity_id < until)


def _name(history: "History", entity: str, name: str) -> str:
    (product,) = (it for it in PRODUCTS if ENTITY_OF[it] == entity)
    definitions = definitions_sha256(product)
    return f"{entity}-{name}-{definitions[:12]}-{history.utc_offset_minutes}"


def _write(history: "History", stretches: list[ibis.Table], folder: Path) -> None:
    fresh = fresh_name(folder)
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for number, tiles in enumerate(stretches):
        rows = history.backend.compile(tiles.order_by("entity_id"))
        file = literal(str(fresh / f"{number:04}.parquet"))
        history.connection.execute(f"COPY ({rows}) TO {file} (FORMAT parquet)")
    try:
        into_place(fresh, folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(fresh)  # another process was faster, and made the same
