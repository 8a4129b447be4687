"""A step function of one column as one LightGBM tree."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from training.ranking.tree_text import bitsets, number

CATEGORIES = 9  # LightGBM's decision types: one of a set of categories (NaN never is),
MISSING_RIGHT = 8  # and `<=`, where NaN goes right
_FINITE = float(np.finfo(np.float64).max)

Condition = float | tuple[int, ...]  # what goes left: up to an edge, or a set of codes


@dataclass(frozen=True, slots=True)
class Step:
    """A leaf: what it adds, and how many training rows lie in it."""

    value: float
    rows: int


@dataclass(frozen=True, slots=True)
class _Split:
    left: "Step | _Split"
    right: "Step | _Split"
    condition: Condition

    @property
    def rows(self) -> int:
        return self.left.rows + self.right.rows

    @property
    def value(self) -> float:
        sides = (self.left, self.right)
        return sum(side.value * side.rows for side in sides) / self.rows


def number_tree(place: int, edges: Sequence[float], steps: Sequence[Step], missing: Step) -> str:
    """A tree of numbers: `steps[i]` where edges[i-1] < x <= edges[i], `missing` for NaN."""
    known = _balanced(steps, 0, len(steps), lambda _, middle: edges[middle - 1])
    return _written(place, _Split(known, missing, _FINITE))


def category_tree(place: int, groups: Sequence[tuple[tuple[int, ...], Step]], missing: Step) -> str:
    """A tree of codes: each group's step for its codes, `missing` for NaN and all other codes."""

    def codes(start: int, end: int) -> tuple[int, ...]:
        return tuple(sorted(code for mine, _ in groups[start:end] for code in mine))

    known = _balanced([step for _, step in groups], 0, len(groups), codes)
    return _written(place, _Split(known, missing, codes(0, len(groups))))


def _balanced(
    steps: Sequence[Step], start: int, end: int, condition: Callable[[int, int], Condition]
) -> Step | _Split:
    """Steps from `start` to `end`, halved again and again: a row asks few questions."""
    if end - start == 1:
        return steps[start]
    middle = (start + end) // 2
    left = _balanced(steps, start, middle, condition)
    right = _balanced(steps, middle, end, condition)
    return _Split(left, right, condition(start, middle))


@dataclass(slots=True)
class _Lines:
    """Nodes and leaves in LightGBM's numbering: a child is a node's number, or ~leaf's number."""

    splits: list[_Split] = field(default_factory=list)
    leaves: list[Step] = field(default_factory=list)
    children: list[tuple[int, int]] = field(default_factory=list)

    def add(self, node: Step | _Split) -> int:
        """The node's number, its children having been added too."""
        if isinstance(node, Step):
            self.leaves.append(node)
            return -len(self.leaves)
        mine = len(self.splits)
        self.splits.append(node)
        self.children.append((0, 0))
        self.children[mine] = (self.add(node.left), self.add(node.right))
        return mine


def _written(place: int, root: _Split) -> str:
    lines = _Lines()
    lines.add(root)
    splits, leaves = lines.splits, lines.leaves
    sets = [split.condition for split in splits if isinstance(split.condition, tuple)]
    said: dict[str, Sequence[object]] = {
        "num_leaves": [len(leaves)],
        "num_cat": [len(sets)],
        "split_feature": [place] * len(splits),
        "split_gain": [0] * len(splits),
        "threshold": range(len(sets)) if sets else [number(edge) for edge in _edges(splits)],
        "decision_type": [CATEGORIES if sets else MISSING_RIGHT] * len(splits),
        "left_child": [left for left, _ in lines.children],
        "right_child": [right for _, right in lines.children],
        "leaf_value": [number(leaf.value) for leaf in leaves],
        "leaf_weight": [leaf.rows for leaf in leaves],
        "leaf_count": [leaf.rows for leaf in leaves],
        "internal_value": [f"{split.value:g}" for split in splits],
        "internal_weight": [f"{split.rows:g}" for split in splits],
        "internal_count": [split.rows for split in splits],
    }
    if sets:
        said |= dict(zip(("cat_boundaries", "cat_threshold"), bitsets(sets), strict=True))
    body = "\n".join(f"{name}={' '.join(map(str, values))}" for name, values in said.items())
    return f"Tree=0\n{body}\nis_linear=0\nshrinkage=1\n\n\n"


def _edges(splits: Sequence[_Split]) -> list[float]:
    return [split.condition for split in splits if isinstance(split.condition, float)]
