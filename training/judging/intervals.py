"""How sure the figures are: 95% intervals by bootstrap over the test rows.

Rows are drawn again as weights of rows that are sorted once, many draws to a pass, so that a
draw costs a few sums and no sorting.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from models.measures import ECE_BINS, Z_95, auc, measure, ranked
from training.judging.paired import auc_difference_error

LEVEL = 0.95
TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
DRAWS_MIN, DRAWS_MAX = 100, 500
WEIGHTS_MAX = 12_000_000  # weights drawn in all: more rows need fewer draws, and tell more a draw
CELLS_AT_ONCE = 500_000
CLASS_MIN = 5  # goods or bads below which an AUC's error is not known
FIGURES = ("auc", "gini", "ks", "brier", "log_loss", "ece")
DIFFERENCES = ("auc", "brier", "log_loss")
LIFTED = ("ks", "ece")  # largest gaps and sums of them: rows drawn again lie further apart

Interval = dict[str, float | None]


def intervals(
    label: Any, probability: Any, *, seed: int, draws: int | None = None
) -> dict[str, Any]:
    """`{figure: {"low", "high"}}` of each headline figure, with `draws` and `level`.

    None where a figure is undefined. The bins of the calibration error stay those of the rows
    themselves; `ece_by_chance` is what true probabilities of so many rows stay below 19 times
    of 20.
    """
    y, p = _sorted(label, probability)
    draws = draws or draws_for(len(y))
    found: dict[str, list[Any]] = {name: [] for name in FIGURES}
    rows = _Rows(y, p)
    for weight in _weights(len(y), draws, np.random.default_rng(seed)):
        for name, values in rows.figures(weight).items():
            found[name].append(values)
    facts: dict[str, Any] = {name: _between(values) for name, values in found.items()}
    facts |= {name: _unlifted(found[name], measure(y, p)[name]) for name in LIFTED}
    chance = rows.ece_by_chance(np.random.default_rng(seed + 1), draws)
    return {"draws": draws, "level": LEVEL, "ece_by_chance": chance} | facts


def differences(
    label: Any, ours: Any, theirs: Any, *, seed: int, draws: int | None = None
) -> dict[str, Any]:
    """`{"auc_difference", "brier_difference", "log_loss_difference"}`: ours less theirs.

    Each is `{"mean", "low", "high", "draws"}` over the same draws of rows for both (paired).
    """
    found = _paired(DIFFERENCES, label, ours, theirs, seed=seed, draws=draws)
    return {f"{name}_difference": gap for name, gap in found.items()}


def auc_difference_interval(
    label: Any, ours: Any, theirs: Any, *, seed: int, draws: int | None = None
) -> dict[str, float | int | None]:
    """AUC of ours less theirs: `{"mean", "low", "high", "draws"}`, paired."""
    return _paired(("auc",), label, ours, theirs, seed=seed, draws=draws)["auc"]


def _paired(
    names: Sequence[str], label: Any, ours: Any, theirs: Any, *, seed: int, draws: int | None
) -> dict[str, dict[str, float | int | None]]:
    y, p = _sorted(label, ours)
    order = ranked(ours)
    q = np.asarray(theirs, dtype=np.float64)[order]
    draws = draws or draws_for(len(y))
    second = np.argsort(q, kind="stable")
    mine, other = _Rows(y, p), _Rows(y[second], q[second])
    found: dict[str, list[Any]] = {name: [] for name in names}
    for weight in _weights(len(y), draws, np.random.default_rng(seed)):
        again = weight[:, second]
        for name in names:
            found[name].append(mine.figure(name, weight) - other.figure(name, again))
    here, there = measure(y, p), measure(y, q)
    return {
        name: {"mean": _less(here[name], there[name])} | _between(found[name]) | {"draws": draws}
        for name in names
    }


def auc_interval(label: Any, score: Any) -> dict[str, float | None]:
    """`auc`, `auc_low`, `auc_high` of few rows (DeLong 1988); None where a class is missing."""
    area = auc(label, score)
    bads = int(np.sum(label))
    if min(bads, len(label) - bads) < CLASS_MIN:
        return {"auc": area, "auc_low": None, "auc_high": None}
    # Against a score that says nothing the error of the difference is that of the AUC itself.
    reach = Z_95 * auc_difference_error(label, score, np.zeros(len(label)))
    return {"auc": area, "auc_low": max(0.0, area - reach), "auc_high": min(1.0, area + reach)}


def draws_for(rows: int) -> int:
    """How often rows are drawn again: bounded work whatever the number of rows.

    >>> draws_for(250), draws_for(45_000), draws_for(2_000_000)
    (500, 266, 100)
    """
    return int(np.clip(WEIGHTS_MAX // max(rows, 1), DRAWS_MIN, DRAWS_MAX))


class _Rows:
    """Rows in rising order of score: any reweighting of them is judged in one pass."""

    def __init__(self, label: Any, probability: Any) -> None:
        self._y, self._p = label, probability
        self._starts = np.flatnonzero(np.r_[True, probability[1:] != probability[:-1]])
        self._tied = len(self._starts) < len(label)
        clipped = np.clip(probability, 1e-15, 1 - 1e-15)
        self._square = (probability - label) ** 2
        self._log = -np.where(label == 1, np.log(clipped), np.log1p(-clipped))
        sizes = [len(part) for part in np.array_split(label, ECE_BINS) if len(part)]
        self._bins = np.r_[0, np.cumsum(sizes)[:-1]].astype(np.int64)

    def figures(self, weight: Any) -> dict[str, Any]:
        """Each figure of each draw: `weight` is (draws, rows); NaN where undefined."""
        bads, goods = self._classes(weight)
        auc = self._auc(bads, goods)
        return {
            "auc": auc,
            "gini": 2 * auc - 1,
            "ks": self._ks(bads, goods),
            "brier": self.figure("brier", weight),
            "log_loss": self.figure("log_loss", weight),
            "ece": self._ece(weight, self._y),
        }

    def figure(self, name: str, weight: Any) -> Any:
        """One figure of each draw."""
        if name == "auc":
            return self._auc(*self._classes(weight))
        loss = self._square if name == "brier" else self._log
        # Not by BLAS, whose threads could add in another order and change the last bit.
        return np.einsum("ij,j->i", weight, loss) / weight.sum(axis=1)

    def ece_by_chance(self, random: np.random.Generator, draws: int) -> float:
        """The calibration error that true probabilities stay below in 95% of draws."""
        once = np.ones((1, len(self._p)))
        found = [
            float(self._ece(once, (random.random(len(self._p)) < self._p).astype(float))[0])
            for _ in range(min(draws, DRAWS_MIN * 2))
        ]
        return float(np.quantile(found, LEVEL))

    def _classes(self, weight: Any) -> tuple[Any, Any]:
        """The weight of bads and of goods at each score, rising, of each draw."""
        bads = weight * self._y
        goods = weight - bads
        if self._tied:
            bads = np.add.reduceat(bads, self._starts, axis=1)
            goods = np.add.reduceat(goods, self._starts, axis=1)
        return bads, goods

    def _auc(self, bads: Any, goods: Any) -> Any:
        below = np.cumsum(goods, axis=1)
        all_goods, all_bads = below[:, -1].copy(), bads.sum(axis=1)
        below -= goods / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.einsum("ij,ij->i", bads, below) / (all_goods * all_bads)

    def _ks(self, bads: Any, goods: Any) -> Any:
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.cumsum(goods / goods.sum(axis=1, keepdims=True), axis=1)
            apart -= np.cumsum(bads / bads.sum(axis=1, keepdims=True), axis=1)
        return np.abs(apart).max(axis=1)

    def _ece(self, weight: Any, label: Any) -> Any:
        gap = np.add.reduceat(weight * (self._p - label), self._bins, axis=1)
        return np.abs(gap).sum(axis=1) / weight.sum(axis=1)


def _weights(rows: int, draws: int, random: np.random.Generator) -> Iterator[Any]:
    """How often each row is drawn, some draws at a time: (draws, rows)."""
    at_once = max(1, CELLS_AT_ONCE // max(rows, 1))
    for start in range(0, draws, at_once):
        count = min(at_once, draws - start)
        drawn = random.integers(0, rows, (count, rows)) + np.arange(count)[:, None] * rows
        weight = np.bincount(drawn.ravel(), minlength=count * rows)
        yield weight.reshape(count, rows).astype(np.float64)


def _sorted(label: Any, probability: Any) -> tuple[Any, Any]:
    p = np.asarray(probability, dtype=np.float64)
    order = ranked(p)
    return np.asarray(label, dtype=np.float64)[order], p[order]


def _between(found: list[Any]) -> Interval:
    values = np.concatenate(found)
    values = values[np.isfinite(values)]
    if not len(values):
        return {"low": None, "high": None}
    low, high = np.quantile(values, TAILS)
    return {"low": float(low), "high": float(high)}


def _unlifted(found: list[Any], figure: float | None) -> Interval:
    """The same without what drawing again adds on average, so that it holds the figure itself."""
    drawn = _between(found)
    if figure is None or drawn["low"] is None or drawn["high"] is None:
        return drawn
    lift = float(np.nanmean(np.concatenate(found))) - figure
    low, high = drawn["low"] - lift, drawn["high"] - lift
    return {"low": min(max(0.0, low), figure), "high": max(min(1.0, high), figure)}


def _less(ours: float | None, theirs: float | None) -> float | None:
    return None if ours is None or theirs is None else ours - theirs
