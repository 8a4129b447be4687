"""Columns that could only be known after the outcome, by the marks that such columns leave.

Strength alone is not a leak: an honest ratio may rank at 0.84 by itself. What gives a leak
away is ranking that no honest column reaches, being filled in for one class alone, values that
only a rewritten record takes, and help that neither the column nor the others have alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from models.manifest import CATEGORY, ModelFeature
from models.measures import auc
from training.alone import alone_auc
from training.fit import Parameters, Rows, boost, fold_of, margin

PERFECT = 0.95  # no honest column alone ranks like this
STRONG, GAP = 0.90, 0.15  # alone this strong and this far above all others together
SUSPECT_MODEL = 0.92  # only a model this good is worth refitting without a column
JUMP, TOGETHER = 0.10, 1.6
PURE, PATTERN_ROWS, PATTERN_SHARE = 0.05, 30, 0.2
SPIKE, NEIGHBOURS, SPIKES_MIN = 5.0, 6, 2
CONTRAST, DEVIATIONS, OFF_SHARE = 0.35, 8.0, 0.02

Without = Callable[[int], float | None]


@dataclass(frozen=True, slots=True)
class Leak:
    """A column that is suspected, why, and how sure: `certain` or `likely`."""

    column: str
    why: str
    certainty: str

    def as_json(self) -> dict[str, str]:
        """What `metrics.json` says of it."""
        return {"column": self.column, "why": self.why, "certainty": self.certainty}


def find_leaks(rows: Rows, *, model_auc: float | None, without: Without) -> tuple[Leak, ...]:
    """The columns of `rows` that look like leaks, in signature order.

    `model_auc` is the out-of-fold AUC with all columns; `without(place)` refits without one
    column and says the AUC, and is asked only where a column or the model is too good.
    """
    leaks = []
    for place, feature in enumerate(rows.features):
        values = rows.matrix[:, place]
        alone = alone_auc(values, rows.label, category=feature.dtype == CATEGORY)
        leak = next(
            (found for found in _signs(feature, values, rows.label, alone) if found), None
        ) or _against_others(feature.name, place, alone, model_auc, without)
        leaks += [leak] if leak else []
    return tuple(leaks)


def _signs(feature: ModelFeature, values: Any, label: Any, alone: float) -> Iterator[Leak | None]:
    yield _too_good(feature.name, alone)
    yield _one_class_pattern(feature, values, label)
    if feature.dtype != CATEGORY:
        yield _rewritten(feature.name, values, label)


def _too_good(name: str, alone: float) -> Leak | None:
    if alone < PERFECT:
        return None
    return Leak(name, f"alone it separates goods from bads with AUC {alone:.3f}", "certain")


def _one_class_pattern(feature: ModelFeature, values: Any, label: Any) -> Leak | None:
    """Filled in, left blank or set to one word for bads alone (or goods alone), many of them."""
    unknown = np.isnan(values)
    patterns: list[tuple[str, Any]] = [("is missing", unknown), ("is filled in", ~unknown)]
    if feature.dtype == CATEGORY:
        patterns += [
            (f"is {word!r}", values == code) for code, word in enumerate(feature.vocabulary)
        ]
    for what, rows in patterns:
        for outcome, name in ((1, "bads"), (0, "goods")):
            if _only(rows, label == outcome):
                why = f"{int(rows.sum())} rows where it {what} are {name} almost without exception"
                return Leak(feature.name, why, "certain")
    return None


def _only(rows: Any, mine: Any) -> bool:
    """True where these rows are all of one class, and many more than its share would give."""
    count, hits = int(rows.sum()), int((rows & mine).sum())
    if count < PATTERN_ROWS or count == len(rows) or hits < PATTERN_SHARE * mine.sum():
        return False
    others_expected = count * (1 - mine.mean())
    others_most = count - hits + 3  # the 95% limit where none are seen
    return bool(others_most <= PURE * others_expected)


def _rewritten(name: str, values: Any, label: Any) -> Leak | None:
    """Rows on a column's usual values are of one class, those just beside them of the other.

    A term agreed on is round; one rewritten when the loan ends is not. Honest columns change
    slowly from a value to its neighbours, round or not.
    """
    known = ~np.isnan(values)
    worth, place, count = np.unique(values[known], return_inverse=True, return_counts=True)
    if len(worth) < 2 * NEIGHBOURS:
        return None
    bads = np.bincount(place, weights=label[known])
    spikes = _spikes(count)
    off_rows = int(count[~spikes].sum())
    if spikes.sum() < SPIKES_MIN or off_rows < max(PATTERN_ROWS, OFF_SHARE * len(values)):
        return None
    found = _contrasts(spikes, count, bads)
    contrast, deviations = _contrast(found)
    if abs(contrast) < CONTRAST or deviations < DEVIATIONS:
        return None
    on, off = found[:, 1].sum() / found[:, 0].sum(), found[:, 3].sum() / found[:, 2].sum()
    return Leak(
        name,
        f"its {int(spikes.sum())} usual values hold {on:.0%} bads and the values just beside "
        f"them {off:.0%}: it looks rewritten after the outcome",
        "likely",
    )


def _spikes(count: Any) -> Any:
    """Values far more common than the values on either side of them."""
    padded = np.pad(count.astype(np.float64), NEIGHBOURS, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * NEIGHBOURS + 1)
    around = np.delete(windows, NEIGHBOURS, axis=1)
    return (count >= PATTERN_ROWS) & (count >= SPIKE * np.nanmedian(around, axis=1))


def _contrasts(spikes: Any, count: Any, bads: Any) -> Any:
    """For each spike: its rows and bads, and those of its neighbours that are no spikes."""
    found = []
    for place in np.flatnonzero(spikes):
        near = np.arange(max(0, place - NEIGHBOURS), min(len(count), place + NEIGHBOURS + 1))
        near = near[~spikes[near]]
        found.append((count[place], bads[place], count[near].sum(), bads[near].sum()))
    table = np.array(found, dtype=np.float64)
    return table[table[:, 2] > 0]


def _contrast(found: Any) -> tuple[float, float]:
    """Difference of bad rates beside and on the spikes, pooled, and its size in deviations."""
    if not len(found):
        return 0.0, 0.0
    weight = found[:, 0] * found[:, 2] / (found[:, 0] + found[:, 2])
    on, off = found[:, 1] / found[:, 0], found[:, 3] / found[:, 2]
    pooled = (found[:, 1] + found[:, 3]) / (found[:, 0] + found[:, 2])
    spread = np.sqrt((weight * pooled * (1 - pooled)).sum()) or 1.0
    moved = (weight * (off - on)).sum()
    return float(moved / weight.sum()), float(abs(moved) / spread)


def _against_others(
    name: str, place: int, alone: float, model_auc: float | None, without: Without
) -> Leak | None:
    """The model with and without the column, asked only where something is too good."""
    too_good_model = model_auc is not None and model_auc >= SUSPECT_MODEL and alone >= 0.6  # noqa: PLR2004  # it says something at all
    if not (alone >= STRONG or too_good_model):
        return None
    others = without(place)
    if others is None or model_auc is None:
        return None
    if alone >= STRONG and alone - others >= GAP:
        why = f"alone it ranks at AUC {alone:.3f}, all other columns together at {others:.3f}"
        return Leak(name, why, "likely")
    if model_auc - others < JUMP or _evidence(model_auc) < TOGETHER * (
        _evidence(alone) + _evidence(others)
    ):
        return None
    return Leak(
        name,
        f"the model ranks at AUC {model_auc:.3f} with it and {others:.3f} without, "
        f"more than its own {alone:.3f} explains",
        "likely",
    )


def _evidence(area: float) -> float:
    """Squared distance between goods and bads that an AUC means; honest columns about add up."""
    return 2 * NormalDist().inv_cdf(min(max(area, 0.5), 0.9999)) ** 2


def refit_auc(rows: Rows, fold: Any, parameters: Parameters, place: int) -> float | None:
    """AUC on the first fold of a model of the others that sees all columns but `place`."""
    blind = rows.matrix.copy()
    blind[:, place] = np.nan
    hidden = Rows(blind, rows.label, rows.features, rows.entity)
    unseen = hidden.take(np.flatnonzero(fold == 0))
    booster = boost(fold_of(hidden.take(np.flatnonzero(fold != 0)), unseen), parameters)
    return auc(unseen.label, margin(booster, unseen.matrix))
