"""Three published days of synthetic users: counts, amounts, shares and days, a fifth missing."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from credit.contract import PRODUCT_OF
from features.catalogue import ENTITY_FEATURES, Feature, definitions_sha256
from features.definition import CATEGORY
from features.historical import day_end
from features.materialising import layout_of
from features.publication import Snapshot, day_folder, publish
from features.repository import CREATED, EVENT, JOIN_KEY

ENTITY, CHUNK, MISSING = "user", 50_000, 0.2


def publish_days(home: Path, days: Sequence[date], entities: int, changed_share: float) -> int:
    """Publish a day, one on which a share changed, and one on which all did; how many features."""
    changes = np.random.default_rng(1).random(entities) < changed_share
    for number, day in enumerate(days):
        snapshot = _snapshot(home, day, entities)
        snapshot.file.parent.mkdir(parents=True)
        with pq.ParquetWriter(snapshot.file, _values(day, 0, 1, changes, 0).schema) as writer:
            for start in range(0, entities, CHUNK):
                count = min(CHUNK, entities - start)
                writer.write_table(_values(day, start, count, changes, number))
        publish(snapshot)
    (home / "entities.json").write_text(json.dumps(entities))
    return len(ENTITY_FEATURES[ENTITY])


def _values(day: date, start: int, count: int, changes: "np.ndarray", number: int) -> pa.Table:
    """Users from `start` on as of a day: the first day's, a day older, or changed."""
    names = [f"u{place:07}" for place in range(start, start + count)]
    columns: dict[str, pa.Array] = {JOIN_KEY[ENTITY]: pa.array(names)}
    changed = (changes[start : start + count] & (number > 0)) | (number > 1)
    first, other = (np.random.default_rng([start, draw]) for draw in (0, number))
    ageing = layout_of(ENTITY).ageing
    for feature in ENTITY_FEATURES[ENTITY]:
        if feature.dtype == CATEGORY:
            columns[feature.name] = pa.array(["word"] * count)
            continue
        values, another = (_drawn(feature, rng, count) for rng in (first, other))
        values = np.where(changed, another, values + number * (feature.name in ageing))
        columns[feature.name] = pa.array(values, mask=np.isnan(values))
    days = pa.chunked_array([pa.array([day] * count, pa.date32())])
    table = pa.table(columns)
    return table.append_column(EVENT, day_end(days)).append_column(CREATED, day_end(days))


def _drawn(feature: Feature, rng: np.random.Generator, count: int) -> "np.ndarray":
    if feature.unit in {"ratio", "share", "index", "rate"}:
        values = rng.random(count)
    elif feature.unit == "minor":
        values = np.round(rng.lognormal(10, 2, count))
    else:
        values = rng.integers(0, 180, count).astype(float)
    return np.where(rng.random(count) < MISSING, np.nan, values)


def _snapshot(home: Path, day: date, entities: int) -> Snapshot:
    return Snapshot(
        entity=ENTITY,
        as_of=day,
        rows=entities,
        features=len(ENTITY_FEATURES[ENTITY]),
        data_sha256="synthetic",
        definitions_sha256=definitions_sha256(PRODUCT_OF[ENTITY]),
        utc_offset_minutes=480,
        created=datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC),
        file=day_folder(home, ENTITY, day) / "values-synthetic.parquet",
    )
