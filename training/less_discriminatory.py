"""A search for a model that ranks as well and treats protected groups more alike.

Candidates are quick models on the rows before the split, judged on folds they did not see. They
do not replace the model: they show whether there is a less discriminatory one, and how a person
gets it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from credit.progress import Progress
from models.measures import auc
from training.cut_off import cut_off
from training.fit import Rows, boost, fixed_parameters, fold_of, folds_of, margin
from training.groups import Groups
from training.impact import impact_ratios, interval, redrawn
from training.paired import auc_difference_error
from training.proxies import proxies
from training.rates import Z

TOLERANCE = 0.01
APPROVED_SHARE = 0.7
ROWS_MAX = 20_000
FOLDS = 3
PATIENCE = 15
RATE = 0.1
SMALL_ROWS = 2_000  # below this the noise is larger than what many candidates could show
DRAWS = 500
DRIVERS = 3
SHAP_ROWS = 600
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
AS_IT_IS = "as it is"


@dataclass(frozen=True, slots=True)
class Change:
    """What a candidate does otherwise: columns left out, rows reweighed, other settings."""

    name: str
    drop: tuple[str, ...] = ()
    reweigh: str | None = None
    parameters: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """What is changed, and nothing else."""
        told = {"drop": list(self.drop), "reweigh": self.reweigh, "parameters": self.parameters}
        return {name: value for name, value in told.items() if value}

    def words(self) -> str:
        """How a person gets it."""
        parts = [f"--drop {','.join(self.drop)}"] if self.drop else []
        parts += [f"weigh rows so that {self.reweigh} tells nothing of the outcome"] * bool(
            self.reweigh
        )
        parts += [f"{key} {value:g}" for key, value in (self.parameters or {}).items()]
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A candidate's margins out of fold (and of test rows), and its fold models."""

    change: Change
    margin: Any
    test: Any
    boosters: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class _Ground:
    """What all candidates share: the rows, the groups, the folds, the settings."""

    rows: Rows
    groups: Mapping[str, Groups]
    fold: Any
    parameters: Mapping[str, Any]
    test: Any
    seed: int


