"""Columns that could only be known after the outcome, by the marks that such columns leave.

Strength alone is not a leak: an honest ratio may rank at 0.84 by itself. What gives a leak
away is ranking that no honest column reaches, being filled in for one class alone, values that
only a rewritten record takes, equality or distance to another column that only the outcome
makes, and help that neither the column nor the others have alone.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from models.manifest import CATEGORY
from models.measures import auc
from models.signature import categorical_places
from training.leaks.alone import alone_auc
from training.leaks.pairs import gap_signs, pair_signs
from training.leaks.signs import CERTAIN, LIKELY, Column, Sign, own_signs
from training.ranking.fit import Rows, folds_of

STRONG, GAP = 0.90, 0.15  # alone this strong and this far above all others together,
OTHERS_MIN = 5  # where there are so many: one of three columns may well be the strong one
SUSPECT_MODEL = 0.92  # only a model this good is worth refitting without a column
SAYS_SOMETHING = 0.6  # a column alone
JUMP, TOGETHER, CHANCE = 0.10, 1.6, 1.5  # standard errors that chance may give
REFIT_ROWS, REFITS_MAX = 12_000, 10
REFIT_FOLDS, REFIT_ROUNDS, JUDGED_ALL = 3, 60, 4000
REFIT = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_data_in_leaf": 10,
    "feature_fraction": 0.7,
    "seed": 0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}

Without = Callable[[list[int]], float | None]


@dataclass(frozen=True, slots=True)
class Leak:
    """A column that is suspected, why, and how sure: `certain` or `likely`."""

    column: str
    why: str
    certainty: str

    def as_json(self) -> dict[str, str]:
        """What `metrics.json` says of it."""
        return {"column": self.column, "why": self.why, "certainty": self.certainty}


def find_leaks(
    rows: Rows,
    *,
    model_auc: float | None,
    without: Without | None = None,
    days: Collection[str] = (),
) -> tuple[Leak, ...]:
    """The columns of `rows` that look like leaks, in signature order.

    `model_auc` is the out-of-fold AUC with all columns; `days` names columns that are days
    since 1970. `without(places)` refits without some columns and says the AUC; by default a
    quick model on some of the rows does. It is asked only where something is too good.
    """
    columns = [_column(rows, place) for place in range(len(rows.features))]
    found: dict[int, Sign] = {}
    for column in columns:
        sign = next((it for it in own_signs(column, rows.label, rows.time) if it), None)
        if sign is not None:
            found[column.place] = sign
    left = [column for column in columns if column.place not in found]
    together = [
        *gap_signs(left, rows.label, days=days, time=rows.time),
        *pair_signs(left, rows.label, model_auc=model_auc),
    ]
    for column, sign in sorted(together, key=lambda pair: pair[1].certainty != CERTAIN):
        found.setdefault(column.place, sign)
    asked = without or _refits(rows)
    bads = int(rows.label.sum())
    found |= dict(_against_others(columns, found, model_auc, asked, bads=bads))
    return tuple(
        Leak(columns[place].name, found[place].why, found[place].certainty)
        for place in sorted(found)
    )


def _column(rows: Rows, place: int) -> Column:
    feature, values = rows.features[place], rows.matrix[:, place]
    alone = alone_auc(values, rows.label, category=feature.dtype == CATEGORY)
    return Column(place, feature, values, alone)


def _against_others(
    columns: Sequence[Column],
    found: dict[int, Sign],
    model_auc: float | None,
    without: Without,
    *,
    bads: int,
) -> Iterator[tuple[int, Sign]]:
    """The model with and without a column, asked only where something is too good."""
    if max(model_auc or 0.0, *(it.alone for it in columns)) < STRONG:
        return
    known = sorted(found)
    best = without(known) if len(known) < len(columns) else None
    if best is None:
        return
    left = sorted(
        (it for it in columns if it.place not in found and it.alone >= SAYS_SOMETHING),
        key=lambda it: -it.alone,
    )
    chance = CHANCE * 0.5 / np.sqrt(max(1, bads))
    asked = [it for it in left if it.alone >= STRONG or best >= SUSPECT_MODEL]
    for column in asked[:REFITS_MAX]:
        others = without([*known, column.place])
        if others is None:
            continue
        few = len(columns) - len(known) - 1 < OTHERS_MIN
        sign = _help(column.alone, best, others, few=few, chance=chance)
        if sign is not None:
            yield column.place, sign


def _help(
    alone: float, model_auc: float, others: float, *, few: bool, chance: float
) -> Sign | None:
    if not few and alone >= STRONG and alone - others >= GAP:
        why = f"alone it ranks at AUC {alone:.3f}, all other columns together at {others:.3f}"
        return Sign(why, LIKELY)
    explained = _evidence(alone) + _evidence(others)
    if model_auc - others < JUMP + chance or _evidence(model_auc) < TOGETHER * explained:
        return None
    return Sign(
        f"the model ranks at AUC {model_auc:.3f} with it and {others:.3f} without, "
        f"more than its own {alone:.3f} explains",
        LIKELY,
    )


def _evidence(area: float) -> float:
    """Squared distance between goods and bads that an AUC means; honest columns about add up."""
    return 2 * NormalDist().inv_cdf(min(max(area, 0.5), 0.9999)) ** 2


def _refits(rows: Rows) -> Without:
    """A quick model of some rows, refitted without the columns asked about."""
    picked = np.sort(np.random.default_rng(0).permutation(len(rows.label))[:REFIT_ROWS])
    some = Rows(rows.matrix[picked], rows.label[picked], rows.features)
    fold = folds_of(some, folds=REFIT_FOLDS, seed=0)
    return lambda places: _refit_auc(some, fold, REFIT, places)


def _refit_auc(
    rows: Rows, fold: Any, parameters: Mapping[str, Any], places: int | Sequence[int]
) -> float | None:
    """AUC of quick models that see all columns but `places`, on folds that they did not see.

    Of few rows all are judged, each fold by a model of the others; of many one fold is enough.
    """
    blind = rows.matrix.copy()
    blind[:, places] = np.nan
    margins = np.full(len(fold), np.nan)
    for place in range(fold.max() + 1 if len(fold) <= JUDGED_ALL else 1):
        judged = fold == place
        booster = _quick(blind, rows, ~judged, parameters)
        margins[judged] = booster.predict(blind[judged], raw_score=True, num_threads=1)
    known = ~np.isnan(margins)
    return auc(rows.label[known], margins[known])


def _quick(matrix: Any, rows: Rows, seen: Any, parameters: Mapping[str, Any]) -> Any:
    import lightgbm as lgb

    categories = categorical_places(rows.features)
    data = lgb.Dataset(
        matrix[seen], rows.label[seen], categorical_feature=categories, params={"verbosity": -1}
    )
    return lgb.train(dict(parameters), data, num_boost_round=REFIT_ROUNDS)
