"""How much each component counts: non-negative weights of margins with least held-out loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

PULL = 3.0  # bads' worth of evidence for equal shares: few rows cannot overrule it
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
    design = np.column_stack([margin, np.ones(len(margin))])
    found = np.array([1.0, 0.0])
    loss = _loss(design @ found, label, weight)
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-(design @ found)))
        curved = design * (weight * chance * (1 - chance))[:, None]
        hessian = design.T @ curved + 1e-6 * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (weight * (label - chance)))
        new = _loss(design @ (found + step), label, weight)
        if not new < loss - CONVERGED:
            break
        found, loss = found + step, new
    return (loss, float(found[0])) if found[0] > 0 else (_constant(label, weight), 0.0)


def shares(parts: Sequence[Told]) -> Any:
    """Weights of the components with least log loss over `parts`, each part counting alike.

    An intercept of each part's own is fitted and forgotten: parts may have other bad rates.
    Weights are drawn to equal shares of the components' margins, each brought to scale.
    """
    scale = np.array(
        [scaled_loss(one, parts[0].label, parts[0].weight)[1] for one in parts[0].margins.T]
    )
    return _weights([part.scaled(scale) for part in parts]) * scale


def _weights(parts: Sequence[Told]) -> Any:
    from scipy.optimize import minimize

    count = parts[0].margins.shape[1]
    equal = np.full(count, 1 / count)
    label = parts[0].label
    pull = PULL * count / max(float(min(label.sum(), (1 - label).sum())), 1.0)

    def loss(point: Any) -> tuple[float, Any]:
        weights, off = point[:count], point[:count] - equal
        total, slope = pull * float(off @ off), np.zeros(len(point))
        slope[:count] = 2 * pull * off
        for place, part in enumerate(parts, start=count):
            z = part.margins @ weights + point[place]
            error = part.weight * (1 / (1 + np.exp(-z)) - part.label)
            error /= part.weight.sum() * len(parts)
            total += _loss(z, part.label, part.weight) / len(parts)
            slope[:count] += part.margins.T @ error
            slope[place] = error.sum()
        return total, slope

    start = np.concatenate([equal, np.zeros(len(parts))])
    bounds = [(0, None)] * count + [(None, None)] * len(parts)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return found.x[:count]


def _loss(margin: Any, label: Any, weight: Any) -> float:
    return float(np.average(np.logaddexp(0, margin) - label * margin, weights=weight))


def _constant(label: Any, weight: Any) -> float:
    share = np.clip(np.average(label, weights=weight), 1e-6, 1 - 1e-6)
    return _loss(np.full(len(label), np.log(share / (1 - share))), label, weight)
