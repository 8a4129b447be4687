"""Tables small enough to learn from in a second or two."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from training.result import TrainingResult
from training.table import train_table

NOW = datetime(2026, 6, 30, tzinfo=UTC)


def applicants(rows: int = 800, *, seed: int = 7) -> dict[str, np.ndarray]:
    """Columns of a small loan book: a risk that income, arrears and trade tell of."""
    random = np.random.default_rng(seed)
    income, arrears = random.lognormal(8, 0.6, rows), random.poisson(0.6, rows)
    trade = random.choice(["food", "retail", "travel"], rows)
    margin = -1.2 - 0.9 * (np.log(income) - 8) + 0.8 * arrears + 0.7 * (trade == "travel")
    return {
        "income": income,
        "arrears": arrears,
        "trade": trade,
        "noise": random.normal(size=rows),
        "observed": np.datetime64("2025-01-01") + random.integers(0, 300, rows),
        "bad": (random.random(rows) < 1 / (1 + np.exp(-margin))).astype(np.int64),
    }


@pytest.fixture
def book() -> Callable[..., dict[str, np.ndarray]]:
    """Makes columns of a loan book."""
    return applicants


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., TrainingResult]:
    """Trains on columns written to a parquet file, the quick way unless told otherwise."""

    def run(columns: dict[str, object], **asked: object) -> TrainingResult:
        file = tmp_path / "table.parquet"
        pq.write_table(pa.table(columns), file)
        told = {"label": "bad", "trials": 0, "seed": 0, "out": tmp_path / "out", "now": NOW}
        told["home"] = tmp_path / "home"
        return train_table(file, **(told | asked))

    return run
