"""What training asks beyond `models.measures`: the line of calibration, and what it rests on."""

from typing import Any

import numpy as np

STEPS_MAX = 100
SETTLED = 1e-9
LOSS_ROUNDING = 1e-14


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
    """Coefficients of a small logistic regression, drawn to `start`; None if it does not settle.

    Newton's steps, halved while they make it worse: from far away a whole step may go past.
    """
    weights = start.astype(np.float64).copy()
    eye = ridge * np.eye(design.shape[1])

    def loss(at: Any) -> float:
        margin = design @ at
        away = at - start
        return float(np.sum(np.logaddexp(0, margin) - target * margin) + ridge * (away @ away) / 2)

    here = loss(weights)
    for _ in range(STEPS_MAX):
        mean = 1 / (1 + np.exp(-np.clip(design @ weights, -35, 35)))
        slope = design.T @ (mean - target) + ridge * (weights - start)
        bend = (design * (mean * (1 - mean))[:, None]).T @ design + eye
        step = np.linalg.solve(bend, slope)
        there = loss(weights - step)
        while there > here + LOSS_ROUNDING * (1 + abs(here)) and np.max(np.abs(step)) > SETTLED:
            step = step / 2
            there = loss(weights - step)
        weights, here = weights - step, there
        if np.max(np.abs(step)) < SETTLED:
            return weights
    return None
