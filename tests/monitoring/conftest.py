"""A small model in a registry, and a journal of decisions it made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models import signature
from models.artefact import Artefact, open_artefact, write
from models.calibration import Calibration
from models.keys import home_keys
from models.manifest import Manifest, ModelFeature, TrainingData
from models.registry import Registry
from models.score import Scorer
from models.signing import sign
from records import journal, subjects
from records.instants import instant_text
from records.store import Records, open_records

FEATURES = (
    ModelFeature("turnover_30d_minor", "number", -1, "TURNOVER_LEVEL"),
    ModelFeature("days_past_due", "number", 1, "REPAYMENT_HISTORY"),
    ModelFeature("industry", "category", 0, "PROFILE", ("food", "retail", "travel")),
    ModelFeature("amount_to_turnover", "number", 1, "REQUEST_SIZE"),
)
REQUEST = ("amount_to_turnover",)
FIRST = datetime(2026, 1, 1, 9, tzinfo=UTC)
LOAN = "merchant-loan"


def population(rows: int, *, seed: int, worse: float = 0.0) -> pa.Table:
    """Applicants and what came of them; `worse` is added to everybody's log-odds of going bad."""
    chance = np.random.default_rng(seed)
    turnover = chance.lognormal(10, 1, rows)
    delay = chance.poisson(1.2, rows).astype(float)
    ratio = chance.lognormal(0, 0.5, rows)
    odds = -3.2 + 0.7 * delay + 0.6 * ratio - 0.3 * (np.log(turnover) - 10) + worse
    return pa.table(
        {
            "turnover_30d_minor": turnover,
            "days_past_due": pa.array(delay, mask=chance.random(rows) < 0.3),
            "industry": chance.choice(["food", "retail", "travel"], rows),
            "amount_to_turnover": ratio,
            "bad": (chance.random(rows) < 1 / (1 + np.exp(-odds))).astype("int64"),
        }
    )


@pytest.fixture(scope="session")
def model_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import lightgbm

    train = population(6000, seed=1)
    data = lightgbm.Dataset(
        signature.from_table(FEATURES, train),
        train["bad"].to_numpy(),
        categorical_feature=signature.categorical_places(FEATURES),
    )
    told = {"objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 4}
    told |= {"learning_rate": 0.05, "min_data_in_leaf": 100}
    text = lightgbm.train(told, data, num_boost_round=120).model_to_string()
    folder = tmp_path_factory.mktemp("model")
    manifest = Manifest(
        product=LOAN,
        version="v1",
        created_at=FIRST,
        features=FEATURES,
        definitions_sha256=None,
        calibration=Calibration("identity", {}),
        label={},
        data=TrainingData("a" * 64, None, None, 6000, int(sum(train["bad"].to_pylist())), "CNY"),
        split={},
        seed=1,
        metrics={"gini": 0.5, "ks": 0.4, "brier": 0.1, "ece": 0.01, "bad_rate": 0.2},
        libraries={},
        utc_offset_minutes=480,
    )
    write(folder, text, manifest)
    said = Scorer(open_artefact(folder)).score_table(train)
    pq.write_table(train.append_column("probability", pa.array(said)), folder / "reference.parquet")
    write(folder, text, manifest, files=["reference.parquet"])
    return folder


@pytest.fixture
def home(tmp_path: Path, model_directory: Path) -> Path:
    place = tmp_path / "home"
    registry = Registry(place)
    sign(model_directory, (model_directory / "manifest.json").read_bytes(), home_keys(place))
    registry.promote(registry.register(model_directory), by="test", at=FIRST)
    return place


@dataclass(frozen=True)
class Desk:
    """Decides by the champion and remembers in real records."""

    records: Records
    artefact: Artefact
    outcomes: Path

    def decide(self, applicants: pa.Table, **changes: Any) -> None:
        """One decision every hour, approved under 30%; outcomes in a data directory beside."""
        said = Scorer(self.artefact).score_table(applicants)
        rows = applicants.to_pylist()
        pairs = enumerate(zip(rows, said, strict=True))
        self.remember([self.entry(place, row, chance) | changes for place, (row, chance) in pairs])
        self._write_outcomes(applicants)

    def remember(self, entries: Sequence[dict[str, Any]]) -> None:
        """Journal decisions as they are given."""
        with self.records.writing() as transaction:
            for entry in entries:
                name = entry["entity_id"]
                subject = subjects.admitted(transaction, kind="merchant", entity_id=name)
                journal.write(transaction, entry, subject=subject, content_sha256="b" * 64)  # type: ignore[arg-type]

    def entry(self, place: int, row: Mapping[str, Any], probability: float) -> dict[str, Any]:
        at = instant_text(FIRST + timedelta(hours=place))
        outcome = "approve" if probability < 0.3 else "decline"
        return {
            "decision_id": f"d{place}",
            "partner": "local",
            "product": LOAN,
            "entity_id": f"m{place}",
            "reference_id": f"a{place}",
            "order_no": f"a{place}",
            "decided_at": at,
            "request": {"merchant_id": f"m{place}", "amount_minor": 100, "term_days": 30},
            "evidence": {
                "values": {it.name: row[it.name] for it in FEATURES if it.name not in REQUEST},
                "as_of": at,
                "freshness": "fresh",
                "detail": "",
            },
            "scored": [
                {
                    "amount_minor": 100,
                    "term_days": 30,
                    "probability": probability,
                    "reasons": [],
                    "request_features": {name: row[name] for name in REQUEST},
                }
            ],
            "room_minor": None,
            "model": self.artefact.identity(),
            "policy": {"name": "platform", "version": "1", "sha256": "c" * 64},
            "decision": {"outcome": outcome},
            "hold": None,
            "clock": "fixed",
        }

    def _write_outcomes(self, applicants: pa.Table) -> None:
        rows = len(applicants)
        moments = [(FIRST + timedelta(hours=n)).replace(tzinfo=None) for n in range(rows)]
        ripe = [moment + timedelta(days=61) for moment in moments]
        self.outcomes.mkdir(exist_ok=True)
        pq.write_table(
            pa.table(
                {
                    "product": [LOAN] * rows,
                    "entity_id": [f"m{n}" for n in range(rows)],
                    "reference_id": [f"a{n}" for n in range(rows)],
                    "observed_at": pa.array(moments, pa.timestamp("us")),
                    "bad": applicants["bad"],
                    "matured_at": pa.array(ripe, pa.timestamp("us")),
                }
            ),
            self.outcomes / "outcomes.parquet",
        )


@pytest.fixture
def desk(home: Path, tmp_path: Path) -> Desk:
    records = open_records(f"sqlite:///{home}/records.db")
    yield Desk(records, Registry(home).champion(LOAN), tmp_path / "data")
    records.close()


@pytest.fixture(scope="session")
def applicants() -> Callable[..., pa.Table]:
    """Draws applicants."""
    return population
