"""How well probabilities rank and how true they are; a figure that is undefined is None.

Training measures a model with these before it serves, monitoring afterwards: one definition.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np

Measures = dict[str, float | int | None]
ECE_BINS = 10
Z_95 = 1.959963984540054


def measure(label: Any, probability: Any) -> Measures:
    """`rows, bad_rate, auc, gini, ks, brier, log_loss, ece` of P(bad) against what happened."""
    y, p = _floats(label), _floats(probability)
    area = auc(y, p)
    return {
        "rows": len(y),
        "bad_rate": float(y.mean()) if len(y) else None,
        "auc": area,
        "gini": None if area is None else 2 * area - 1,
        "ks": ks(y, p),
        "brier": float(np.mean((p - y) ** 2)) if len(y) else None,
        "log_loss": log_loss(y, p),
        "ece": ece(y, p),
    }


def auc(label: Any, score: Any) -> float | None:
    """The chance that a bad scores above a good, ties counting half; None for one class.

    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    curve = roc(label, score)
    return None if curve is None else float(np.trapezoid(curve[1], curve[0]))


def ks(label: Any, score: Any) -> float | None:
    """The largest distance between the score distributions of goods and bads."""
    curve = roc(label, score)
    return None if curve is None else float(np.max(np.abs(curve[1] - curve[0])))


def roc(label: Any, score: Any) -> tuple[Any, Any] | None:
    """Shares of goods and of bads at or above each score, riskiest first; None for one class."""
    y, s = _floats(label), _floats(score)
    bads, goods = y.sum(), len(y) - y.sum()
    if not bads or not goods:
        return None
    order = np.argsort(-s, kind="stable")
    ranked = s[order]
    last = np.r_[np.flatnonzero(ranked[1:] != ranked[:-1]), len(y) - 1]
    caught = np.cumsum(y[order])[last]
    return np.r_[0.0, (last + 1 - caught) / goods], np.r_[0.0, caught / bads]


def log_loss(label: Any, probability: Any) -> float | None:
    """Mean negative log likelihood."""
    if not len(label):
        return None
    p = np.clip(_floats(probability), 1e-15, 1 - 1e-15)
    return float(-np.mean(np.where(_floats(label) == 1, np.log(p), np.log1p(-p))))


def ece(label: Any, probability: Any) -> float | None:
    """Expected calibration error over ten bins of equal count (Naeini et al. 2015)."""
    bins = reliability(label, probability)
    total = sum(count for _, _, count in bins)
    if not total:
        return None
    return float(sum(count * abs(said - seen) for said, seen, count in bins) / total)


def reliability(
    label: Any, probability: Any, *, bins: int = ECE_BINS
) -> Sequence[tuple[float, float, int]]:
    """(mean probability, share of bads, rows) of each bin of equal count, in rising order."""
    y, p = _floats(label), _floats(probability)
    parts = [part for part in np.array_split(ranked(p), bins) if len(part)]
    return [(float(p[part].mean()), float(y[part].mean()), len(part)) for part in parts]


def wilson(bads: float, rows: int, *, deviations: float = Z_95) -> tuple[float, float]:
    """The interval of a share (Wilson 1927), 95% unless told; 0 to 1 where there are no rows.

    >>> low, high = wilson(50, 1000)
    >>> round(low, 4), round(high, 4)
    (0.0381, 0.0653)
    """
    if not rows:
        return 0.0, 1.0
    share, squared = bads / rows, deviations * deviations
    middle = share + squared / (2 * rows)
    reach = deviations * sqrt(share * (1 - share) / rows + squared / (4 * rows * rows))
    scale = 1 + squared / rows
    # At the ends rounding must not push a bound past the share itself.
    low, high = min(share, (middle - reach) / scale), max(share, (middle + reach) / scale)
    return max(0.0, low), min(1.0, high)


def ranked(probability: Any) -> Any:
    """Places of the rows in rising order; ties in one that how a file is sorted has no say in.

    >>> ranked([0.3, 0.1, 0.2]).tolist()
    [1, 2, 0]
    """
    p = _floats(probability)
    mixed = np.random.default_rng(0).permutation(len(p))
    return mixed[np.argsort(p[mixed], kind="stable")]


def _floats(values: Any) -> Any:
    return np.asarray(values, dtype=np.float64)
