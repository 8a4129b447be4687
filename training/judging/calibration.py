"""Which map from margin to probability is truest, chosen by log loss on held-out margins."""

from collections.abc import Callable
from typing import Any

import numpy as np

from models.calibration import Calibration
from training.judging.evaluate import newton_logistic

FOLDS = 5
STEPS_BADS_MIN = 1000  # isotonic steps need many bads, else they follow noise
KNOTS_MAX = 200
IDENTITY = Calibration("identity", {})


def calibrate(
    margins: Any, label: Any, *, seed: int
) -> tuple[Calibration, dict[str, dict[str, float]]]:
    """The calibration with least cross-fitted log loss; log loss and Brier of each one tried.

    A map with more freedom must win by more than chance could give it: the plainer one stands
    where the gain is under one standard error of the rows' losses.
    """
    fold = np.random.default_rng(seed).permutation(np.arange(len(label)) % FOLDS)
    losses = {}
    rows: dict[str, Any] = {}
    for kind, fitter in _tried(label):
        chance = _cross_fitted(margins, label, fold, fitter)
        rows[kind] = -np.where(label == 1, np.log(chance), np.log1p(-chance))
        losses[kind] = {
            "log_loss": float(rows[kind].mean()),
            "brier": float(np.mean((chance - label) ** 2)),
        }
    best = "identity"
    for kind, mine in rows.items():
        gain = rows[best] - mine
        error = gain.std() / np.sqrt(len(gain))
        if gain.mean() > error:
            best = kind
    return _FITTERS[best](margins, label) or IDENTITY, losses


def probabilities(calibration: Calibration, margins: Any) -> Any:
    """P(bad) of each margin by the very function that serving calls."""
    return np.array([calibration.probability(margin) for margin in margins.tolist()])


def _tried(label: Any) -> list[tuple[str, Callable[[Any, Any], Calibration | None]]]:
    kinds = ["identity", "platt", "beta"]
    if min(label.sum(), len(label) - label.sum()) >= STEPS_BADS_MIN:
        kinds.append("isotonic")
    return [(kind, _FITTERS[kind]) for kind in kinds]


def _cross_fitted(margins: Any, label: Any, fold: Any, fitter: Any) -> Any:
    chance = np.empty(len(label))
    for place in range(FOLDS):
        here = fold == place
        calibration = fitter(margins[~here], label[~here]) or IDENTITY
        chance[here] = probabilities(calibration, margins[here])
    return chance


def _identity(_margins: Any, _label: Any) -> Calibration:
    return IDENTITY


def platt(margins: Any, label: Any) -> Calibration | None:
    """A logistic curve over the margin (Platt 1999); None where it would turn the order round."""
    design = np.column_stack([margins, np.ones_like(margins)])
    found = newton_logistic(design, label.astype(np.float64), start=np.array([1.0, 0.0]))
    if found is None or found[0] <= 0:
        return None
    return Calibration("platt", {"slope": float(found[0]), "intercept": float(found[1])})


def beta(margins: Any, label: Any) -> Calibration | None:
    """Kull, Silva Filho and Flach 2017; None where a branch would turn the order round."""
    design = np.column_stack(
        [-np.logaddexp(0, -margins), np.logaddexp(0, margins), np.ones_like(margins)]
    )
    found = newton_logistic(design, label.astype(np.float64), start=np.array([1.0, 1.0, 0.0]))
    if found is None or found[0] <= 0 or found[1] <= 0:
        return None
    a, b, c = (float(value) for value in found)
    return Calibration("beta", {"a": a, "b": b, "c": c})


def isotonic(margins: Any, label: Any) -> Calibration | None:
    """Pooled adjacent violators, then straight lines between the middles of the pools."""
    from sklearn.isotonic import IsotonicRegression

    order = np.argsort(margins, kind="stable")
    raised = IsotonicRegression(y_min=0, y_max=1).fit_transform(margins[order], label[order])
    starts = np.flatnonzero(np.r_[True, raised[1:] != raised[:-1]])
    middles = [float(pool.mean()) for pool in np.split(margins[order], starts[1:])]
    knots, heights = _thinned(np.array(middles), raised[starts])
    if len(knots) < 2:  # noqa: PLR2004  # a line needs two ends
        return None
    return Calibration("isotonic", {"margins": tuple(knots), "probabilities": tuple(heights)})


def _thinned(middles: Any, heights: Any) -> tuple[list[float], list[float]]:
    rising = np.r_[True, np.diff(middles) > 0]
    middles, heights = middles[rising], heights[rising]
    if len(middles) > KNOTS_MAX:
        kept = np.unique(np.linspace(0, len(middles) - 1, KNOTS_MAX).astype(int))
        middles, heights = middles[kept], heights[kept]
    return [float(value) for value in middles], [float(value) for value in heights]


_FITTERS: dict[str, Callable[[Any, Any], Calibration | None]] = {
    "identity": _identity,
    "platt": platt,
    "beta": beta,
    "isotonic": isotonic,
}