def search(
    rows: Rows,
    protected: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    *,
    test: Rows | None = None,
    test_protected: Mapping[str, Any] | None = None,
    approved_share: float = APPROVED_SHARE,
    tolerance: float = TOLERANCE,
    seed: int,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Candidates beside a quick model of these rows, and the least discriminatory of them.

    Tried: leaving out the columns that part the worst-off group from the best-off one (by mean
    TreeSHAP, Lundberg 2018), reweighing (Kamiran and Calders 2012), tamer settings, another
    draw of columns and rows. Each approves the same share; `impact` is its smallest adverse
    impact ratio over all judged groups, `gini` its ranking out of fold. `least` has the highest
    impact among those at most `tolerance` of Gini below the model as it is. Test rows judge
    that one alone, at the end. {} where nothing is protected.
    """
    ground = _ground(rows, protected, parameters, test, seed)
    if not ground.groups:
        return {}
    base = _judge(ground, Change(AS_IT_IS))
    worst = _worst(ground, base.margin, approved_share)
    told = {
        "tolerance": tolerance,
        "approved_share": approved_share,
        "rows": len(ground.rows.label),
        "folds": FOLDS,
        "proxies": proxies(rows, protected, seed=seed),
    }
    if worst is None:
        return told | {"worst": None, "drivers": [], "candidates": [], "least": None, "test": None}
    drivers = _drivers(ground, base, worst)
    changes = _changes(ground, worst, drivers)
    judged = [base]
    for place, change in enumerate(changes):
        judged.append(_judge(ground, change))
        _tell(progress, (place + 1) / len(changes))
    facts = [_facts(ground, base, one, approved_share, tolerance) for one in judged]
    _mark_pareto(facts)
    least = _least(facts)
    chosen = judged[facts.index(least)]
    return told | {
        "worst": worst.as_json(),
        "drivers": [{"feature": name, "log_odds": gap} for name, gap in drivers],
        "candidates": facts,
        "least": _told(chosen, least),
        "test": _on_test(ground, base, chosen, test_protected, approved_share),
    }


@dataclass(frozen=True, slots=True)
class Worst:
    """The group approved least often against the group approved most often."""

    attribute: str
    place: int
    reference: int
    group: str
    against: str
    ratio: float

    def as_json(self) -> dict[str, Any]:
        """Who it is, in words."""
        return {
            "attribute": self.attribute,
            "group": self.group,
            "reference": self.against,
            "air": self.ratio,
        }


def reweighed(rows: Rows, code: Any) -> Rows:
    """Rows weighed so that group and outcome are independent (Kamiran and Calders 2012)."""
    label = np.asarray(rows.label, dtype=np.int64)
    count = np.bincount(2 * code + label, minlength=2 * (int(code.max()) + 1)).reshape(-1, 2)
    expected = count.sum(axis=1, keepdims=True) * count.sum(axis=0) / count.sum()
    weight = (expected / np.maximum(count, 1))[code, label]
    return replace(rows, weight=weight if rows.weight is None else weight * rows.weight)


def _ground(
    rows: Rows,
    protected: Mapping[str, Any],
    parameters: Mapping[str, Any] | None,
    test: Rows | None,
    seed: int,
) -> _Ground:
    kept = _kept(len(rows.label), seed)
    few = rows.take(kept)
    groups = {name: Groups.of(values[kept]) for name, values in protected.items()}
    told = {name: value for name, value in (parameters or {}).items() if name in TUNED}
    fold = folds_of(few, folds=FOLDS, seed=seed)
    return _Ground(few, groups, fold, START | told, test, seed)


def _kept(rows: int, seed: int) -> Any:
    if rows <= ROWS_MAX:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).permutation(rows)[:ROWS_MAX])


def _judge(ground: _Ground, change: Change) -> _Judged:
    """The candidate's margins on folds it did not see; of test rows the mean over the folds."""
    rows, kept = _changed(ground, change)
    parameters = {
        **ground.parameters,
        **(change.parameters or {}),
        **fixed_parameters(rows.features, rows=len(rows.label), seed=ground.seed),
        "learning_rate": RATE,
    }
    margins, boosters = np.zeros(len(rows.label)), []
    for place in range(FOLDS):
        seen, unseen = np.flatnonzero(ground.fold != place), np.flatnonzero(ground.fold == place)
        booster = boost(fold_of(rows.take(seen), rows.take(unseen)), parameters, patience=PATIENCE)
        margins[unseen] = margin(booster, rows.matrix[unseen])
        boosters.append(booster)
    test = None
    if ground.test is not None:
        matrix = ground.test.matrix[:, kept]
        test = np.mean([margin(booster, matrix) for booster in boosters], axis=0)
    return _Judged(change, margins, test, tuple(boosters))


def _changed(ground: _Ground, change: Change) -> tuple[Rows, Any]:
    """The rows as the candidate sees them, and the places of the columns it keeps."""
    rows = ground.rows
    kept = [place for place, it in enumerate(rows.features) if it.name not in change.drop]
    if change.reweigh is not None:
        rows = reweighed(rows, ground.groups[change.reweigh].code)
    features = tuple(rows.features[place] for place in kept)
    return replace(rows, matrix=rows.matrix[:, kept], features=features), kept


def _worst(ground: _Ground, margins: Any, share: float) -> Worst | None:
    approved = _approved(margins, share)
    found = [
        one for name, groups in ground.groups.items() for one in _ratios(name, groups, approved)
    ]
    return min(found, key=lambda one: one.ratio, default=None)


def _ratios(name: str, groups: Groups, approved: Any) -> list[Worst]:
    reference = groups.reference(approved)
    if reference is None:
        return []
    rates = np.bincount(groups.code, weights=approved) / np.maximum(groups.rows, 1)
    ratios = impact_ratios(rates, reference)
    return [
        Worst(name, place, reference, groups.names[place], groups.names[reference], float(ratio))
        for place, ratio in enumerate(ratios)
        if groups.impacted[place] and place != reference and np.isfinite(ratio)
    ]


def _approved(margins: Any, share: float) -> Any:
    return margins <= cut_off(margins, approved_share=share)


def _drivers(ground: _Ground, base: _Judged, worst: Worst) -> list[tuple[str, float]]:
    """Features by how much riskier they make the worst-off group look, in log odds."""
    code = ground.groups[worst.attribute].code
    gaps = []
    for place, booster in enumerate(base.boosters):
        sides = [
            np.flatnonzero((ground.fold == place) & (code == one))[: SHAP_ROWS // FOLDS]
            for one in (worst.place, worst.reference)
        ]
        if not all(len(side) for side in sides):
            continue
        mine, other = (
            booster.predict(ground.rows.matrix[side], pred_contrib=True, num_threads=1)
            for side in sides
        )
        gaps.append((mine.mean(axis=0) - other.mean(axis=0))[:-1])
    gap = np.mean(gaps, axis=0) if gaps else np.zeros(len(ground.rows.features))
    order = np.argsort(-gap, kind="stable")[:DRIVERS]
    return [
        (ground.rows.features[place].name, float(gap[place]))
        for place in order.tolist()
        if gap[place] > 0
    ]


def _changes(ground: _Ground, worst: Worst, drivers: list[tuple[str, float]]) -> list[Change]:
    names = tuple(name for name, _ in drivers)[: len(ground.rows.features) - 1]
    first = [Change(f"without {name}", (name,)) for name in names]
    reweighed_ = Change(f"reweighed by {worst.attribute}", reweigh=worst.attribute)
    if len(ground.rows.label) < SMALL_ROWS:
        return [*first[:1], reweighed_]
    both = [Change("without all of them", names)] if len(names) > 1 else []
    mixed = [Change(f"reweighed, without {name}", (name,), worst.attribute) for name in names[:1]]
    settings = [
        Change("tamer", parameters=TIMID),
        Change("another draw", parameters=OTHER_DRAW),
    ]
    return [*first, *both, reweighed_, *mixed, *settings]


def _facts(
    ground: _Ground, base: _Judged, one: _Judged, share: float, tolerance: float
) -> dict[str, Any]:
    label = ground.rows.label
    gini = _gini(label, one.margin)
    loss = _gini_difference(label, one.margin, base.margin)
    impact = _impact(ground.groups, one.margin, share)
    return {
        "name": one.change.name,
        "how": one.change.as_json(),
        "gini": gini,
        "gini_difference": loss,
        "impact": impact,
        "impact_gain": _impact_gain(
            ground.groups, one.margin, base.margin, share, seed=ground.seed
        ),
        "within_tolerance": loss["value"] is not None and loss["value"] >= -tolerance,
    }


def _gini(label: Any, margins: Any) -> float | None:
    area = auc(label, margins)
    return None if area is None else 2 * area - 1


def _gini_difference(label: Any, ours: Any, theirs: Any) -> dict[str, float | None]:
    here, there = _gini(label, ours), _gini(label, theirs)
    if here is None or there is None:
        return {"value": None, "low": None, "high": None}
    reach = 2 * Z * auc_difference_error(label, ours, theirs)
    gap = here - there
    return {"value": gap, "low": gap - reach, "high": gap + reach}


def _impact(groups: Mapping[str, Groups], margins: Any, share: float) -> float | None:
    approved = _approved(margins, share)
    ratios = [one.ratio for name, it in groups.items() for one in _ratios(name, it, approved)]
    return min(ratios, default=None)


def _impact_gain(
    groups: Mapping[str, Groups], ours: Any, theirs: Any, share: float, *, seed: int
) -> dict[str, float | None]:
    """The rise of the smallest impact ratio, with the interval of paired draws of the rows."""
    here, there = _impact(groups, ours, share), _impact(groups, theirs, share)
    if here is None or there is None:
        return {"value": None, "low": None, "high": None}
    sides = _approved(ours, share), _approved(theirs, share)
    least = [_drawn_least(one, sides, seed) for one in groups.values()]
    mine, other = (np.min([pair[side] for pair in least], axis=0) for side in (0, 1))
    low, high = interval(mine - other)
    return {"value": here - there, "low": low, "high": high}


def _drawn_least(groups: Groups, sides: tuple[Any, Any], seed: int) -> tuple[Any, Any]:
    """The smallest ratio of this attribute under both models, in each of the same draws."""
    count = len(groups.names)
    place = 4 * groups.code + 2 * sides[0] + sides[1]
    counts = np.bincount(place, minlength=4 * count).reshape(count, 2, 2)
    drawn = redrawn(counts, draws=DRAWS, seed=seed)
    rows = drawn.sum(axis=(2, 3))
    found = []
    for axis, approved in zip((3, 2), sides, strict=True):
        rates = drawn.sum(axis=axis)[:, :, 1] / np.maximum(rows, 1)
        reference = groups.reference(approved)
        if reference is None:
            found.append(np.full(DRAWS, np.inf))
            continue
        others = [p for p in range(count) if groups.impacted[p] and p != reference]
        ratios = impact_ratios(rates, reference)[:, others]
        found.append(ratios.min(axis=1, initial=np.inf))
    return found[0], found[1]


def _mark_pareto(facts: list[dict[str, Any]]) -> None:
    """Marks those that no other beats in both Gini and impact."""
    points = [(one["gini"] or 0.0, one["impact"] or 0.0) for one in facts]
    for one, (gini, impact) in zip(facts, points, strict=True):
        one["pareto"] = not any(
            other != (gini, impact) and other[0] >= gini and other[1] >= impact for other in points
        )


def _least(facts: list[dict[str, Any]]) -> dict[str, Any]:
    """The highest impact within tolerance; the model as it is where none is higher."""
    near = [one for one in facts if one["within_tolerance"] and one["impact"] is not None]
    return max(near, key=lambda one: one["impact"], default=facts[0])


def _told(chosen: _Judged, facts: dict[str, Any]) -> dict[str, Any]:
    gain = facts["impact_gain"]["low"]
    return {
        "name": chosen.change.name,
        "how": chosen.change.as_json(),
        "say": chosen.change.words(),
        "beyond_chance": gain is not None and gain > 0,
    }


def _on_test(
    ground: _Ground,
    base: _Judged,
    chosen: _Judged,
    protected: Mapping[str, Any] | None,
    share: float,
) -> dict[str, Any] | None:
    """The one chosen and the model as it is, on rows that chose nothing."""
    if ground.test is None or protected is None or not len(ground.test.label):
        return None
    label = ground.test.label
    groups = {name: Groups.of(values) for name, values in protected.items()}
    return {
        "rows": len(label),
        "base": {"gini": _gini(label, base.test), "impact": _impact(groups, base.test, share)},
        "least": {
            "gini": _gini(label, chosen.test),
            "impact": _impact(groups, chosen.test, share),
        },
        "gini_difference": _gini_difference(label, chosen.test, base.test),
        "impact_gain": _impact_gain(groups, chosen.test, base.test, share, seed=ground.seed),
    }


def _tell(progress: Progress | None, share: float) -> None:
    if progress is not None:
        progress("fairness", share)
