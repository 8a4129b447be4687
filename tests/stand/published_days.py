"""Published snapshots of made-up values: any double may stand anywhere, and any may be missing."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from credit.contract import PRODUCT_OF
from features.catalogue import ENTITY_FEATURES, definitions_sha256
from features.definition import CATEGORY
from features.historical import day_end
from features.materialising import layout_of
from features.publication import Snapshot, day_folder, publish
from features.repository import CREATED, EVENT, JOIN_KEY

WORDS = np.array(["food", "餐饮", "", None], dtype=object)


def drawn_values(entity: str, ids: Sequence[str], rng: np.random.Generator) -> pa.Table:
    """A value, or none, for each of an entity's features: whole, broken, tiny, huge, minus zero."""
    columns: dict[str, pa.Array] = {JOIN_KEY[entity]: pa.array(ids)}
    for feature in ENTITY_FEATURES[entity]:
        if feature.dtype == CATEGORY:
            columns[feature.name] = pa.array(rng.choice(WORDS, len(ids)), pa.string())
        else:
            columns[feature.name] = _doubles(rng, len(ids))
    return pa.table(columns)


def a_day_later(entity: str, values: pa.Table) -> pa.Table:
    """The same, of entities to whom nothing happened: what ages is a day older."""
    for name in layout_of(entity).ageing:
        column = values[name].to_numpy()
        ages = (np.trunc(column) == column) & (np.abs(column) < 1 << 52)
        ages &= ~((column == 0) & np.signbit(column))
        older = pa.array(np.where(ages, column + 1, column), mask=np.isnan(column))
        values = values.set_column(values.column_names.index(name), name, older)
    return values


def _doubles(rng: np.random.Generator, count: int) -> pa.Array:
    kinds = rng.integers(0, 5, count)
    drawn = np.choose(
        kinds,
        [
            rng.integers(0, 1_000, count).astype(float),
            rng.standard_normal(count) * 10.0 ** rng.integers(-300, 300, count),
            np.full(count, -0.0),
            rng.integers(1 << 52, 1 << 62, count).astype(float),
            np.full(count, np.nan),
        ],
    )
    return pa.array(drawn, mask=kinds == 4)


def publish_day(
    home: Path, entity: str, as_of: date, values: pa.Table, *, name: str = "values-made-up"
) -> Snapshot:
    """Publish `values` (join key and every feature) as an entity's snapshot of a day."""
    days = pa.chunked_array([pa.array([as_of] * len(values), pa.date32())])
    snapshot = Snapshot(
        entity=entity,
        as_of=as_of,
        rows=len(values),
        features=len(ENTITY_FEATURES[entity]),
        data_sha256=name,
        definitions_sha256=definitions_sha256(PRODUCT_OF[entity]),
        utc_offset_minutes=480,
        created=datetime.combine(as_of + timedelta(days=1), datetime.min.time(), UTC),
        file=day_folder(home, entity, as_of) / f"{name}.parquet",
    )
    snapshot.file.parent.mkdir(parents=True, exist_ok=True)
    stamped = values.append_column(EVENT, day_end(days)).append_column(CREATED, day_end(days))
    pq.write_table(stamped, snapshot.file)
    publish(snapshot)
    return snapshot
