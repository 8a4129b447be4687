"""How much each component counts: non-negative weights of margins with least held-out loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

PULLS = (16.0, 4.0, 1.0, 0.25)  # bads' worth of evidence for equal shares, strongest first
PULL_OF_MANY = 1.0
MANY_ROWS = 20_000  # from here on every pull comes to the same
NEWTON_STEPS = 12
CONVERGED = 1e-8


@dataclass(frozen=True, slots=True)
class Told:
    """What components said of rows: margins (rows, components), and what became of these rows."""

    margins: Any
    label: Any
    weight: Any

    def take(self, rows: Any) -> "Told":
        """The same of these rows."""
        return Told(self.margins[rows], self.label[rows], self.weight[rows])

    def scaled(self, scale: Any) -> "Told":
        """The same with every component's margins times its scale."""
        return Told(self.margins * scale, self.label, self.weight)


def scaled_loss(margin: Any, label: Any, weight: Any) -> tuple[float, float]:
    """Log loss after the best straight line over the margin, and that line's slope, 0 or more.

    A model may be too sure of itself and yet rank well: its margins count for less.
    """
    spread = float(margin.std()) or 1.0
    design = np.column_stack([margin / spread, np.ones(len(margin))])
    base = np.clip(np.average(label, weights=weight), 1e-6, 1 - 1e-6)
    found = np.array([0.0, np.log(base / (1 - base))])
    nothing = loss = _loss(design @ found, label, weight)
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-(design @ found)))
        curved = design * (weight * chance * (1 - chance))[:, None]
        hessian = design.T @ curved + 1e-6 * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (weight * (label - chance)))
        new = _loss(design @ (found + step), label, weight)
        if not new < loss - CONVERGED:
            break
        found, loss = found + step, new
    return (loss, float(found[0]) / spread) if found[0] > 0 else (nothing, 0.0)


def pulls_for(rows: int) -> tuple[float, ...]:
    """How strongly weights may be drawn to equal shares; of very many rows one pull is enough."""
    return PULLS if rows < MANY_ROWS else (PULL_OF_MANY,)


def strongest_sound(losses: Sequence[Any]) -> int:
    """Which of several ways to keep, by each one's loss of every row, the most careful way first.

    A bolder one must win by more than a standard error of the rows' differences.
    """
    best = losses[int(np.argmin([loss.mean() for loss in losses]))]
    for place, loss in enumerate(losses):
        worse = loss - best
        if worse.mean() <= worse.std() / np.sqrt(len(worse)):
            return place
    return len(losses) - 1


def row_losses(margin: Any, told: Told) -> Any:
    """The weighted log loss of every row."""
    return told.weight * (np.logaddexp(0, margin) - told.label * margin)


def shares(parts: Sequence[Told], *, pull: float) -> tuple[Any, float]:
    """Weights of the components with least log loss over `parts`, each part counting alike.

    Then the intercept that makes the first part's margins true; other parts may have other bad
    rates, so theirs is forgotten. Weights are drawn to equal shares of the components' margins,
    each brought to scale, by `pull` bads' worth of evidence. Where none tells anything, the first
    stands alone.
    """
    first = parts[0]
    scale = np.array([scaled_loss(one, first.label, first.weight)[1] for one in first.margins.T])
    if not scale.any():
        return np.eye(len(scale))[0], 0.0
    weights, intercept = _weights([part.scaled(scale) for part in parts], scale > 0, pull)
    return weights * scale, intercept


def _weights(parts: Sequence[Told], telling: Any, pull: float) -> tuple[Any, float]:
    from scipy.optimize import minimize

    count = len(telling)
    equal = telling / telling.sum()
    label = parts[0].label
    drawn = pull * count / max(float(min(label.sum(), (1 - label).sum())), 1.0)

    def loss(point: Any) -> tuple[float, Any]:
        off = point[:count] - equal
        total, slope = drawn * float(off @ off), np.zeros(len(point))
        slope[:count] = 2 * drawn * off
        for place, part in enumerate(parts, start=count):
            z = part.margins @ point[:count] + point[place]
            error = part.weight * (1 / (1 + np.exp(-z)) - part.label)
            error /= part.weight.sum() * len(parts)
            total += _loss(z, part.label, part.weight) / len(parts)
            slope[:count] += part.margins.T @ error
            slope[place] = error.sum()
        return total, slope

    start = np.concatenate([equal, np.zeros(len(parts))])
    bounds = [(0, None)] * count + [(None, None)] * len(parts)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return found.x[:count], float(found.x[count])


def _loss(margin: Any, label: Any, weight: Any) -> float:
    return float(np.average(np.logaddexp(0, margin) - label * margin, weights=weight))
