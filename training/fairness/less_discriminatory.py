"""A search for a model that ranks as well and treats protected groups more alike.

Candidates are quick models on the rows before the split, judged on folds they did not see. They
do not replace the model: they show whether there is a less discriminatory one, and how a person
gets it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from credit.progress import Progress
from training.fairness.alternatives import FOLDS, Alternative, Bench, Change, changes
from training.fairness.groups import Groups
from training.fairness.impact_gain import Ground
from training.fairness.proxies import proxies
from training.judging.cut_off import APPROVED_SHARE
from training.ranking.fit import Rows

TOLERANCE = 0.01
ROWS_MAX = 20_000
AS_IT_IS = Change("as it is")


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
    impact ratio over all groups large enough to steer by, `gini` its ranking out of fold.
    `least` has the highest impact among those at most `tolerance` of Gini below the model as
    it is. Test rows judge that one alone, at the end. {} where nothing is protected.
    """
    if not protected:
        return {}
    kept = _kept(len(rows.label), seed)
    groups = {name: Groups.of(values[kept]) for name, values in protected.items()}
    bench = Bench.of(rows.take(kept), groups, parameters, test, seed=seed)
    ground = Ground(bench.rows.label, groups, approved_share, seed)
    told = {
        "tolerance": tolerance,
        "approved_share": approved_share,
        "rows": len(kept),
        "folds": FOLDS,
        "proxies": proxies(rows, protected, seed=seed),
    }
    tried, drivers = _tried(bench, ground, told["proxies"], progress)
    facts = [_facts(ground, tried[0], one, tolerance) for one in tried]
    _mark_pareto(facts)
    worst = ground.worst(tried[0].margin)
    told |= {
        "worst": None if worst is None else worst.as_json(),
        "drivers": [{"feature": name, "log_odds": gap} for name, gap in drivers],
        "candidates": facts,
    }
    if worst is None:
        return told | {"least": None, "test": None}
    least = _least(facts)
    chosen = tried[facts.index(least)]
    judge = _judge_of_test(test, test_protected, ground)
    return told | {
        "least": _told(chosen, least),
        "test": None if judge is None else _on_test(judge, tried[0], chosen),
    }


def _kept(rows: int, seed: int) -> Any:
    if rows <= ROWS_MAX:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).permutation(rows)[:ROWS_MAX])


def _tried(
    bench: Bench, ground: Ground, known: Mapping[str, Any], progress: Progress | None
) -> tuple[list[Alternative], list[tuple[str, float]]]:
    """The model as it is, and every candidate where some group is worse off."""
    tried = [bench.fit(AS_IT_IS)]
    worst = ground.worst(tried[0].margin)
    if worst is None:
        return tried, []
    drivers = bench.drivers(tried[0], worst)
    stand_ins = known[worst.attribute]["stands_in"]
    asked = changes(bench.rows, worst.attribute, [name for name, _ in drivers], stand_ins)
    for change in asked:
        tried.append(bench.fit(change))
        if progress is not None:
            progress("fairness", (len(tried) - 1) / len(asked))
    return tried, drivers


def _facts(ground: Ground, base: Alternative, one: Alternative, tolerance: float) -> dict[str, Any]:
    loss = ground.gini_difference(one.margin, base.margin)
    return {
        "name": one.change.name,
        "how": one.change.as_json(),
        "gini": ground.gini(one.margin),
        "gini_difference": loss,
        "impact": ground.impact(one.margin),
        "impact_gain": ground.impact_gain(one.margin, base.margin),
        "within_tolerance": loss["value"] is not None and loss["value"] >= -tolerance,
    }


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


def _told(chosen: Alternative, facts: Mapping[str, Any]) -> dict[str, Any]:
    gain = facts["impact_gain"]["low"]
    return {
        "name": chosen.change.name,
        "how": chosen.change.as_json(),
        "say": chosen.change.words(),
        "beyond_chance": gain is not None and gain > 0,
    }


def _judge_of_test(
    test: Rows | None, protected: Mapping[str, Any] | None, ground: Ground
) -> Ground | None:
    if test is None or not protected or not len(test.label):
        return None
    groups = {name: Groups.of(values) for name, values in protected.items()}
    return Ground(test.label, groups, ground.approved_share, ground.seed)


def _on_test(ground: Ground, base: Alternative, chosen: Alternative) -> dict[str, Any]:
    """The one chosen and the model as it is, on rows that chose nothing."""
    return {
        "rows": len(ground.label),
        "base": {"gini": ground.gini(base.test), "impact": ground.impact(base.test)},
        "least": {"gini": ground.gini(chosen.test), "impact": ground.impact(chosen.test)},
        "gini_difference": ground.gini_difference(chosen.test, base.test),
        "impact_gain": ground.impact_gain(chosen.test, base.test),
    }
