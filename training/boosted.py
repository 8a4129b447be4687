"""One way of boosting: what it says of rows it did not see, and its trees from all rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from training.category_statistics import ordered, stated_places, statistics_of
from training.cuts import Cut, HeldOut, held_out
from training.fit import STRICT, Fold, Rows, dataset, each_fold, fold_of, margin, watched
from training.monotone import violations
from training.trees import averaged

PATIENCE = 40
GROWTH = 1.1  # a fit of all rows bears a little more than one that lacks a fold


@dataclass(frozen=True, slots=True)
class Setting:
    """A way to boost: LightGBM's parameters, and whether categories are told as statistics."""

    name: str
    parameters: Mapping[str, Any]
    stated: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """A setting's margins of unseen rows and the rounds at which they were best."""

    setting: Setting
    held_out: HeldOut
    rounds: int


@dataclass(frozen=True, slots=True)
class Bench:
    """Rows and their cuts; binned folds are kept, since every setting reads the same ones."""

    rows: Rows
    cuts: tuple[Cut, ...]
    seed: int
    _binned: dict[bool, tuple[Fold, ...]] = field(default_factory=dict)

    def folds(self, *, stated: bool) -> tuple[Fold, ...]:
        """Each cut's two sides, with categories as codes or as statistics."""
        stated = stated and bool(stated_places(self.rows))
        if stated not in self._binned:
            self._binned[stated] = tuple(self._fold(cut, stated=stated) for cut in self.cuts)
        return self._binned[stated]

    def _fold(self, cut: Cut, *, stated: bool) -> Fold:
        seen, unseen = self.rows.take(cut.seen), self.rows.take(cut.unseen)
        if not stated:
            return fold_of(seen, unseen)
        told = statistics_of(seen).of(unseen.matrix)
        return fold_of(told_rows(seen, self.seed), with_numbers(unseen, told))


def told_rows(rows: Rows, seed: int) -> Rows:
    """Rows that teach, their categories of many words told as ordered statistics."""
    return with_numbers(rows, ordered(rows, seed=seed))


def with_numbers(rows: Rows, matrix: Any) -> Rows:
    """The rows with this matrix, in which categories of many words are numbers."""
    stated = stated_places(rows)
    features = tuple(
        replace(feature, dtype="number", vocabulary=()) if place in stated else feature
        for place, feature in enumerate(rows.features)
    )
    return replace(rows, matrix=matrix, features=features)


def try_out(bench: Bench, setting: Setting) -> Tried:
    """The setting on every cut, stopped at the one number of rounds that is best over all.

    One number for all folds leaves it little room to fit the rows it is judged on.
    """

    def one(fold: Fold) -> tuple[Any, Any]:
        return watched(fold, setting.parameters, patience=PATIENCE)

    found = list(each_fold(one, bench.folds(stated=setting.stated)))
    rounds = best_rounds(bench.cuts, [curve for _, curve in found])
    folds = bench.folds(stated=setting.stated)
    margins = [
        margin(booster, fold.unseen.matrix, rounds=rounds)
        for (booster, _), fold in zip(found, folds, strict=True)
    ]
    return Tried(setting, held_out(bench.cuts, margins), rounds)


def best_rounds(cuts: Sequence[Cut], curves: Sequence[Any]) -> int:
    """Where the mean loss of unseen rows is least; what lies ahead weighs as much as all folds."""
    longest = max(map(len, curves))
    whole = np.array([np.pad(curve, (0, longest - len(curve)), mode="edge") for curve in curves])
    ahead = np.array([cut.ahead for cut in cuts])
    loss = whole[~ahead].mean(axis=0)
    if ahead.any():
        loss = (loss + whole[ahead].mean(axis=0)) / 2
    return int(np.argmin(loss)) + 1


def refit(bench: Bench, tried: Tried, *, bags: int) -> str:
    """LightGBM's text of the setting fitted to all rows: the mean of so many fits, seeds apart."""
    texts = list(each_fold(lambda bag: _whole(bench, tried, bench.seed + bag), range(bags)))
    return averaged(texts)


def _whole(bench: Bench, tried: Tried, seed: int) -> str:
    """One fit of all rows; one that breaks a direction is fitted anew by the strict method."""
    gentle = _fitted(bench, tried, {"seed": seed})
    if not violations(gentle, bench.rows.features, bench.rows.matrix, seed=seed):
        return gentle
    return _fitted(bench, tried, {"seed": seed, "monotone_constraints_method": STRICT})


def _fitted(bench: Bench, tried: Tried, others: Mapping[str, Any]) -> str:
    import lightgbm as lgb

    parameters = {**tried.setting.parameters, **others}
    rounds = max(1, round(tried.rounds * GROWTH))
    booster = lgb.train(parameters, dataset(bench.rows), num_boost_round=rounds)
    return booster.model_to_string()
