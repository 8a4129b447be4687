"""The whole trip on a small world: histories in, decisions out, monitored and replayed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Vouch = Callable[..., dict]
END = "2026-06-30"


def test_histories_become_decisions_that_can_be_watched_and_replayed(
    vouch: Vouch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOUCH_NOW", "2026-07-01T09:00:00")
    size = ("--merchants", 900, "--users", 9_000, "--months", 18, "--seed", 11)
    vouch("data", "generate", "--out", "world", "--end", END, *size)
    checked = vouch("data", "check", "world")
    assert checked["violations"] == []
    assert checked["warnings"] == []
    assert vouch("features", "verify", "--data", "world", "--sample", 20, "--engine", "duckdb")

    vouch("features", "build", "--data", "world", "--as-of", END)
    vouch("features", "materialize")
    for product in ("merchant-loan", "deposit-waiver"):
        vouch("train", product, "--data", "world", "--trials", 0)
        vouch("models", "promote", f"{product}:latest")
    decided = [vouch("decide", file) for file in _requests(tmp_path)]
    assert all(decision["degraded"] == [] for decision in decided)
    assert all(0 < decision["probability"] < 1 for decision in decided)

    assert vouch("replay") == {"checked": 2, "differing": 0}
    assert vouch("doctor")


def _requests(folder: Path) -> list[Path]:
    from console.demo_requests import loan_request, waiver_request
    from console.parse import parse_day

    files = []
    for make in (loan_request, waiver_request):
        file = folder / f"{make.__name__}.json"
        file.write_text(json.dumps(make(folder / "world", parse_day(END, "--end")).body))
        files.append(file)
    return files
