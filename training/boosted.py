"""One way of boosting: what it says of rows it did not see, and its trees from all rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from models.manifest import NUMBER
from training.category_statistics import ordered, stated_places, statistics_of
from training.cuts import Cut, HeldOut, held_out
from training.fit import STRICT, Fold, Rows, dataset, each_fold, fold_of, threads_for, watched
from training.monotone import violations
from training.shares import scaled_loss
from training.trees import averaged, worded
from training.ways import Way

GROWTH = 1.1  # a fit of all rows bears a little more than one that lacks a fold
FIRST_STOP, STRIDE = 8, 1.3  # rounds after which a fit is judged: 8, 11, 14 ... each 1.3 times more


@dataclass(frozen=True, slots=True)
class Tried:
    """A way's margins of unseen rows, the rounds at which they were best, and their loss then."""

    way: Way
    held_out: HeldOut
    rounds: int
    loss: float


@dataclass(frozen=True, slots=True)
class Bench:
    """Rows and their cuts; binned folds are kept, since every way reads the same ones.

    `fixed` are the parameters that every way shares.
    """

    rows: Rows
    cuts: tuple[Cut, ...]
    fixed: Mapping[str, Any]
    seed: int
    _binned: dict[bool, tuple[Fold, ...]] = field(default_factory=dict)

    def folds(self, *, stated: bool) -> tuple[Fold, ...]:
        """Each cut's two sides, with categories as codes or as statistics."""
        if stated not in self._binned:
            self._binned[stated] = tuple(self._fold(cut, stated=stated) for cut in self.cuts)
        return self._binned[stated]

    def _fold(self, cut: Cut, *, stated: bool) -> Fold:
        seen, unseen = self.rows.take(cut.seen), self.rows.take(cut.unseen)
        if not stated:
            return fold_of(seen, unseen)
        told = statistics_of(seen).of(unseen.matrix)
        return fold_of(_taught(seen, self.seed), _in_numbers(unseen, told))


def try_out(bench: Bench, way: Way) -> Tried:
    """The way on every cut, stopped at the one number of rounds that is best over all of them.

    One number for all folds leaves it little room to fit the rows it is judged on.
    """
    parameters = {**bench.fixed, **way.parameters}

    def one(fold: Fold) -> list[Any]:
        booster, _ = watched(fold, parameters, patience=way.patience)
        return _grown(booster, fold.unseen.matrix)

    curves = list(each_fold(one, bench.folds(stated=way.stated)))
    stops = stops_up_to(max(map(len, curves)))
    losses = [_loss(bench, _at(bench.cuts, curves, place)) for place in range(len(stops))]
    best = int(np.argmin(losses))
    return Tried(way, _at(bench.cuts, curves, best), stops[best], losses[best])


def stops_up_to(count: int) -> list[int]:
    """The first `count` numbers of rounds after which a fit is judged."""
    return [round(FIRST_STOP * STRIDE**place) for place in range(count)]


def refit(bench: Bench, tried: Tried, *, bags: int, hurry: float = 1.0) -> str:
    """LightGBM's text of the way fitted to all rows: the mean of so many fits, seeds apart.

    `hurry` learns that much faster in as many fewer rounds, where trees would be too many.
    """
    seeds = range(bench.seed, bench.seed + bags)
    return averaged(list(each_fold(lambda seed: _whole(bench, tried, seed, hurry), seeds)))


def _grown(booster: Any, matrix: Any) -> list[Any]:
    """Margins of the rows at each stop that the booster came to."""
    threads, found, start = threads_for(len(matrix)), [], 0
    total = np.zeros(len(matrix))
    trained = booster.current_iteration()
    count = max(1, int(np.log(trained / FIRST_STOP) / np.log(STRIDE)) + 1)
    for stop in stops_up_to(count):
        total = total + booster.predict(
            matrix, raw_score=True, start_iteration=start, num_iteration=stop - start,
            num_threads=threads,
        )  # fmt: skip
        start = stop
        found.append(total)
    return found


def _at(cuts: Sequence[Cut], curves: Sequence[list[Any]], place: int) -> HeldOut:
    """What all fits said at one stop; those that ended before it, at their end."""
    return held_out(cuts, [curve[min(place, len(curve) - 1)] for curve in curves])


def _loss(bench: Bench, said: HeldOut) -> float:
    """Loss to scale on unseen rows; what lies ahead weighs as much as all folds."""
    rows = bench.rows
    weight = np.ones(len(rows.label)) if rows.weight is None else rows.weight
    known = ~np.isnan(said.crossed)
    loss, _ = scaled_loss(said.crossed[known], rows.label[known], weight[known])
    for cut in bench.cuts:
        if cut.ahead:
            later, _ = scaled_loss(said.ahead, rows.label[cut.unseen], weight[cut.unseen])
            return (loss + later) / 2
    return loss


def _taught(rows: Rows, seed: int) -> Rows:
    return _in_numbers(rows, ordered(rows, seed=seed))


def _in_numbers(rows: Rows, matrix: Any) -> Rows:
    """The rows with this matrix, in which categories of many words are numbers."""
    stated = stated_places(rows)
    features = tuple(
        replace(feature, dtype=NUMBER, vocabulary=()) if place in stated else feature
        for place, feature in enumerate(rows.features)
    )
    return replace(rows, matrix=matrix, features=features)


def _whole(bench: Bench, tried: Tried, seed: int, hurry: float) -> str:
    """One fit of all rows; one that breaks a direction is fitted anew by the strict method."""
    gentle = _fitted(bench, tried, hurry, {"seed": seed})
    if not violations(gentle, bench.rows.features, bench.rows.matrix, seed=seed):
        return gentle
    return _fitted(bench, tried, hurry, {"seed": seed, "monotone_constraints_method": STRICT})


def _fitted(bench: Bench, tried: Tried, hurry: float, others: Mapping[str, Any]) -> str:
    import lightgbm as lgb

    rows, way = bench.rows, tried.way
    parameters = {**bench.fixed, **way.parameters, **others}
    parameters["learning_rate"] *= hurry
    rounds = max(1, round(tried.rounds * GROWTH / hurry))
    taught = _taught(rows, others["seed"]) if way.stated else rows
    text = lgb.train(parameters, dataset(taught), num_boost_round=rounds).model_to_string()
    return worded(text, statistics_of(rows).by_place) if way.stated else text
