"""The page says everything that was found, and runs nothing of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from models.drift import Shift
from monitoring.figures import Figures
from monitoring.page import render
from monitoring.retrain_signal import Verdict

HOSTILE = "<img src=x onerror=alert(1)>"


def _figures(**changes: Any) -> Figures:
    steady = Shift("turnover", 0.01, 0.02, 0, 0.0, 0.0, (("under 5", 0.5, 0.4),))
    values: dict[str, Any] = {
        "product": "merchant-loan",
        "model": {"name": "merchant-loan", "version": "v1", "sha256": "a" * 64},
        "made_at": datetime(2026, 7, 1, tzinfo=UTC),
        "first": "2026-01-01",
        "last": "2026-03-31",
        "decisions": 1234,
        "approved": 600,
        "matured": 0,
        "unscored": 0,
        "by_other_models": 0,
        "verdict": Verdict("no drift", ()),
        "score": steady,
        "score_matured": None,
        "features": (steady,),
        "performance": None,
        "approvals": None,
        "training": {},
    }
    return Figures(**values | changes)


HOSTILE_SHIFT = Shift(HOSTILE, 0.3, 0.1, 2, 0.0, 0.0, ((HOSTILE, 0.5, 0.5),))


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": Verdict("drift", (HOSTILE,))},
        {"features": (HOSTILE_SHIFT,)},
        {"score": HOSTILE_SHIFT},
        {"model": {"name": HOSTILE, "version": HOSTILE, "sha256": ""}},
        {"product": HOSTILE, "first": HOSTILE},
    ],
)
def test_no_name_becomes_markup(change: dict[str, Any]) -> None:
    page = render(_figures(**change), evidently=None)
    assert "<img" not in page
    assert "&lt;img" in page


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = render(_figures(), evidently="evidently.html")
    assert "<script" not in page
    assert "http" not in page
    assert 'href="evidently.html"' in page
    assert "No approval has matured yet" in page


def test_what_moved_most_stands_first() -> None:
    calm = Shift("calm_feature", 0.9, 1.0, 0, 0.0, 0.0, ())
    moved = Shift("moved_feature", 0.4, 0.1, 2, 0.0, 0.0, ())
    page = render(_figures(features=(calm, moved)), evidently=None)
    assert page.index("moved_feature") < page.index("calm_feature")
