"""Models of unlike boldness made one: how far to trust each is learnt from the table itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from credit.progress import Progress
from training.ranking.boosted import BAGS, Bench, Tried, bagged, refit, try_out
from training.ranking.category_statistics import stated_places
from training.ranking.cuts import Cut, HeldOut, cuts_of, held_out
from training.ranking.fit import GENTLE, Rows, fixed_parameters
from training.ranking.linear import fit_linear
from training.ranking.scorecard import Scorecard, fit_scorecard
from training.ranking.search import tuned
from training.ranking.shares import (
    Told,
    pulls_for,
    row_losses,
    scaled_loss,
    shares,
    strongest_sound,
)
from training.ranking.trees import weighted
from training.ranking.ways import MANY_ROWS, quick_ways, ways_for

TREES_MAX = 2200  # what a served row and its reasons can afford
TINY = 0.02  # a component of less weight is left out


@dataclass(frozen=True, slots=True)
class Component:
    """One model of the blend: `weight` multiplies its margin, `rounds` is 0 where not boosted.

    `log_loss` is that of rows it did not see, its margins brought to scale.
    """

    name: str
    weight: float
    rounds: int
    log_loss: float
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Blend:
    """One LightGBM text, what it is made of, and margins of every row from fits without it."""

    model_text: str
    out_of_fold: Any
    components: tuple[Component, ...]
    scorecard: Scorecard
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Member:
    """A component before its weight is known: boosted, or one that writes its own text."""

    name: str
    held_out: HeldOut
    tried: Tried | None = None
    additive: Any = None


def blend(
    rest: Rows,
    *,
    trials: int,
    seed: int,
    ahead: Any = None,
    method: str = GENTLE,
    progress: Progress | None = None,
) -> Blend:
    """The blend of `rest` with least held-out log loss.

    `ahead` marks the latest rows, where rows have time: what was fitted without them and does
    well on them weighs more. `method` is LightGBM's for monotone constraints.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):  # small sums: threads would only wait
        return _blend(rest, trials=trials, seed=seed, ahead=ahead, method=method, progress=progress)


