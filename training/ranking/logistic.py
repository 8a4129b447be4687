"""Logistic regression with a ridge, in which some coefficients may not turn negative."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.ranking.fit import Rows

STRENGTHS = (300.0, 100.0, 30.0, 10.0, 3.0, 1.0)
MANY_ROWS = 5000  # from here on the ridge matters little: every second strength is tried,
JUDGED_FOLDS = 3  # on some of the folds
JUDGED_ROWS_MAX = 10_000
CHUNK_ROWS = 8192
NEWTON_STEPS = 12
HALVINGS = 6
PIVOTS = 60
FULL_PIVOTS = 3  # exchanges of all wrong signs at once that may fail before one at a time
CONVERGED = 1e-7
FLAT = 1e-12


@dataclass(frozen=True, slots=True)
class Problem:
    """Columns, labels, how much rows count, and which coefficients may not be negative."""

    design: Any
    label: Any
    weight: Any
    signed: Any

    def take(self, rows: Any) -> "Problem":
        """The problem on these rows."""
        return Problem(self.design[rows], self.label[rows], self.weight[rows], self.signed)

    def only(self, columns: Any) -> "Problem":
        """The problem in these columns."""
        return Problem(self.design[:, columns], self.label, self.weight, self.signed[columns])


@dataclass(frozen=True, slots=True)
class Line:
    """The coefficients found, and the intercept."""

    coefficients: Any
    intercept: float

    def margins(self, design: Any) -> Any:
        """Log odds of each row."""
        return design @ self.coefficients + self.intercept


def fold_count(label: Any, weight: Any, most: int) -> int:
    """How many folds the rarer outcome can fill."""
    bads = weight @ label
    return min(most, max(2, int(min(bads, weight.sum() - bads))))


def weights_of(rows: Rows) -> Any:
    """How much each row counts: one where nothing is said."""
    return np.ones(len(rows.label)) if rows.weight is None else np.asarray(rows.weight, float)


def chosen_strength(
    problem: Problem, fold: Any, *, seed: int, strengths: Sequence[float] = STRENGTHS
) -> tuple[float, float]:
    """The ridge with the least log loss on folds not fitted, and that log loss.

    `fold` numbers each row's fold. Of many rows a sample judges, and fewer strengths are tried.
    """
    judges = np.unique(fold)
    if len(fold) > MANY_ROWS:
        problem, fold = thinned(problem, fold, seed=seed)
        judges, strengths = judges[:JUDGED_FOLDS], strengths[::2]
    losses = np.zeros(len(strengths))
    for place in judges:
        seen, unseen = problem.take(fold != place), problem.take(fold == place)
        line = None
        for i, strength in enumerate(strengths):
            line = fit_ridge(seen, strength=strength, start=line)
            losses[i] += _loss(unseen, line.margins(unseen.design))
    best = int(np.argmin(losses))
    weight = problem.weight[np.isin(fold, judges)].sum()
    return strengths[best], float(losses[best] / weight)


def thinned(problem: Problem, fold: Any, *, seed: int) -> tuple[Problem, Any]:
    """As many rows as a ridge is judged on, and their folds."""
    if len(fold) <= JUDGED_ROWS_MAX:
        return problem, fold
    kept = np.sort(np.random.default_rng(seed).permutation(len(fold))[:JUDGED_ROWS_MAX])
    return problem.take(kept), fold[kept]


def fit_ridge(problem: Problem, *, strength: float, start: Line | None = None) -> Line:
    """The line with the least log loss plus strength / 2 * sum(coefficients**2).

    Newton's method; every step solves its quadratic under the signs exactly, by block principal
    pivoting (Kim and Park 2011).
    """
    columns = np.column_stack([np.ones(len(problem.label)), problem.design])
    bounded = np.append(False, problem.signed).astype(bool)
    ridge = np.append(FLAT, np.full(columns.shape[1] - 1, strength))
    found = _start(problem) if start is None else np.append(start.intercept, start.coefficients)
    passive = ~bounded | (found > 0)

    def cost_of(there: Any) -> float:
        return _loss(problem, columns @ there) + float(ridge @ there**2) / 2

    cost = cost_of(found)
    for _ in range(NEWTON_STEPS):
        margin = columns @ found
        chance = 1 / (1 + np.exp(-margin))
        hessian = _curvature(columns, problem.weight * chance * (1 - chance)) + np.diag(ridge)
        slope = columns.T @ (problem.weight * (chance - problem.label)) + ridge * found
        target, passive = _quadratic(hessian, hessian @ found - slope, bounded, passive)
        found, new = _downhill(cost_of, found, target, cost)
        if cost - new < CONVERGED * abs(cost):
            break
        cost = new
    return Line(found[1:], float(found[0]))


def _curvature(columns: Any, weight: Any) -> Any:
    """Columns' diag(weight) columns, some rows at a time: no second copy of all of them."""
    total = np.zeros((columns.shape[1], columns.shape[1]))
    for start in range(0, len(columns), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        part = columns[rows] * np.sqrt(weight[rows])[:, None]
        total += part.T @ part  # a matrix by itself: half the work
    return total


def _start(problem: Problem) -> Any:
    """No column says anything yet."""
    share = np.clip(np.average(problem.label, weights=problem.weight), 1e-6, 1 - 1e-6)
    return np.append(np.log(share / (1 - share)), np.zeros(problem.design.shape[1]))


def _downhill(
    cost_of: Callable[[Any], float], found: Any, target: Any, cost: float
) -> tuple[Any, float]:
    """The way to the target, halved until the cost falls."""
    share = 1.0
    for _ in range(HALVINGS):
        there = found + share * (target - found)
        new = cost_of(there)
        if new <= cost:
            return there, new
        share /= 2
    return found, cost


def _quadratic(hessian: Any, right: Any, bounded: Any, passive: Any) -> tuple[Any, Any]:
    """The least of x'Hx / 2 - right'x with x >= 0 where bounded, and which x are not at zero."""
    passive, least, patience = passive.copy(), len(right) + 1, FULL_PIVOTS
    found = np.zeros(len(right))
    for _ in range(PIVOTS + len(right)):
        found = np.zeros(len(right))
        free = np.flatnonzero(passive)
        found[free] = np.linalg.solve(hessian[np.ix_(free, free)], right[free])
        slope = hessian @ found - right
        wrong = np.flatnonzero(bounded & np.where(passive, found < 0, slope < -FLAT))
        if not len(wrong):
            break
        patience = FULL_PIVOTS if len(wrong) < least else patience - 1
        least = min(least, len(wrong))
        flipped = wrong if patience > 0 else wrong[-1:]
        passive[flipped] = ~passive[flipped]
    return np.where(bounded, np.maximum(found, 0.0), found), passive


def _loss(problem: Problem, margin: Any) -> float:
    wrong_way = np.where(problem.label > 0, -margin, margin)
    return float(problem.weight @ np.logaddexp(0.0, wrong_way))
