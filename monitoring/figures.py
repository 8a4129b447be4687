"""The figures of one window: a value that the page and the JSON are written from."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from models.artefact import Artefact
from models.drift import Shift, shift, shifts
from monitoring.performance import BadRate, Performance, bad_rate, perform
from monitoring.retrain_signal import Verdict, signal
from monitoring.window import Window

PROBABILITY = "probability"


@dataclass(frozen=True, slots=True)
class Figures:
    """All that one run of monitoring found.

    `score` holds all applications against the training rows, `score_matured` those alone to
    whom credit was given, as it was to all training rows. `approvals` is the bad rate of what
    this policy itself approved. `training` holds the model's figures on its test rows.
    """

    product: str
    model: Mapping[str, str]
    made_at: datetime
    first: str
    last: str
    decisions: int
    approved: int
    matured: int
    unscored: int
    by_other_models: int
    verdict: Verdict
    score: Shift | None
    score_matured: Shift | None
    features: tuple[Shift, ...]
    performance: Performance | None
    approvals: BadRate | None
    training: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The figures as plain JSON values, the verdict's line with them."""
        found = asdict(self)
        found["verdict"]["line"] = self.verdict.line
        return found | {"made_at": self.made_at.astimezone(UTC).isoformat()}


def measure_window(
    window: Window, reference: Any, artefact: Artefact, *, now: datetime, days: tuple[str, str]
) -> Figures:
    """The figures of a window against the artefact's reference (a PyArrow table)."""
    matured = window.matured
    score = _score(window.probability, reference)
    score_matured = _score(window.probability[matured], reference)
    moved = shifts(artefact.manifest.features, reference, window.features) if len(window) else ()
    performance = _performance(window, matured, artefact)
    return Figures(
        product=artefact.manifest.product,
        model=artefact.identity(),
        made_at=now,
        first=days[0],
        last=days[1],
        decisions=len(window),
        approved=int(window.approved.sum()),
        matured=int(matured.sum()),
        unscored=window.unscored,
        by_other_models=window.by_other_models,
        verdict=signal(
            decisions=len(window),
            score=score,
            score_matured=score_matured,
            features=moved,
            performance=performance,
        ),
        score=score,
        score_matured=score_matured,
        features=moved,
        performance=performance,
        approvals=_approvals(window, matured & window.approved, artefact),
        training=artefact.manifest.metrics,
    )


def window_days(window: Window) -> tuple[str, str]:
    """First and last day of the decisions, ISO 8601; `none` where there are none."""
    if not len(window):
        return "none", "none"
    days: Sequence[str] = sorted(f"{moment:%Y-%m-%d}" for moment in window.decided_at)
    return days[0], days[-1]


def _score(probability: Any, reference: Any) -> Shift | None:
    if not len(probability):
        return None
    said = reference.column(PROBABILITY).cast("float64").to_numpy()
    return shift("score", said, probability, category=False)


def _performance(window: Window, rows: Any, artefact: Artefact) -> Performance | None:
    moments = [moment for moment, ripe in zip(window.decided_at, rows, strict=True) if ripe]
    return perform(
        moments,
        window.probability[rows],
        window.bad[rows],
        training_bads=artefact.manifest.data.bads,
        seed=artefact.manifest.seed,
    )


def _approvals(window: Window, rows: Any, artefact: Artefact) -> BadRate | None:
    if not rows.any():
        return None
    return bad_rate(
        window.probability[rows], window.bad[rows], training_bads=artefact.manifest.data.bads
    )
