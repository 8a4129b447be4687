"""Test rows of a small model that a second makes: what evaluation looks at, without a training."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa

from models.artefact import open_artefact, write
from models.calibration import Calibration
from models.keys import home_keys
from models.manifest import CATEGORY, NUMBER, TABLE, Manifest, ModelFeature, TrainingData
from models.score import Scorer
from models.signature import from_table
from training.judging.tested import Tested

FEATURES = (
    ModelFeature("income", NUMBER, -1, "INCOME"),
    ModelFeature("arrears", NUMBER, 1, "ARREARS"),
    ModelFeature("trade", CATEGORY, 0, "TRADE", ("food", "retail", "travel")),
    ModelFeature("noise", NUMBER, 0, "NOISE"),
)


def book(rows: int, *, seed: int, moved: float = 0.0) -> tuple[pa.Table, Any]:
    """A loan book whose incomes may have moved, and its outcomes."""
    random = np.random.default_rng(seed)
    income, arrears = random.lognormal(8 + moved, 0.6, rows), random.poisson(0.6, rows)
    trade = random.choice(["food", "retail", "travel"], rows)
    margin = -1.2 - 0.9 * (np.log(income) - 8) + 0.8 * arrears + 0.7 * (trade == "travel")
    table = pa.table(
        {
            "income": pa.array(income, mask=random.random(rows) < 0.1),
            "arrears": arrears.astype(float),
            "trade": trade,
            "noise": random.normal(size=rows),
        }
    )
    return table, (random.random(rows) < 1 / (1 + np.exp(-margin))).astype(np.int64)


def judged_rows(
    folder: Path, *, rows: int = 600, moved: float = 0.0
) -> tuple[Tested, pa.Table, Any]:
    """Rows of three months with amounts, then the training rows and what is said of them."""
    learnt, label = book(1500, seed=1)
    scorer = Scorer(_artefact(folder, _model(learnt, label)))
    table, outcome = book(rows, seed=2, moved=moved)
    chance = np.array(scorer.score_table(table))
    before = np.array(scorer.score_table(learnt))
    tested = Tested(
        label=outcome,
        probability=chance,
        table=table,
        features=FEATURES,
        scorer=scorer,
        cut_off=float(np.quantile(before, 0.7)),
        row_id=pa.array(range(rows)),
        months=np.array([f"2025-0{1 + 3 * place // rows}" for place in range(rows)]),
        amount_minor=np.full(rows, 100_00),
    )
    return tested, learnt, before


def _model(learnt: pa.Table, label: Any) -> str:
    told = {"objective": "binary", "verbose": -1, "num_threads": 1, "learning_rate": 0.1}
    told["monotone_constraints"] = [it.direction for it in FEATURES]
    data = lgb.Dataset(from_table(FEATURES, learnt), label, categorical_feature=[2])
    return lgb.train(told, data, 30).model_to_string()


def _artefact(folder: Path, text: str) -> Any:
    manifest = Manifest(
        product=TABLE,
        version="v1",
        created_at=datetime(2026, 6, 30, tzinfo=UTC),
        features=FEATURES,
        definitions_sha256=None,
        calibration=Calibration("identity", {}),
        label={"column": "bad"},
        data=TrainingData("0" * 64, None, None, 1500, 400, None),
        split={},
        seed=0,
        metrics={},
        libraries={},
        utc_offset_minutes=0,
    )
    keys = home_keys(folder / "home")
    (folder / "artefact").mkdir()
    write(folder / "artefact", text, manifest, signed_by=keys)
    return open_artefact(folder / "artefact")
