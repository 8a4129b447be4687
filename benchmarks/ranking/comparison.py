"""Vouch against the best peer of a table: differences on the same rows, with their interval."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.ranking.figures import VOUCH, Figure
from benchmarks.ranking.rows import Division
from training.judging.intervals import auc_difference_interval

BELOW_BEST_MAX = 0.003
BRIER_ABOVE_BEST_MAX = 0.0005
MEASURES = ("auc", "brier", "log_loss", "ece")


def compared(divisions: Sequence[Division], figures: Sequence[Mapping[str, Figure]]) -> Any:
    """One table's figures: by tool and split, their means, and how Vouch stands to each."""
    first = divisions[0]
    tools = [name for name, one in figures[0].items() if not one.failure]
    measured = {
        tool: [one[tool].measured(cut) for one, cut in zip(figures, divisions, strict=True)]
        for tool in tools
    }
    failures = {name: one.failure for name, one in figures[0].items() if one.failure}
    found = {
        "table": first.table.name,
        "note": first.table.note,
        "rows": len(first.label),
        "bads": int(first.label.sum()),
        "features": first.frame.shape[1],
        "test_rows": len(first.test),
        "split": "by time" if first.table.time else "at random",
        "splits": len(divisions),
        "tools": {tool: _summary(measured[tool], figures, tool) for tool in tools},
        "failures": failures,
    }
    spent = [dict(one[VOUCH].spent) for one in figures if VOUCH in one]
    return found | {"spent": spent} | _standing(divisions, figures, measured)


def _summary(
    measured: Sequence[Mapping[str, Any]], figures: Sequence[Mapping[str, Figure]], tool: str
) -> dict[str, Any]:
    means = {name: float(np.mean([one[name] for one in measured])) for name in MEASURES}
    seconds = float(np.median([one[tool].seconds for one in figures]))
    return {name: round(it, 6) for name, it in means.items()} | {
        "auc_median": round(float(np.median([one["auc"] for one in measured])), 6),
        "seconds": round(seconds, 1),
    }


def _standing(
    divisions: Sequence[Division],
    figures: Sequence[Mapping[str, Figure]],
    measured: Mapping[str, Sequence[Mapping[str, Any]]],
) -> dict[str, Any]:
    peers = [tool for tool in measured if tool != VOUCH]
    mean = {tool: {name: np.mean([it[name] for it in measured[tool]]) for name in MEASURES}
            for tool in measured}  # fmt: skip
    best = max(peers, key=lambda tool: mean[tool]["auc"])
    truest = min(peers, key=lambda tool: mean[tool]["brier"])
    above = float(mean[VOUCH]["auc"] - mean[best]["auc"])
    brier = float(mean[VOUCH]["brier"] - mean[truest]["brier"])
    return {
        "best": best,
        "auc_above_best": round(above, 6),
        "auc_differences": {tool: _difference(divisions, figures, tool) for tool in peers},
        "best_brier": truest,
        "brier_above_best": round(brier, 6),
        "at_or_above_best": above >= 0,
        "within_bounds": above >= -BELOW_BEST_MAX and brier <= BRIER_ABOVE_BEST_MAX,
    }


def _difference(
    divisions: Sequence[Division], figures: Sequence[Mapping[str, Figure]], tool: str
) -> dict[str, float]:
    """AUC of Vouch less the peer's, paired: over the splits, or over the rows of the one."""
    if len(divisions) == 1:
        cut, one = divisions[0], figures[0]
        interval = auc_difference_interval(
            cut.label[cut.test], one[VOUCH].probability, one[tool].probability, seed=0, draws=500
        )
        return {name: round(float(interval[name] or 0.0), 6) for name in ("mean", "low", "high")}
    differences = [
        one[VOUCH].measured(cut)["auc"] - one[tool].measured(cut)["auc"]
        for one, cut in zip(figures, divisions, strict=True)
    ]
    return resampled_interval(differences, len(divisions[0].test) / len(divisions[0].rest))


def resampled_interval(differences: Sequence[float], test_to_train: float) -> dict[str, float]:
    """Mean and 95% interval over repeated splits, widened since they share rows.

    The corrected resampled t of Nadeau and Bengio (2003).
    """
    from scipy.stats import t

    number, mean = len(differences), float(np.mean(differences))
    variance = float(np.var(differences, ddof=1)) * (1 / number + test_to_train)
    reach = float(t.ppf(0.975, number - 1)) * variance**0.5
    return {"mean": round(mean, 6), "low": round(mean - reach, 6), "high": round(mean + reach, 6)}
