"""The signal: one verdict in a line, and what it rests on. It never calls training.

Seasons move turnover and with it many features, and a model that stays true through its seasons
need not be trained again for that. So features are named as what lies behind a moved score, and
drift is what touches the scores: the distribution among those to whom credit was given (as it was
to every training row), a feed that stopped, probabilities that no longer come true, an order of
risks that is lost. All applications, the declined with them, always differ from training rows,
which are approvals: a move there is watched.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.drift import Shift
    from monitoring.performance import Performance

DRIFT, WATCH, STEADY, TOO_FEW = "drift", "watch", "no drift", "not enough data"
DECISIONS_MIN = 100
MATURED_MIN = 100
EXPECTED_BADS_MIN = 10
CLASS_MIN = 25
# Standard errors and the factor by which observed must leave expected: chance, then substance.
CALIBRATION_DRIFT = (3.0, 1.25)
CALIBRATION_WATCH = (2.0, 1.15)
GINI_LOST = 0.10
NAMED_MAX = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """`kind` is drift, watch, no drift or not enough data; `findings` say why, in words."""

    kind: str
    findings: tuple[str, ...]

    @property
    def line(self) -> str:
        """The verdict in a line."""
        return f"{self.kind}: {'; '.join(self.findings)}" if self.findings else self.kind


@dataclass(frozen=True, slots=True)
class _Finding:
    kind: str
    text: str


def signal(
    *,
    decisions: int,
    score: "Shift | None",
    score_matured: "Shift | None",
    features: "Sequence[Shift]",
    performance: "Performance | None",
) -> Verdict:
    """The verdict of a window: scores, features and matured approvals against training."""
    if decisions < DECISIONS_MIN or score is None:
        return Verdict(TOO_FEW, (f"{decisions} scored decisions, {DECISIONS_MIN} are needed",))
    found = [
        *_of_matured_scores(score_matured, features, performance),
        *_of_missing(features),
        *_of_performance(performance),
        *_of_applicants(score, features),
    ]
    for kind in (DRIFT, WATCH):
        if texts := tuple(finding.text for finding in found if finding.kind == kind):
            return Verdict(kind, texts)
    return Verdict(STEADY, tuple(_unjudged(performance)))


def _of_matured_scores(
    score: "Shift | None", features: "Sequence[Shift]", performance: "Performance | None"
) -> Iterator[_Finding]:
    if score is None or performance is None or performance.rate.rows < MATURED_MIN:
        return
    if score.level > 1:
        behind = _behind(features)
        yield _Finding(DRIFT, f"score PSI {score.psi:.2f} among those given credit{behind}")


def _of_applicants(score: "Shift", features: "Sequence[Shift]") -> Iterator[_Finding]:
    if score.level > 1:
        yield _Finding(WATCH, f"applicants' score PSI {score.psi:.2f}{_behind(features)}")


def _of_missing(features: "Sequence[Shift]") -> Iterator[_Finding]:
    gone = [shift for shift in features if shift.went_missing]
    if gone:
        yield _Finding(DRIFT, f"values went missing: {_missing(gone)}")


def _of_performance(performance: "Performance | None") -> Iterator[_Finding]:
    if performance is None:
        return
    rate, ranking = performance.rate, performance.ranking
    if rate.rows >= MATURED_MIN and rate.expected * rate.rows >= EXPECTED_BADS_MIN:
        factor = max(rate.ratio, 1 / rate.ratio) if rate.ratio else float("inf")
        words = f"calibration: observed {rate.observed:.1%} against expected {rate.expected:.1%}"
        for kind, (errors, substance) in ((DRIFT, CALIBRATION_DRIFT), (WATCH, CALIBRATION_WATCH)):
            if abs(rate.z) >= errors and factor >= substance:
                yield _Finding(kind, words)
                break
    if ranking is not None and min(rate.bads, rate.rows - rate.bads) >= CLASS_MIN:
        lost = ranking.promised - ranking.gini
        if ranking.gini < ranking.low:
            kind = DRIFT if lost >= GINI_LOST else WATCH
            yield _Finding(
                kind, f"Gini {ranking.gini:.2f} where {ranking.promised:.2f} is promised"
            )


def _unjudged(performance: "Performance | None") -> Iterator[str]:
    rate = performance.rate if performance else None
    if rate is None or rate.rows < MATURED_MIN or rate.expected * rate.rows < EXPECTED_BADS_MIN:
        rows = rate.rows if rate else 0
        yield f"scores and features are steady; {rows} matured approvals are too few to judge by"


def _behind(features: "Sequence[Shift]") -> str:
    moved = [shift for shift in features if shift.level > 1]
    return f", most moved: {_named(moved)}" if moved else ""


def _named(shifts: "Sequence[Shift]") -> str:
    worst = sorted(shifts, key=lambda shift: -shift.psi)
    return _first([f"{shift.name} (PSI {shift.psi:.2f})" for shift in worst])


def _missing(shifts: "Sequence[Shift]") -> str:
    worst = sorted(shifts, key=lambda shift: shift.missing_reference - shift.missing_window)
    return _first(
        [f"{it.name} ({it.missing_reference:.0%} to {it.missing_window:.0%})" for it in worst]
    )


def _first(names: list[str]) -> str:
    rest = len(names) - NAMED_MAX
    return ", ".join(names[:NAMED_MAX]) + (f" and {rest} more" if rest > 0 else "")
