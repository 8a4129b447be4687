"""The gate between a candidate and the decisions it would make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import pi, sqrt
from typing import Any

from models.entry import Ref
from models.registry import Registry

Metrics = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """What a candidate must show on its test rows before it may decide.

    `deviations` is how many standard errors of doubt a figure is given. `ece_max` is the
    largest calibration error beyond what chance alone gives so few rows.
    """

    bads_min: int = 50
    deviations: float = 2.0
    ece_max: float = 0.03


GATE = GatePolicy()


@dataclass(frozen=True, slots=True)
class Promotion:
    """What came of asking: the champion now, or why the candidate was refused."""

    ref: str
    champion: str | None
    failures: tuple[str, ...]

    def lines(self) -> list[str]:
        """The answer for a person."""
        if not self.failures:
            return [f"{self.ref} is champion"]
        return [f"{self.ref} is refused:", *(f"  {failure}" for failure in self.failures)]


def promote(
    registry: Registry, ref: Ref | str, *, by: str, at: datetime, policy: GatePolicy = GATE
) -> Promotion:
    """Makes `ref` the champion of its product where the gate lets it through.

    InputError where no such model is registered or its files were tampered with.
    """
    asked = registry.resolve(ref) if isinstance(ref, str) else ref
    candidate = registry.open(asked).manifest
    champion = registry.champion(asked.product)
    incumbent = None if champion is None else champion.manifest.metrics
    failures = gate(candidate.metrics, incumbent, policy)
    failures += tuple(f"leakage: {leak['column']}: {leak['why']}" for leak in candidate.leakage)
    if failures:
        return Promotion(str(asked), None, failures)
    return Promotion(str(asked), str(registry.promote(asked, by=by, at=at)), ())


def gate(candidate: Metrics, incumbent: Metrics | None, policy: GatePolicy) -> tuple[str, ...]:
    """Every reason to refuse the candidate, from the test figures of both; none: it may pass.

    >>> gate({"rows": 90, "bad_rate": 0.1, "gini": 0.5, "ece": 0.01}, None, GATE)
    ('too few bads: 9 in the test rows, 50 are needed',)
    """
    found = (check(candidate, incumbent, policy) for check in CHECKS)
    return tuple(failure for failure in found if failure)


def _enough_bads(candidate: Metrics, _incumbent: Metrics | None, policy: GatePolicy) -> str:
    bads = round(candidate["rows"] * (candidate["bad_rate"] or 0))
    if bads >= policy.bads_min:
        return ""
    return f"too few bads: {bads} in the test rows, {policy.bads_min} are needed"


def _better_than_chance(candidate: Metrics, incumbent: Metrics | None, policy: GatePolicy) -> str:
    gini = candidate["gini"]
    if gini is None:
        return "the Gini is undefined: the test rows are of one class"
    if incumbent is not None or gini > policy.deviations * gini_error(candidate):
        return ""
    return f"Gini {gini:.3f} is no better than chance"


def _no_worse(candidate: Metrics, incumbent: Metrics | None, policy: GatePolicy) -> str:
    if incumbent is None or candidate["gini"] is None or incumbent["gini"] is None:
        return ""
    doubt = policy.deviations * sqrt(gini_error(candidate) ** 2 + gini_error(incumbent) ** 2)
    if candidate["gini"] >= incumbent["gini"] - doubt:
        return ""
    return (
        f"Gini {candidate['gini']:.3f} is worse than the champion's {incumbent['gini']:.3f} "
        f"by more than chance ({doubt:.3f})"
    )


def _calibrated(candidate: Metrics, _incumbent: Metrics | None, policy: GatePolicy) -> str:
    ece, rows, rate = candidate["ece"], candidate["rows"], candidate["bad_rate"]
    if ece is None or not rows:
        return ""
    chance = sqrt(2 / pi) * sqrt(rate * (1 - rate) * 10 / rows)
    if ece <= policy.ece_max + chance:
        return ""
    return f"calibration: ECE {ece:.3f} is above {policy.ece_max + chance:.3f}"


def gini_error(metrics: Metrics) -> float:
    """The standard error of a Gini from its rows (Hanley and McNeil 1982)."""
    area = (metrics["gini"] + 1) / 2
    bads = metrics["rows"] * metrics["bad_rate"]
    goods = metrics["rows"] - bads
    above, below = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (
        area * (1 - area) + (bads - 1) * (above - area**2) + (goods - 1) * (below - area**2)
    ) / (bads * goods)
    return 2 * sqrt(max(spread, 0.0))


CHECKS: tuple[Callable[[Metrics, Metrics | None, GatePolicy], str], ...] = (
    _enough_bads,
    _better_than_chance,
    _no_worse,
    _calibrated,
)