def _blend(
    rest: Rows, *, trials: int, seed: int, ahead: Any, method: str, progress: Progress | None
) -> Blend:
    count = len(rest.label)
    cuts = cuts_of(rest, ahead=ahead, quick=trials == 0, seed=seed)
    fixed = fixed_parameters(rest.features, rows=count, seed=seed, method=method)
    bench = Bench(rest, cuts, fixed, seed)
    found = tuned(rest, fixed, trials=trials, seed=seed, progress=progress)
    members = [
        _additive("scorecard", fit_scorecard, bench),
        _additive("linear", fit_linear, bench),
    ]
    stated = bool(stated_places(rest))
    ways = (*ways_for(count, stated=stated), *found) if trials else quick_ways(count)
    for place, way in enumerate(ways):
        tried = try_out(bench, way)
        members.append(_Member(way.name, tried.held_out, tried))
        _tell(progress, (place + 1) / (len(ways) + 1))
    weights, intercept, out_of_fold = _weighed(bench, members)
    every = zip(members, weights.tolist(), strict=True)
    parts = [_Part(member, weight) for member, weight in every if weight]
    text = weighted(*_texts(bench, parts), intercept=intercept)
    _tell(progress, 1.0)
    return Blend(
        text,
        out_of_fold,
        tuple(_fact(part, rest) for part in parts),
        members[0].additive,
        _boldest(parts),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    member: _Member
    weight: float


def _additive(name: str, fit: Any, bench: Bench) -> _Member:
    """A member that is fitted to each cut and to all rows by `fit`."""

    def margins(cut: Cut) -> Any:
        model = fit(bench.rows.take(cut.seen), seed=bench.seed)
        return model.margins(bench.rows.matrix[cut.unseen])

    found = list(map(margins, bench.cuts))
    return _Member(name, held_out(bench.cuts, found), additive=fit(bench.rows, seed=bench.seed))


def _weighed(bench: Bench, members: Sequence[_Member]) -> tuple[Any, float, Any]:
    """Weights, intercept, and every row's margin under weights that its own fold had no say in.

    The weights are the mean of those that lack a fold each. How strongly they are drawn to equal
    shares is learnt too: where components differ by no more than chance, they count alike.
    """
    told = _told(bench, members)
    crossed = told[0]
    tried = [_drawn(bench, told, pull=pull) for pull in pulls_for(len(crossed.label))]
    kept = strongest_sound([row_losses(out_of_fold, crossed) for _, out_of_fold in tried])
    (*mean, intercept), out_of_fold = tried[kept]
    spread = np.array(mean) * crossed.margins.std(axis=0)
    return np.where(spread >= TINY * spread.sum(), mean, 0.0), float(intercept), out_of_fold


def _drawn(bench: Bench, told: tuple[Told, Told, Any], *, pull: float) -> tuple[Any, Any]:
    """The mean of weights and intercepts that lack a fold each, and every row's held-out margin."""
    crossed, ahead, late = told
    found, out_of_fold = [], np.empty(len(crossed.label))
    for unseen in _first_round(bench.cuts):
        kept = np.ones(len(crossed.label), dtype=bool)
        kept[unseen] = False
        later = [ahead.take(kept[late])] if len(late) else []
        weights, intercept = shares([crossed.take(kept), *later], pull=pull)
        found.append((*weights, intercept))
        out_of_fold[unseen] = crossed.margins[unseen] @ weights + intercept
    return np.mean(found, axis=0), out_of_fold


def _told(bench: Bench, members: Sequence[_Member]) -> tuple[Told, Told, Any]:
    """What the members said of rows they did not see, of the latest rows, and which these are."""
    rows = bench.rows
    late = next((cut.unseen for cut in bench.cuts if cut.ahead), np.empty(0, dtype=np.int64))
    weight = np.ones(len(rows.label)) if rows.weight is None else rows.weight
    crossed, ahead = (
        _beside([getattr(it.held_out, which) for it in members]) for which in ("crossed", "ahead")
    )
    return Told(crossed, rows.label, weight), Told(ahead, rows.label[late], weight[late]), late


def _beside(margins: Sequence[Any]) -> Any:
    return np.column_stack(margins)


def _first_round(cuts: Sequence[Cut]) -> list[Any]:
    """The folds that together hold every row once."""
    folds, rows = [], 1 + max(int(cut.unseen.max()) for cut in cuts)
    for cut in cuts:
        if sum(map(len, folds)) < rows:
            folds.append(cut.unseen)
    return folds


def _texts(bench: Bench, parts: Sequence[_Part]) -> tuple[list[str], list[float]]:
    """Every part's text: the mean of several fits of few rows, one of many; trees are bounded."""
    few = len(bench.rows.label) < MANY_ROWS
    fits = min(BAGS, sum(not cut.ahead for cut in bench.cuts)) if few else 1
    rounds = fits * sum(part.member.tried.rounds for part in parts if part.member.tried)
    again, hurry = bagged if few else refit, max(1.0, rounds / TREES_MAX)
    texts = [
        again(bench, part.member.tried, hurry=hurry)
        if part.member.tried
        else part.member.additive.model_text(bench.rows.features)
        for part in parts
    ]
    return texts, [part.weight for part in parts]


def _fact(part: _Part, rows: Rows) -> Component:
    tried = part.member.tried
    weight = np.ones(len(rows.label)) if rows.weight is None else rows.weight
    loss, _ = scaled_loss(part.member.held_out.crossed, rows.label, weight)
    parameters = dict(tried.way.parameters) if tried else {}
    return Component(part.member.name, part.weight, tried.rounds if tried else 0, loss, parameters)


def _boldest(parts: Sequence[_Part]) -> Mapping[str, Any]:
    """The parameters of the boosted component that counts most."""
    tried = [(part.weight, part.member.tried) for part in parts if part.member.tried]
    return dict(max(tried, key=lambda each: each[0])[1].way.parameters) if tried else {}


def _tell(progress: Progress | None, share: float) -> None:
    if progress is not None:
        progress("fit", share)
