"""A small model to hold in the hand."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models import signature
from models.artefact import write
from models.calibration import Calibration
from models.keys import home_keys
from models.manifest import Manifest, ModelFeature, TrainingData

FEATURES = (
    ModelFeature("turnover_30d_minor", "number", -1, "TURNOVER_LEVEL"),
    ModelFeature("days_past_due", "number", 1, "REPAYMENT_HISTORY"),
    ModelFeature("worst_delay", "number", 1, "REPAYMENT_HISTORY"),
    ModelFeature("industry", "category", 0, "PROFILE", ("food", "retail", "travel")),
)
SHA = "a" * 64


def small_world(rows: int, seed: int = 7) -> pa.Table:
    """Rows with missing numbers, missing words and a word that no vocabulary knows."""
    chance = np.random.default_rng(seed)
    turnover = chance.lognormal(10, 1, rows)
    delay = chance.poisson(1.5, rows).astype(float)
    words = np.array(["food", "retail", "travel", "unheard-of", None], dtype=object)
    worst = np.where(chance.random(rows) < 0.2, np.nan, delay + chance.poisson(1, rows))
    return pa.table(
        {
            "turnover_30d_minor": pa.array(
                turnover.astype("int64"), mask=chance.random(rows) < 0.1
            ),
            "days_past_due": pa.array(delay, mask=chance.random(rows) < 0.3),
            "worst_delay": worst,
            "industry": pa.array(chance.choice(words, rows), pa.string()),
            "bad": (chance.random(rows) < 1 / (1 + np.exp(2.5 - delay))).astype("int64"),
        }
    )


def trained(table: pa.Table, seed: int = 3) -> str:
    import lightgbm

    data = lightgbm.Dataset(
        signature.from_table(FEATURES, table),
        table["bad"].to_numpy(),
        categorical_feature=signature.categorical_places(FEATURES),
    )
    told = {
        "objective": "binary",
        "verbose": -1,
        "num_threads": 1,
        "seed": seed,
        "num_leaves": 7,
        "min_data_in_leaf": 20,
        "monotone_constraints": [feature.direction for feature in FEATURES],
    }
    return lightgbm.train(told, data, num_boost_round=25).model_to_string()


def manifest(**changes: Any) -> Manifest:
    values: dict[str, Any] = {
        "product": "merchant-loan",
        "version": "20260630t120000z-aaaaaaaa",
        "created_at": datetime(2026, 6, 30, 12, tzinfo=UTC),
        "features": FEATURES,
        "definitions_sha256": SHA,
        "calibration": Calibration("platt", {"slope": 0.9, "intercept": -0.1}),
        "label": {"bad": "30 days late"},
        "data": TrainingData(SHA, "2025-01-01", "2026-01-01", 2000, 400, "CNY"),
        "split": {"kind": "time", "at": "2025-10-01"},
        "seed": 3,
        "metrics": {"gini": 0.5, "bad_rate": 0.2, "auc": None},
        "libraries": {"lightgbm": "4.7.0"},
        "utc_offset_minutes": 480,
    }
    return Manifest(**values | changes)


@pytest.fixture(scope="session")
def model_text() -> str:
    return trained(small_world(2000))


@pytest.fixture(scope="session")
def other_model_text() -> str:
    return trained(small_world(2000, seed=8))


@pytest.fixture
def make_artefact(tmp_path: Path, model_text: str) -> Callable[..., Path]:
    """Writes an artefact and tells where."""

    def make(name: str = "artefact", text: str = model_text, **changes: Any) -> Path:
        directory = tmp_path / name
        directory.mkdir()
        (directory / "reference.parquet").write_bytes(b"PAR1 stands in here PAR1")
        keys = home_keys(tmp_path / "home")
        told = manifest(**changes)
        write(directory, text, told, files=["reference.parquet"], signed_by=keys)
        return directory

    return make


@pytest.fixture(scope="session")
def make_manifest() -> Callable[..., Manifest]:
    """Builds a manifest, with changes where named."""
    return manifest


@pytest.fixture(scope="session")
def make_world() -> Callable[..., pa.Table]:
    """Rows for the small model."""
    return small_world
