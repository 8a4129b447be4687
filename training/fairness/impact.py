"""Adverse impact: how often each group is approved, and how sure that can be said.

What a draw of the rows (with replacement) does to rates by group depends only on how many rows
of each group, outcome and decision it holds. Those counts are multinomial, so they are drawn
themselves: the bootstrap of the rows exactly, at the cost of a few numbers a draw.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from training.fairness.groups import Groups

FOUR_FIFTHS = 0.8  # 29 CFR 1607.4 D: a selection rate under four fifths of the highest
TAILS = (0.025, 0.975)
HALF_A_ROW = 0.5  # a group with nobody approved is not thereby sure never to be
BELOW, PERHAPS, ABOVE = "below 0.8 beyond chance", "below 0.8 within chance", "above"

Interval = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows by group, outcome and decision: `counts` is (groups, good or bad, declined or not).

    `drawn` holds the same of each bootstrap draw, in front.
    """

    counts: Any
    drawn: Any

    @classmethod
    def of(cls, groups: Groups, label: Any, approved: Any, *, draws: int, seed: int) -> "Cells":
        """The cells of these rows, and of `draws` draws of them."""
        count = len(groups.names)
        place = groups.code * 4 + 2 * np.asarray(label, np.int64) + np.asarray(approved, np.int64)
        counts = np.bincount(place, minlength=4 * count).reshape(count, 2, 2)
        return cls(counts, redrawn(counts, draws=draws, seed=seed))

    def approval_rates(self, cells: Any) -> Any:
        """Share approved of each group, of the counts or of the drawn ones."""
        return _ratio(cells[..., 1].sum(axis=-1), cells.sum(axis=(-1, -2)))

    def declined_of(self, cells: Any, *, outcome: int) -> Any:
        """Share declined among a group's goods (0) or bads (1)."""
        return _ratio(cells[..., outcome, 0], cells[..., outcome, :].sum(axis=-1))


def redrawn(counts: Any, *, draws: int, seed: int) -> Any:
    """Counts of `draws` draws of the rows; the first axis of `counts` is groups.

    Half a row is added to each side of a group's decisions (the last axis), as in Agresti's
    intervals: an empty cell would otherwise stay empty in every draw and feign certainty.
    """
    share = HALF_A_ROW * counts.shape[-1] / np.prod(counts.shape[1:])
    chance = counts + share * (counts.sum(axis=tuple(range(1, counts.ndim)), keepdims=True) > 0)
    random = np.random.default_rng(seed)
    found = random.multinomial(int(counts.sum()), (chance / chance.sum()).ravel(), size=draws)
    return found.reshape(draws, *counts.shape).astype(np.float64)


def impact_ratios(rates: Any, reference: int) -> Any:
    """Each group's approval rate over the reference group's; NaN where that approves nobody."""
    return _ratio(rates, rates[..., reference, None])


def interval(drawn: Any) -> tuple[float | None, float | None]:
    """The middle 95% of the draws in which the figure is defined."""
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return None, None
    low, high = np.quantile(known, TAILS)
    return float(low), float(high)


def reading(ratio: float | None, high: float | None) -> str | None:
    """The four-fifths rule in a word; None where the ratio is undefined.

    >>> reading(0.7, 0.75), reading(0.7, 0.85), reading(0.9, 1.1)
    ('below 0.8 beyond chance', 'below 0.8 within chance', 'above')
    """
    if ratio is None or high is None:
        return None
    if ratio >= FOUR_FIFTHS:
        return ABOVE
    return BELOW if high < FOUR_FIFTHS else PERHAPS


def number(value: Any) -> float | None:
    """A plain number for a file; None for what is not defined."""
    return float(value) if np.isfinite(value) else None


def _ratio(part: Any, whole: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
