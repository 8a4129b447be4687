"""What the gate lets through again and again never adds up to a fall."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.artefact import MODEL, open_artefact, write
from models.keys import home_keys
from models.registry import Registry
from training import release
from training.judging.paired import Paired
from training.release import promote

AT = datetime(2026, 7, 1, tzinfo=UTC)
LOAN = "merchant-loan"
ROWS = 1000


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    made = Registry(tmp_path / "home")
    monkeypatch.setattr(type(made.trials), "hold", lambda *_: None)
    return made


@pytest.fixture
def ranked(
    registry: Registry, tmp_path: Path, train: Callable[..., Any], book: Any, monkeypatch: Any
) -> Callable[[str, float], Any]:
    """Promotes a candidate that blurs what the best model knows by so much."""
    random = np.random.default_rng(5)
    label = (random.random(ROWS) < 0.15).astype(int)
    truth = label * 1.4 + random.normal(size=ROWS)
    said: dict[str, Any] = {}
    base = train(book(300)).out

    def both(candidate: Any, rival: Any) -> Paired | None:
        return Paired.of(label, *(said[it.manifest.version] for it in (candidate, rival)))

    monkeypatch.setattr(release, "compared", both)

    def ask(version: str, blur: float, *, seed: int = 9) -> Any:
        margin = truth + blur * np.random.default_rng(seed).normal(size=ROWS)
        said[version] = 1 / (1 + np.exp(-margin))
        known = open_artefact(base)
        gini = Paired.of(label, said[version], said[version]).gini
        figures = {"rows": ROWS, "bad_rate": float(label.mean()), "gini": gini, "ece": 0.01}
        manifest = replace(
            known.manifest, product=LOAN, version=version, metrics=figures, assurance={}
        )
        folder = tmp_path / version
        write(folder, (base / MODEL).read_text(), manifest, signed_by=home_keys(tmp_path / "home"))
        return promote(registry, registry.register(folder), by="ann", at=AT)

    return ask


def test_steps_down_do_not_add_up(ranked, registry):
    """Someone tries again and again with a model a little worse than the present champion."""
    blur, first = 0.0, ranked("v0", 0.0)
    for place in range(1, 60):
        if not ranked(f"v{place}", blur + 0.1, seed=place).failures:
            blur += 0.1
    assert not first.failures
    assert 0.1 <= blur <= 0.6, "a little worse may be chance, and no further"


def test_a_damaged_champion_does_not_bar_its_successor(ranked, registry):
    assert not ranked("v0", blur=0.0).failures
    (registry.champion(LOAN).directory / MODEL).write_bytes(b"rot")
    assert not ranked("v1", blur=0.1).failures
    assert registry.champion(LOAN).manifest.version == "v1"
