"""What would have had declined rows approved: counterfactuals of a sample of them."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from models.actions import Action, action
from models.counterfactual import Counterfactual, counterfactual
from models.manifest import NUMBER, TABLE
from training.judging.tested import Tested

CASES = 60
CASES_LEAST = 20
WORK_MAX = 500_000  # trees times cases: a few seconds
EXAMPLES = 5
FATE = frozenset({"age", "birth", "birthday", "born", "child", "children", "dependants"})
FATE |= {"dependents", "dob", "education", "ethnicity", "gender", "marital", "marriage"}
FATE |= {"nationality", "race", "sex", "tenure"}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
MOST_CHANGED = 10


def counterfactuals_of(tested: Tested, *, cases: int = CASES, seed: int) -> dict[str, Any]:
    """The smallest feasible change of declined rows that would have them approved.

    `cases` rows looked at, of which for `found` a change was and for `none` was not; `flipped` of
    them are approved when the changed row is scored anew. `features_median` says how many
    features a change moves, `most_changed` which, `examples` some in full.
    """
    rows = _sampled(tested, cases, seed)
    taken = tested.table.take(rows).to_pylist()
    actions = actions_of(tested)
    found = [
        counterfactual(
            tested.scorer, row, accepted=lambda chance: chance <= tested.cut_off, actions=actions
        )
        for row in taken
    ]
    pairs = [(row, one) for row, one in zip(taken, found, strict=True) if one]
    moved = Counter(change.name for _, one in pairs for change in one.changes)
    return {
        "cases": len(rows),
        "actionable": len(actions),
        "found": len(pairs),
        "none": len(rows) - len(pairs),
        "flipped": _flipped(tested, pairs),
        "features_median": float(np.median([len(one.changes) for _, one in pairs]))
        if pairs
        else None,
        "most_changed": [
            {"feature": name, "changes": count} for name, count in moved.most_common(MOST_CHANGED)
        ],
        "examples": [
            _told(tested.row_id[int(row)].as_py(), one)
            for row, one in zip(rows, found, strict=True)
            if one
        ][:EXAMPLES],
    }


def actions_of(tested: Tested) -> tuple[Action, ...]:
    """What can be moved in these rows, within what is usual among them.

    A product's catalogue says which features are in the hands of who is scored. A table does not
    say: its numbers with a direction are taken, or where none has one, all its numbers; but none
    whose name says that it is what somebody is, such as an age.
    """
    ways = _ways(tested)
    columns = ((name, tested.table.column(name), way) for name, way in ways.items())
    found = (
        action(name, column.cast("double", safe=False).to_numpy(), direction=way)
        for name, column, way in columns
    )
    return tuple(one for one in found if one)


def _ways(tested: Tested) -> dict[str, int | None]:
    product = tested.scorer.artefact.manifest.product
    numbers = [it for it in tested.features if it.dtype == NUMBER and not _is_fate(it.name)]
    if product != TABLE:
        from features.catalogue import features_of

        ways = {feature.name: feature.actionable for feature in features_of(product)}
        return {feature.name: ways[feature.name] for feature in numbers if ways[feature.name]}
    directed = [feature for feature in numbers if feature.direction]
    return dict.fromkeys(feature.name for feature in directed or numbers)


def _is_fate(name: str) -> bool:
    """Whether a column's name says that nobody can change it."""
    return not FATE.isdisjoint(word.lower() for word in WORD.findall(name))


def _flipped(tested: Tested, pairs: Sequence[tuple[dict[str, Any], Counterfactual]]) -> int:
    changed = [row | {it.name: it.end for it in one.changes} for row, one in pairs]
    return sum(chance <= tested.cut_off for chance in tested.scorer.score(changed))


def _told(row_id: Any, one: Counterfactual) -> dict[str, Any]:
    return {
        "row_id": row_id,
        "changes": [
            {"feature": change.name, "from": change.start, "to": change.end}
            for change in one.changes
        ],
        "probability_from": one.before,
        "probability_to": one.probability,
        "distance": one.distance,
    }


def _sampled(tested: Tested, cases: int, seed: int) -> Any:
    declined = np.flatnonzero(tested.declined)
    trees = max(1, tested.scorer.artefact.model_text.count("\nTree="))
    count = min(cases, max(CASES_LEAST, WORK_MAX // trees))
    return np.sort(np.random.default_rng(seed).permutation(declined)[:count])
