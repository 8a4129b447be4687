"""How much each component counts: non-negative weights of margins with least held-out loss."""

from collections.abc import Sequence
from typing import Any

import numpy as np

PULL = 4.0  # bads' worth of evidence for equal shares: few rows cannot overrule it
TINY = 0.03  # a component of less weight than this share is left out


def shares(parts: Sequence[tuple[Any, Any, Any]]) -> Any:
    """Weights of the columns of margins: each part is (margins, label, weight), each counts alike.

    An intercept of each part's own is fitted and forgotten: parts may have other bad rates.
    """
    from scipy.optimize import minimize

    count = parts[0][0].shape[1]
    equal = np.full(count, 1 / count)
    bads = sum(float(min(label.sum(), (1 - label).sum())) for _, label, _ in parts[:1])
    pull = PULL / max(bads, 1.0)

    def loss(point: Any) -> tuple[float, Any]:
        weights, intercepts = point[:count], point[count:]
        off = weights - equal
        total, slope = pull * (off @ off) * count, np.zeros(len(point))
        slope[:count] = 2 * pull * count * off
        for place, (margins, label, weight) in enumerate(parts):
            z = margins @ weights + intercepts[place]
            total += np.average(np.logaddexp(0, z) - label * z, weights=weight) / len(parts)
            error = weight * (1 / (1 + np.exp(-z)) - label) / weight.sum() / len(parts)
            slope[:count] += margins.T @ error
            slope[count + place] = error.sum()
        return total, slope

    start = np.concatenate([equal, np.zeros(len(parts))])
    bounds = [(0, None)] * count + [(None, None)] * len(parts)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return found.x[:count]
