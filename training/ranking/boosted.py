"""One way of boosting: what it says of rows it did not see, and its trees from all rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from models.manifest import NUMBER
from training.ranking.category_statistics import ordered, stated_places, statistics_of
from training.ranking.cuts import Cut, HeldOut, held_out
from training.ranking.fit import STRICT, Fold, Rows, boost, dataset, each_fold, fold_of, threads_for
from training.ranking.monotone import violations
from training.ranking.shares import scaled_loss
from training.ranking.trees import averaged, worded
from training.ranking.ways import Way

GROWTH = 1.1  # a fit of all rows bears a little more than one that lacks a fold
BAGS = 5
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
        booster = boost(fold, parameters, patience=way.patience)
        return _grown(booster, fold.unseen.matrix)

    curves = list(each_fold(one, bench.folds(stated=way.stated)))
    stops = stops_up_to(max(map(len, curves)))
    losses = [_loss(bench, _at(bench.cuts, curves, place)) for place in range(len(stops))]
    best = int(np.argmin(losses))
    return Tried(way, _at(bench.cuts, curves, best), stops[best], losses[best])


def stops_up_to(count: int) -> list[int]:
    """The first `count` numbers of rounds after which a fit is judged."""
    return [round(FIRST_STOP * STRIDE**place) for place in range(count)]


def refit(bench: Bench, tried: Tried, *, hurry: float = 1.0) -> str:
    """LightGBM's text of the way fitted to all rows.

    `hurry` learns that much faster in as many fewer rounds, where trees would be too many.
    """
    growth = GROWTH / hurry
    return _whole(bench, tried.way, bench.rows, max(1, round(tried.rounds * growth)), hurry)


def bagged(bench: Bench, tried: Tried, *, hurry: float = 1.0) -> str:
    """The mean of fits that lack a fold each, as those were that were judged.

    One fit of few rows is more extreme than the mean of several by which it was judged.
    """
    rounds = max(1, round(tried.rounds / hurry))
    rows = [bench.rows.take(cut.seen) for cut in bench.cuts[:BAGS] if not cut.ahead]
    texts = each_fold(lambda seen: _whole(bench, tried.way, seen, rounds, hurry), rows)
    return averaged(list(texts))


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


def _whole(bench: Bench, way: Way, rows: Rows, rounds: int, hurry: float) -> str:
    """One fit of the rows; one that breaks a direction is fitted anew by the strict method."""
    parameters = {**bench.fixed, **way.parameters}
    parameters["learning_rate"] *= hurry
    gentle = _fitted(way, rows, parameters, rounds)
    if not violations(gentle, rows.features, rows.matrix, seed=bench.seed):
        return gentle
    return _fitted(way, rows, {**parameters, "monotone_constraints_method": STRICT}, rounds)


def _fitted(way: Way, rows: Rows, parameters: Mapping[str, Any], rounds: int) -> str:
    import lightgbm as lgb

    taught = _taught(rows, parameters["seed"]) if way.stated else rows
    text = lgb.train(dict(parameters), dataset(taught), num_boost_round=rounds).model_to_string()
    return worded(text, statistics_of(rows).by_place) if way.stated else text
