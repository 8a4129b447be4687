"""Quick models that do one thing otherwise, so that groups may fare more alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from training.fairness.groups import Groups
from training.fairness.impact_gain import Ratio
from training.ranking.fit import Rows, boost, each_fold, fixed_parameters, fold_of, folds_of, margin

FOLDS = 3
PATIENCE = 10
RATE = 0.15
SMALL_ROWS = 2_000  # below this the noise is larger than what many candidates could show
DRIVERS = 3
DRIVER_SHARE = 0.2  # of what the columns add to the gap together; less is hardly worth a column
EXPLAINED_ROWS = 600
TUNED = (
    "num_leaves",
    "min_data_in_leaf",
    "lambda_l2",
    "feature_fraction",
    "bagging_fraction",
    "cat_smooth",
)
START = {"num_leaves": 12, "min_data_in_leaf": 40, "lambda_l2": 10.0, "feature_fraction": 0.5}
TIMID = {"num_leaves": 4, "lambda_l2": 50.0}
OTHER_DRAW = {"feature_fraction": 0.3, "bagging_fraction": 0.6}


@dataclass(frozen=True, slots=True)
class Change:
    """What a candidate does otherwise: columns left out, rows reweighed, other settings.

    `strength` of reweighing: 1 makes group and outcome independent, more leans the other way.
    """

    name: str
    drop: tuple[str, ...] = ()
    reweigh: str | None = None
    strength: float = 1.0
    parameters: Mapping[str, float] | None = None

    def as_json(self) -> dict[str, Any]:
        """What is changed, and nothing else."""
        weighed = {"attribute": self.reweigh, "strength": self.strength} if self.reweigh else None
        told = {"drop": list(self.drop), "reweigh": weighed, "parameters": self.parameters}
        return {name: value for name, value in told.items() if value}

    def words(self) -> str:
        """How a person gets it."""
        parts = [f"--drop {','.join(self.drop)}"] if self.drop else []
        if self.reweigh:
            parts.append(f"weigh training rows by {self.reweigh} and outcome")
        parts += [f"{key} = {value:g}" for key, value in (self.parameters or {}).items()]
        return "; ".join(parts) or "keep the model as it is"


@dataclass(frozen=True, slots=True)
class Alternative:
    """A candidate: its margins out of fold and of the test rows, and the boosters of its folds."""

    change: Change
    margin: Any
    test: Any
    boosters: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Bench:
    """What all candidates share: rows, groups, folds, settings, and the rows of the test."""

    rows: Rows
    groups: Mapping[str, Groups]
    fold: Any
    parameters: Mapping[str, Any]
    test: Rows | None
    seed: int

    @classmethod
    def of(
        cls,
        rows: Rows,
        groups: Mapping[str, Groups],
        parameters: Mapping[str, Any] | None,
        test: Rows | None,
        *,
        seed: int,
    ) -> "Bench":
        """A bench for these rows; of `parameters` counts what a search tunes."""
        told = {name: value for name, value in (parameters or {}).items() if name in TUNED}
        fold = folds_of(rows, folds=FOLDS, seed=seed)
        return cls(rows, groups, fold, START | told, test, seed)

    def fit(self, change: Change) -> Alternative:
        """The candidate, judged on folds it did not see; on test rows by the mean of its folds."""
        rows, kept = self._changed(change)
        parameters = {
            **self.parameters,
            **(change.parameters or {}),
            **fixed_parameters(rows.features, rows=len(rows.label), seed=self.seed),
            "learning_rate": RATE,
        }

        def one(unseen: Any) -> Any:
            fold = fold_of(rows.take(~unseen), rows.take(unseen))
            return boost(fold, parameters, patience=PATIENCE)

        cuts = [self.fold == place for place in range(FOLDS)]
        boosters = tuple(each_fold(one, cuts))
        margins = np.zeros(len(rows.label))
        for unseen, booster in zip(cuts, boosters, strict=True):
            margins[unseen] = margin(booster, rows.matrix[unseen])
        return Alternative(change, margins, self._on_test(boosters, kept), boosters)

    def drivers(self, base: Alternative, worst: Ratio) -> list[tuple[str, float]]:
        """Columns by how much riskier they make the worst-off group look, in log odds.

        The difference of mean TreeSHAP contributions (Lundberg 2018) between the two groups, on
        rows that the booster did not see; all columns' together are the gap of the margins.
        """
        gaps = self._gaps(base, worst)
        order = np.argsort(-gaps, kind="stable")
        adds = gaps[gaps > 0].sum()
        told = [(self.rows.features[p].name, float(gaps[p])) for p in order.tolist()]
        return [one for one in told if one[1] > DRIVER_SHARE * adds][:DRIVERS]

    def _gaps(self, base: Alternative, worst: Ratio) -> Any:
        code = self.groups[worst.attribute].code
        found = []
        for place, booster in enumerate(base.boosters):
            sides = [
                np.flatnonzero((self.fold == place) & (code == one))[: EXPLAINED_ROWS // FOLDS]
                for one in (worst.place, worst.reference)
            ]
            if all(len(side) for side in sides):
                means = [_mean_contributions(booster, self.rows.matrix[side]) for side in sides]
                found.append(means[0] - means[1])
        return np.mean(found, axis=0) if found else np.zeros(len(self.rows.features))

    def _changed(self, change: Change) -> tuple[Rows, list[int]]:
        """The rows as the candidate sees them, and the places of the columns it keeps."""
        rows = self.rows
        kept = [place for place, it in enumerate(rows.features) if it.name not in change.drop]
        if change.reweigh is not None:
            code = self.groups[change.reweigh].code
            rows = reweighed(rows, code, strength=change.strength)
        features = tuple(rows.features[place] for place in kept)
        return replace(rows, matrix=rows.matrix[:, kept], features=features), kept

    def _on_test(self, boosters: Sequence[Any], kept: list[int]) -> Any:
        if self.test is None or not len(self.test.label):
            return None
        matrix = self.test.matrix[:, kept]
        return np.mean([margin(booster, matrix) for booster in boosters], axis=0)


def changes(
    rows: Rows, attribute: str, drivers: Sequence[str], stand_ins: Sequence[str]
) -> tuple[Change, ...]:
    """What is tried: without what drives the gap, reweighed, tamer, drawn otherwise.

    Columns that are the attribute by another name go first. Never are all columns left out.
    """
    names = [*dict.fromkeys([*stand_ins, *drivers])][: min(DRIVERS, len(rows.features) - 1)]
    alone = [Change(f"without {name}", (name,)) for name in names]
    weighed = Change(f"reweighed by {attribute}", reweigh=attribute)
    if len(rows.label) < SMALL_ROWS:
        return (*alone[:1], weighed)
    together = [Change("without all of these", tuple(names))] if len(names) > 1 else []
    mixed = [Change(f"reweighed, without {name}", (name,), attribute) for name in names[:1]]
    return (
        *alone,
        *together,
        weighed,
        Change("reweighed twice as strongly", reweigh=attribute, strength=2.0),
        *mixed,
        Change("tamer", parameters=TIMID),
        Change("another draw of columns and rows", parameters=OTHER_DRAW),
    )


def reweighed(rows: Rows, code: Any, *, strength: float = 1.0) -> Rows:
    """Rows weighed so that group and outcome are independent (Kamiran and Calders 2012)."""
    label = np.asarray(rows.label, dtype=np.int64)
    count = np.bincount(2 * code + label, minlength=2 * (int(code.max()) + 1)).reshape(-1, 2)
    expected = count.sum(axis=1, keepdims=True) * count.sum(axis=0) / count.sum()
    weight = ((expected / np.maximum(count, 1)) ** strength)[code, label]
    return replace(rows, weight=weight if rows.weight is None else weight * rows.weight)


def _mean_contributions(booster: Any, matrix: Any) -> Any:
    """What each column adds on average; the last of LightGBM's columns is the base value."""
    return booster.predict(matrix, pred_contrib=True, num_threads=1).mean(axis=0)[:-1]
