"""A credit table of any size, written part by part: numbers as float32 and int32, some words."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from models.manifest import CATEGORY, NUMBER, ModelFeature

LABEL, TIME = "bad", "day"
PART = 100_000
NUMBERS, COUNTS, WORDS = 44, 12, 4  # with these, 60 features
TRADES = [f"trade {place}" for place in range(30)]
BASE_MARGIN = -3.0
MISSING = 0.03


def write_table(file: Path, *, rows: int, seed: int, part: int = PART) -> Path:
    """`rows` rows of 60 features, a day and a label `bad` (about 12%), a row group a part."""
    with pq.ParquetWriter(file, _part(1, 0, seed).schema) as writer:
        for place, start in enumerate(range(0, rows, part)):
            writer.write_table(_part(min(part, rows - start), place, seed))
    return file


def features_of(file: Path) -> tuple[ModelFeature, ...]:
    """The table's features as a model would know them."""
    return tuple(
        ModelFeature(field.name, CATEGORY, 0, field.name, tuple(sorted(TRADES)))
        if field.type == pa.string()
        else ModelFeature(field.name, NUMBER, 0, field.name)
        for field in pq.read_schema(file)
        if field.name not in {LABEL, TIME}
    )


def _part(rows: int, place: int, seed: int) -> pa.Table:
    random = np.random.default_rng([seed, place])
    numbers = random.normal(size=(rows, NUMBERS)).astype(np.float32)
    counts = random.poisson(1.5, size=(rows, COUNTS)).astype(np.int32)
    codes = random.integers(0, len(TRADES), size=(rows, WORDS))
    margin = BASE_MARGIN + numbers[:, :8] @ np.linspace(0.6, 0.1, 8) + 0.3 * counts[:, 0]
    margin += 0.5 * (numbers[:, 0] * numbers[:, 1] > 0.5) + 0.4 * np.sin(codes[:, 0])
    bad = random.random(rows) < 1 / (1 + np.exp(-margin))
    numbers[random.random(numbers.shape) < MISSING] = np.nan
    days = np.datetime64("2024-01-01") + random.integers(0, 700, rows)
    columns: dict[str, Any] = {f"number_{i}": numbers[:, i] for i in range(NUMBERS)}
    columns |= {f"count_{i}": counts[:, i] for i in range(COUNTS)}
    words = pa.array(TRADES)
    columns |= {f"word_{i}": words.take(pa.array(codes[:, i])) for i in range(WORDS)}
    return pa.table(columns | {TIME: days.astype("datetime64[D]"), LABEL: bad.astype(np.int8)})
