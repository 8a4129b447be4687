"""Real public data from its own files to decisions."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Vouch = Callable[..., dict]
Metrics = Callable[[Path], dict]


def test_taiwan_is_imported_trained_and_decided(
    vouch: Vouch,
    shared_datasets: Path,
    tmp_path: Path,
    metrics_of: Metrics,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vouch("data", "import", "taiwan", shared_datasets / "taiwan.parquet", "--out", "taiwan")
    vouch("data", "check", "taiwan")
    out = tmp_path / "trained"
    asked = ("--test-share", "0.3", "--trials", "0", "--out", out)
    vouch("train", "deposit-waiver", "--data", "taiwan", *asked)
    assert metrics_of(out)["test"]["auc"] >= 0.76
    vouch("models", "promote", "deposit-waiver:latest")
    monkeypatch.setenv("VOUCH_NOW", "2005-10-01")
    vouch("features", "build", "--data", "taiwan", "--as-of", "2005-09-30")
    vouch("features", "materialize")
    decision = vouch("decide", _asked_by(tmp_path, user_id=_first_user(tmp_path / "taiwan")))
    assert decision["degraded"] == []
    assert 0 < decision["probability"] < 1
    assert decision["credit_minor"] + decision["deposit_due_minor"] == 20_000


def test_superlender_ranks_no_worse_than_its_logistic_benchmark_allows(
    vouch: Vouch, shared_datasets: Path, tmp_path: Path, metrics_of: Metrics
) -> None:
    files = sorted(shared_datasets.glob("superlender_*.parquet"))
    vouch("data", "import", "superlender", *files, "--out", "superlender")
    out = tmp_path / "trained"
    asked = ("--split-at", "2017-07-21", "--trials", "0", "--out", out)
    vouch("train", "merchant-loan", "--data", "superlender", *asked)
    metrics = metrics_of(out)
    assert metrics["test"]["auc"] >= 0.68
    interval = metrics["benchmarks"]["logistic"]["auc_difference"]
    assert interval["low"] < interval["mean"] < interval["high"]


def test_online_retail_features_hold(vouch: Vouch, shared_datasets: Path) -> None:
    file = shared_datasets / "onlineretail.parquet"
    vouch("data", "import", "onlineretail", file, "--out", "retail")
    report = vouch("features", "verify", "--data", "retail", "--sample", "50", "--engine", "duckdb")
    assert report


def _first_user(directory: Path) -> str:
    from features.sources import open_history

    users: Any = open_history(directory).table("users")
    return str(users.order_by("user_id").limit(1).to_pyarrow()["user_id"][0])


def _asked_by(folder: Path, *, user_id: str) -> Path:
    file = folder / "waiver.json"
    body = {
        "user_id": user_id,
        "scene": "bike",
        "deposit_minor": 20_000,
        "currency": "CNY",
        "due_at": "2005-10-03T00:00:00Z",
    }
    file.write_text(json.dumps(body))
    return file
