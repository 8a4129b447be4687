"""What training asks beyond `models.measures`: the line of calibration, and paired differences."""

from typing import Any

import numpy as np


def calibration_line(label: Any, probability: Any) -> tuple[float | None, float | None]:
    """Slope and intercept of the logistic regression of outcome on predicted logit (Cox 1958).

    1 and 0 where probabilities are true; a slope under 1 means that they are too extreme.
    """
    y = np.asarray(label, dtype=np.float64)
    if not 0 < y.sum() < len(y) or np.ptp(probability) == 0:
        return None, None
    p = np.clip(probability, 1e-6, 1 - 1e-6)
    logit = np.log(p / (1 - p))
    design = np.column_stack([logit, np.ones_like(logit)])
    weights = newton_logistic(design, y, start=np.array([1.0, 0.0]))
    return (float(weights[0]), float(weights[1])) if weights is not None else (None, None)


def newton_logistic(design: Any, target: Any, *, start: Any, ridge: float = 1e-6) -> Any | None:
    """Coefficients of a small logistic regression, drawn to `start`; None if it does not settle."""
    weights = start.astype(np.float64).copy()
    eye = ridge * np.eye(design.shape[1])
    for _ in range(50):
        margin = np.clip(design @ weights, -35, 35)
        mean = 1 / (1 + np.exp(-margin))
        slope = design.T @ (mean - target) + ridge * (weights - start)
        bend = (design * (mean * (1 - mean))[:, None]).T @ design + eye
        step = np.linalg.solve(bend, slope)
        weights = weights - np.clip(step, -5, 5)
        if np.max(np.abs(step)) < 1e-9:  # noqa: PLR2004  # settled
            return weights
    return None


def auc_difference_interval(
    label: Any, ours: Any, theirs: Any, *, seed: int, draws: int = 250
) -> dict[str, float | int | None]:
    """AUC of ours less theirs, with the 95% interval of a paired bootstrap over the rows."""
    y = np.asarray(label, dtype=np.float64)
    first, second = _Ranking(y, ours), _Ranking(y, theirs)
    ones = np.ones(len(y))
    here, there = first.auc(ones), second.auc(ones)
    if here is None or there is None:
        return {"mean": None, "low": None, "high": None, "draws": draws}
    random = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        weight = np.bincount(random.integers(0, len(y), len(y)), minlength=len(y)).astype(float)
        one, two = first.auc(weight), second.auc(weight)
        if one is not None and two is not None:
            found.append(one - two)
    low, high = np.quantile(found, [0.025, 0.975])
    return {"mean": here - there, "low": float(low), "high": float(high), "draws": draws}


class _Ranking:
    """Rows sorted by score once, so that the AUC of any reweighting is one pass."""

    def __init__(self, label: Any, score: Any) -> None:
        score = np.asarray(score, dtype=np.float64)
        self._order = np.argsort(score, kind="stable")
        ranked = score[self._order]
        self._starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
        self._label = label[self._order]

    def auc(self, weight: Any) -> float | None:
        """The weighted AUC; None where a class has no weight."""
        weight = weight[self._order]
        bads = np.add.reduceat(weight * self._label, self._starts)
        goods = np.add.reduceat(weight * (1 - self._label), self._starts)
        if not bads.sum() or not goods.sum():
            return None
        below = np.cumsum(goods) - goods / 2
        return float((bads * below).sum() / (bads.sum() * goods.sum()))
