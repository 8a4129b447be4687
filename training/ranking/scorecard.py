"""A scorecard: logistic regression on weights of evidence, and its table of points.

After Siddiqi, Credit Risk Scorecards (2006), chapters 6 and 7.
"""

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from models.manifest import CATEGORY, ModelFeature
from training.ranking.additive import AdditiveModel, Term
from training.ranking.fit import Rows, folds_of
from training.ranking.logistic import Problem, chosen_strength, fit_ridge, fold_count, weights_of
from training.ranking.woe import Binned, bin_category, bin_number

FOLDS = 5
BASE, ODDS, PDO = 600.0, 50.0, 20.0  # 600 points at 50 goods a bad; 20 more double the odds
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Columns in bins, each worth its weight of evidence times one coefficient, never negative.

    `bins` and `coefficients` stand side by side, columns that tell nothing left out.
    """

    features: tuple[ModelFeature, ...]
    bins: tuple[Binned, ...]
    coefficients: tuple[float, ...]
    intercept: float
    strength: float

    @property
    def terms(self) -> tuple[Term, ...]:
        """What each column adds to the log odds of bad."""
        return tuple(map(_term, self.bins, self.coefficients))

    @property
    def model(self) -> AdditiveModel:
        """The scorecard as an additive model."""
        return AdditiveModel(self.terms, self.intercept)

    def margins(self, matrix: Any) -> Any:
        """Log odds of bad of each row."""
        return self.model.margins(matrix)

    def model_text(self, features: Sequence[ModelFeature]) -> str:
        """The scorecard as LightGBM's text over all of `features`."""
        return self.model.model_text(features)

    def points(
        self, *, base: float = BASE, odds: float = ODDS, pdo: float = PDO
    ) -> list[dict[str, Any]]:
        """The table: a row a bin with what it counted and the points it gives; more is better.

        A row's points sum to `base` where goods are to bads as `odds` to one, and `pdo` points
        double the odds. The intercept is shared out over the columns, as Siddiqi does.
        """
        factor = pdo / math.log(2)
        share = (base - factor * (math.log(odds) + self.intercept)) / max(len(self.bins), 1)
        return [
            row | {"points": round(share - factor * coefficient * -row["woe"])}
            for binned, coefficient in zip(self.bins, self.coefficients, strict=True)
            for row in self._counted(binned)
        ]

    def write_csv(self, path: Path) -> None:
        """The table as CSV, the scale beside every row; no cell is read as a formula."""
        scale = {"base_points": BASE, "base_odds": ODDS, "points_to_double_odds": PDO}
        rows = [
            {name: _cell(value) for name, value in (row | scale).items()} for row in self.points()
        ]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else ["column"])
            writer.writeheader()
            writer.writerows(rows)

    def _counted(self, binned: Binned) -> Iterator[dict[str, Any]]:
        feature = self.features[binned.place]
        for place, name in enumerate(_names(binned, feature)):
            rows, bads = float(binned.rows[place]), float(binned.bads[place])
            yield {
                "column": feature.name,
                "bin": name,
                "rows": round(rows),
                "bads": round(bads),
                "bad_rate": bads / rows if rows else None,
                "woe": -float(binned.woe[place]),
                "iv": float(binned.information[place]),
            }


def fit_scorecard(rows: Rows, *, seed: int) -> Scorecard:
    """A scorecard of the rows.

    Coefficients and their ridge are learnt on weights of evidence from folds that do not hold
    the row, so that a column of noise, which looks telling on its own rows, gets none.
    """
    weight = weights_of(rows)
    fold = folds_of(rows, folds=fold_count(rows.label, weight, FOLDS), seed=seed)
    design = np.empty(rows.matrix.shape)
    for place in np.unique(fold):
        for binned in _binned(rows, weight, fold != place):
            unseen = fold == place
            design[unseen, binned.place] = binned.of(rows.matrix[unseen, binned.place])
    signed = np.ones(design.shape[1], dtype=bool)
    problem = Problem(design, rows.label, weight, signed)
    strength, _ = chosen_strength(problem, fold, seed=seed)
    line = fit_ridge(problem, strength=strength)
    found = line.coefficients.tolist()
    kept = [
        (binned, share)
        for binned, share in zip(_binned(rows, weight, slice(None)), found, strict=True)
        if share > 0
    ]
    bins, shares = zip(*kept, strict=True) if kept else ((), ())
    return Scorecard(rows.features, bins, shares, line.intercept, strength)


def _binned(rows: Rows, weight: Any, seen: Any) -> Iterator[Binned]:
    """Every column in bins learnt from the seen rows."""
    matrix, label, weight = rows.matrix[seen], rows.label[seen], weight[seen]
    for place, feature in enumerate(rows.features):
        column = matrix[:, place]
        if feature.dtype == CATEGORY:
            yield bin_category(place, column, label, weight, words=len(feature.vocabulary))
        else:
            yield bin_number(place, column, label, weight, direction=feature.direction)


def _term(binned: Binned, coefficient: float) -> Term:
    values = binned.woe * coefficient
    counts = np.rint(binned.rows).astype(np.int64)
    if binned.categorical:
        codes = np.array(binned.codes, dtype=np.int64)
        mine = np.bincount(codes, minlength=len(values))
        counts = np.append((counts // np.maximum(mine, 1))[codes], counts[-1])
        values = np.append(values[codes], values[-1])
    missing = float(values[-1])
    return Term(
        binned.place, binned.categorical, binned.edges, tuple(values[:-1].tolist()), missing,
        tuple(counts.tolist()),
    )  # fmt: skip


def _names(binned: Binned, feature: ModelFeature) -> list[str]:
    if binned.categorical:
        known = [
            ", ".join(
                word for word, mine in zip(feature.vocabulary, binned.codes, strict=True)
                if mine == place
            )
            for place in range(len(binned.rows) - 1)
        ]  # fmt: skip
        return [*known, "missing"]
    bounds = [f"{edge:.6g}" for edge in binned.edges]
    upper = [f"up to {bound}" for bound in bounds]
    between = [f"{low} to {high}" for low, high in pairwise(bounds)]
    above = [f"above {bounds[-1]}"] if bounds else ["any"]
    return [*upper[:1], *between, *above, "missing"]


def _cell(value: object) -> object:
    """Text that a spreadsheet will not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
