"""Whether a fitted model keeps the directions it was given, swept over real rows."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.forest import Tree, read_trees, thresholds
from models.manifest import ModelFeature

ROWS = 2_000
TOLERANCE = 1e-9  # of the margin: what adding thousands of leaves up may be off
LARGEST = float(np.finfo(np.float64).max)  # no number lies beyond: only missing does not pass it
CELLS_MAX = 30_000_000  # steps times rows held at a time, 8 bytes each

Curve = tuple[list[float], list[Any]]  # thresholds, and a value for each row between them


@dataclass(frozen=True, slots=True)
class Sweep:
    """What was swept: constrained features over `rows` real rows, `steps` changes of value each.

    `violations` names the features along which some row's margin moves the wrong way.
    """

    features: tuple[str, ...]
    rows: int
    steps: int
    violations: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As `metrics.json` says it."""
        return {
            "features": list(self.features),
            "rows": self.rows,
            "steps": self.steps,
            "violations": list(self.violations),
        }


def sweep(model_text: str, features: Sequence[ModelFeature], matrix: Any, *, seed: int) -> Sweep:
    """Each constrained feature moved through its whole range on up to 2,000 of the rows.

    The margin of a row changes only where a feature crosses a threshold of some tree. So every
    threshold of the model is crossed, upwards, with the rest of the row as it is: no value lies
    between that was not looked at. Steps from or to missing are not compared, since missing has
    no place in the order.
    """
    directions = {place: it.direction for place, it in enumerate(features) if it.direction}
    names = tuple(features[place].name for place in directions)
    rows = np.random.default_rng(seed).permutation(len(matrix))[:ROWS]
    trees = read_trees(model_text)
    asked = {place: cuts for place, cuts in thresholds(trees).items() if place in directions}
    steps = sum(map(len, asked.values()))
    wrong: set[int] = set()
    for some in np.array_split(rows, -(-len(rows) * steps // CELLS_MAX) or 1):
        moved = _moves(trees, asked, np.ascontiguousarray(matrix[some].T))
        for place, moves in moved.items():
            crossed = moves[asked[place] < LARGEST] * directions[place]
            wrong |= {place} if (crossed < -TOLERANCE).any() else set()
    violations = tuple(features[place].name for place in directions if place in wrong)
    return Sweep(names, len(rows), steps, violations)


def violations(
    model_text: str, features: Sequence[ModelFeature], matrix: Any, *, seed: int
) -> tuple[str, ...]:
    """Names of constrained features along which some real row's margin moves the wrong way."""
    if not any(feature.direction for feature in features) or not len(matrix):
        return ()
    return sweep(model_text, features, matrix, seed=seed).violations


def _moves(trees: Sequence[Tree], asked: Mapping[int, Any], columns: Any) -> dict[int, Any]:
    """By feature, float64 (thresholds, rows): how far the margin moves as each is crossed."""
    moves = {place: np.zeros((len(cuts), columns.shape[1])) for place, cuts in asked.items()}
    for tree in trees:
        swept = tree.below[0] & asked.keys() if tree.root == 0 else frozenset()
        if not swept:
            continue
        left = tree.goes_left(columns)
        values = _values(tree, left)
        for place in swept:
            cuts, parts = _curve(tree, tree.root, place, left, values)
            for step, at in enumerate(np.searchsorted(asked[place], cuts)):
                moves[place][at] += parts[step + 1] - parts[step]
    return moves


def _values(tree: Tree, left: Any) -> dict[int, Any]:
    """What each node adds to each row that comes to it, and each leaf to any."""
    values: dict[int, Any] = {~leaf: value for leaf, value in enumerate(tree.value)}
    for node in reversed(range(len(tree.feature))):
        values[node] = np.where(left[node], values[tree.left[node]], values[tree.right[node]])
    return values


def _curve(tree: Tree, node: int, place: int, left: Any, values: Mapping[int, Any]) -> Curve:
    """What a node adds to each row as a function of the feature at `place`, the rest as it is."""
    if node < 0 or place not in tree.below[node]:
        return [], [values[node]]
    below = _curve(tree, tree.left[node], place, left, values)
    above = _curve(tree, tree.right[node], place, left, values)
    if tree.feature[node] != place:
        return _either(left[node], below, above)
    cut = float(tree.threshold[node])
    under, over = bisect_left(below[0], cut), bisect_right(above[0], cut)
    return (
        [*below[0][:under], cut, *above[0][over:]],
        [*below[1][: under + 1], *above[1][over:]],
    )


def _either(left: Any, below: Curve, above: Curve) -> Curve:
    """The one curve for rows that go left, the other for the rest."""
    cuts = sorted({*below[0], *above[0]})
    values = []
    for at in (*cuts, np.inf):
        sides = (curve[1][bisect_left(curve[0], at)] for curve in (below, above))
        values.append(np.where(left, *sides))
    return cuts, values
