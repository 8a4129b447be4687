"""New payment rows into tiles, so that all tiles together are those of all rows together.

A version that comes late, or between two that are known, changes when others were overtaken. So
for each key among the new rows that was seen before, the entries of its known versions are taken
back and those of all its versions are made: tiles that outweigh the earlier ones, with the days
of arrival of those. Nothing that is kept is changed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from ibis import _

from credit.contract import TABLE
from credit.errors import ContradictionError
from features.prepared import Recording, prepared
from features.source_files import Source, reading_of
from features.source_values import CSV_TEXT, identifier, literal
from features.tile_store.sorted_runs import Entries, found, packed
from features.tiles import KEY, counterpart_tiles, day_tiles, entries, payment_versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from features.sources import History

BATCH_BITS = 16  # of a key's entry: which batch its row came with
MOST_BATCHES = (1 << BATCH_BITS) - 1

NEW = "new_payments"
EARLIER = "earlier_payments"
MOST_LITERALS = 20_000
TEXTS = ("VARCHAR", CSV_TEXT)


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch of payments: its rows, and how many of its keys were seen before."""

    rows: int
    corrected: int
    currency: str | None
    hashes: Entries

    def entries(self, number: int) -> Entries:
        """The hashes of its keys, each with `number`, sorted."""
        return packed(self.hashes, np.full(len(self.hashes), number), low_bits=BATCH_BITS)


@contextmanager
def opened(
    history: "History",
    source: Source,
    runs: list[Entries],
    earlier: "Callable[[set[int]], Source | None]",
) -> Iterator[Batch]:
    """The payments of `source` as a batch, with the earlier versions of what they correct.

    `runs` are the keys of the batches before; `earlier` gives the source of the batches of these
    numbers. InputError where two rows of one key and one `recorded_at` differ.
    """
    connection = history.connection
    with reading_of(source):
        connection.execute(f"CREATE TEMP TABLE {NEW} AS {source.rows}")
    try:
        hashes = _distinct_hashes(history)
        place, batch = found(runs, hashes, low_bits=BATCH_BITS)
        seen = hashes[np.unique(place)]
        _gather_earlier(history, seen, earlier({*np.unique(batch).tolist()}))
        _refuse_conflicts(history)
        totals = f"SELECT count(*), (SELECT count(DISTINCT {KEY}) FROM {EARLIER}), max(currency)"
        said = connection.execute(f"{totals} FROM {NEW}").fetchall()[0]
        yield Batch(*said, hashes)
    finally:
        connection.execute(f"DROP TABLE IF EXISTS {NEW}")
        connection.execute(f"DROP TABLE IF EXISTS {EARLIER}")


def tiles(history: "History", entity: str, *, rules: str, scripts: Path) -> list[pa.Table]:
    """Day tiles and counterpart tiles that the opened batch adds to those that are kept.

    The queries are kept in `scripts`, by the `rules` that they follow from.
    """

    def ask(engine: Recording) -> None:
        offset = history.utc_offset_minutes
        versions = partial(payment_versions, engine, entity=entity, utc_offset_minutes=offset)
        new, earlier = (history.backend.table(name) for name in (NEW, EARLIER))
        with versions(new.union(earlier)) as now, versions(earlier) as before:
            taken_back = entries(before).mutate(sign=-_.sign)
            with engine.kept("entries", entries(now).union(taken_back)) as signed:
                engine.read(day_tiles(signed))
                engine.read(counterpart_tiles(signed))

    return prepared(history, (entity, rules), ask, scripts / f"{entity}-tiles.json")


def _distinct_hashes(history: "History") -> Entries:
    query = f"SELECT DISTINCT hash({KEY}) AS hash FROM {NEW}"
    return history.connection.execute(query).fetchnumpy()["hash"].astype(np.uint64)


def _gather_earlier(history: "History", seen: Entries, source: Source | None) -> None:
    """Rows of the batches before whose keys are among the new ones' and may have been seen."""
    connection = history.connection
    rows = f"SELECT * FROM {NEW} WHERE FALSE"
    if source is not None:
        connection.register("seen", pa.table({"hash": seen >> np.uint64(BATCH_BITS)}))
        keys = f"SELECT DISTINCT {KEY} FROM {NEW} WHERE hash({KEY}) >> {BATCH_BITS} IN (FROM seen)"
        few = f"{keys} LIMIT {MOST_LITERALS + 1}"
        texts = [text for (text,) in connection.execute(few).fetchall()]
        # As literals they are held against a file's statistics, and few of its pages are read.
        among = ", ".join(map(literal, texts)) if len(texts) <= MOST_LITERALS else keys
        rows = " UNION ALL ".join(
            f"{place.rows} WHERE {_raw_key(place)} IN ({among})" for place in source.places
        )
    connection.execute(f"CREATE TEMP TABLE {EARLIER} AS {rows}")


def _raw_key(place: Source) -> str:
    """The key as text, of a row that stands in a file of `place`."""
    raw = identifier(KEY)
    return raw if place.columns[KEY] in TEXTS else f"CAST({raw} AS VARCHAR)"


def _refuse_conflicts(history: "History") -> None:
    """New rows that contradict each other or earlier ones: which one holds, nobody could say."""
    content = ", ".join(identifier(name) for name in TABLE["payments"].names)
    conflicts = history.connection.execute(
        f"SELECT {KEY}, recorded_at FROM (FROM {NEW} UNION ALL FROM {EARLIER})"
        f" WHERE hash({KEY}) IN (SELECT hash({KEY}) FROM (FROM {NEW} UNION ALL FROM {EARLIER})"
        f" GROUP BY ALL HAVING count(*) > 1) GROUP BY ALL"
        f" HAVING count(DISTINCT hash({content})) > 1 ORDER BY ALL LIMIT 1"
    ).fetchall()
    if conflicts:
        key, recorded_at = conflicts[0]
        what = f"payments hold {KEY}={key} with recorded_at={recorded_at} twice, and they differ"
        raise ContradictionError(what, "keep one, or record the later one later")
