"""Two models on the same rows: who is worst off under each, and what a change would cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.measures import Z_95, auc
from training.fairness.groups import Groups
from training.fairness.impact import impact_ratios, interval, redrawn
from training.judging.cut_off import cut_off
from training.judging.paired import auc_difference_error

DRAWS = 500
UNDEFINED: dict[str, float | None] = {"value": None, "low": None, "high": None}


@dataclass(frozen=True, slots=True)
class Ratio:
    """How often one group is approved against the group approved most often."""

    attribute: str
    place: int
    reference: int
    group: str
    against: str
    value: float

    def as_json(self) -> dict[str, Any]:
        """Who it is, in words."""
        told = {"attribute": self.attribute, "group": self.group, "reference": self.against}
        return told | {"air": self.value}


@dataclass(frozen=True, slots=True)
class Ground:
    """Rows on which models are held against each other: outcomes, groups, and how many pass.

    A model approves the rows of least risk, `approved_share` of them, whatever its scale.
    """

    label: Any
    groups: Mapping[str, Groups]
    approved_share: float
    seed: int

    def approved(self, risk: Any) -> Any:
        """Which rows a model of this risk approves."""
        return risk <= cut_off(risk, approved_share=self.approved_share)

    def worst(self, risk: Any) -> Ratio | None:
        """The smallest ratio over all groups large enough to steer by; None where there is none."""
        approved = self.approved(risk)
        found = [one for name, it in self.groups.items() for one in _ratios(name, it, approved)]
        return min(found, key=lambda one: one.value, default=None)

    def impact(self, risk: Any) -> float | None:
        """That ratio."""
        worst = self.worst(risk)
        return None if worst is None else worst.value

    def gini(self, risk: Any) -> float | None:
        """How well the risk ranks; None where the rows are of one class."""
        area = auc(self.label, risk)
        return None if area is None else 2 * area - 1

    def gini_difference(self, ours: Any, theirs: Any) -> dict[str, float | None]:
        """Gini of ours less theirs, with its 95% interval (DeLong et al. 1988)."""
        here, there = self.gini(ours), self.gini(theirs)
        if here is None or there is None:
            return UNDEFINED
        reach = 2 * Z_95 * auc_difference_error(self.label, ours, theirs)
        gap = here - there
        return {"value": gap, "low": gap - reach, "high": gap + reach}

    def impact_gain(self, ours: Any, theirs: Any) -> dict[str, float | None]:
        """The rise of the smallest ratio, with the interval of paired draws of the rows."""
        here, there = self.impact(ours), self.impact(theirs)
        if here is None or there is None:
            return UNDEFINED
        sides = self.approved(ours), self.approved(theirs)
        if np.array_equal(*sides):
            return {"value": 0.0, "low": 0.0, "high": 0.0}
        least = [_least_drawn(one, sides, self.seed) for one in self.groups.values()]
        mine, other = (np.min([pair[side] for pair in least], axis=0) for side in (0, 1))
        low, high = interval(mine - other)
        return {"value": here - there, "low": low, "high": high}


def _ratios(name: str, groups: Groups, approved: Any) -> list[Ratio]:
    reference = groups.reference(approved)
    if reference is None:
        return []
    counts = np.bincount(groups.code, weights=approved, minlength=len(groups.names))
    ratios = impact_ratios(counts / np.maximum(groups.rows, 1), reference)
    return [
        Ratio(name, place, reference, groups.names[place], groups.names[reference], float(ratio))
        for place, ratio in enumerate(ratios)
        if groups.steady[place] and place != reference and np.isfinite(ratio)
    ]


def _least_drawn(groups: Groups, sides: tuple[Any, Any], seed: int) -> tuple[Any, Any]:
    """The smallest ratio of this attribute under both models, in each of the same draws."""
    count = len(groups.names)
    place = 4 * groups.code + 2 * sides[0] + sides[1]
    counts = np.bincount(place, minlength=4 * count).reshape(count, 2, 2)
    drawn = redrawn(counts, draws=DRAWS, seed=seed)
    rows = drawn.sum(axis=(2, 3))
    found = []
    for axis, approved in zip((3, 2), sides, strict=True):
        rates = drawn.sum(axis=axis)[:, :, 1] / np.maximum(rows, 1)
        found.append(_least(groups, rates, groups.reference(approved)))
    return found[0], found[1]


def _least(groups: Groups, rates: Any, reference: int | None) -> Any:
    if reference is None:
        return np.full(len(rates), np.inf)
    others = [p for p, steady in enumerate(groups.steady) if steady and p != reference]
    return impact_ratios(rates, reference)[:, others].min(axis=1, initial=np.inf)
