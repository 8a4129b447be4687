"""Two models on the same rows: how far apart, and how far chance alone could bring them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.measures import auc


@dataclass(frozen=True, slots=True)
class Paired:
    """A candidate's figures less the incumbent's on the same rows, each with its standard error.

    `gini` is higher, `log_loss` lower for the better model; errors are those of the difference.
    """

    rows: int
    bads: int
    gini: float
    incumbent_gini: float
    gini_error: float
    log_loss: float
    incumbent_log_loss: float
    log_loss_error: float

    @classmethod
    def of(cls, label: Any, candidate: Any, incumbent: Any) -> "Paired | None":
        """The comparison of two P(bad) of the same rows; None where one class is missing."""
        y = np.asarray(label, dtype=np.float64)
        ours, theirs = (np.asarray(it, dtype=np.float64) for it in (candidate, incumbent))
        here, there = auc(y, ours), auc(y, theirs)
        if here is None or there is None:
            return None
        mine, other = _losses(y, ours), _losses(y, theirs)
        return cls(
            len(y),
            int(y.sum()),
            2 * here - 1,
            2 * there - 1,
            2 * auc_difference_error(y, ours, theirs),
            float(mine.mean()),
            float(other.mean()),
            float((mine - other).std() / np.sqrt(len(y))),
        )

    def as_json(self) -> Mapping[str, float | int]:
        """The comparison as plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


def auc_difference_error(label: Any, first: Any, second: Any) -> float:
    """The standard error of the difference of two AUCs on the same rows.

    DeLong, DeLong and Clarke-Pearson 1988, by ranks as Sun and Xu 2014.
    """
    bad = np.asarray(label) == 1
    gaps = [_placements(np.asarray(score, dtype=np.float64), bad) for score in (first, second)]
    bads, goods = (gaps[0][side] - gaps[1][side] for side in (0, 1))
    return float(np.sqrt(_spread(bads) + _spread(goods)))


def _placements(score: Any, bad: Any) -> tuple[Any, Any]:
    """For each bad the share of goods below it; for each good the share of bads above it."""
    ranks = _midranks(score)
    bads, goods = int(bad.sum()), int((~bad).sum())
    above = (ranks[bad] - _midranks(score[bad])) / goods
    below = 1 - (ranks[~bad] - _midranks(score[~bad])) / bads
    return above, below


def _midranks(score: Any) -> Any:
    """Ranks from one; ties share the middle of theirs."""
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place]


def _spread(values: Any) -> float:
    return float(values.var(ddof=1) / len(values)) if len(values) > 1 else 0.0


def _losses(label: Any, probability: Any) -> Any:
    p = np.clip(probability, 1e-15, 1 - 1e-15)
    return -np.where(label == 1, np.log(p), np.log1p(-p))
