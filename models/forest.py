"""LightGBM's text of a model read as trees: where each node sends a row, and what a leaf adds.

For what LightGBM does not tell of its own model: at which values a feature is asked about, and what
the margin would be at each of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

_CATEGORICAL = 1
_DEFAULT_LEFT = 2
_ZERO_IS_MISSING = 1  # the missing type, two bits above
_NAN_IS_MISSING = 2
_ZERO = 1e-35  # LightGBM's own
_WORD_BITS = 32


@dataclass(frozen=True)
class Tree:
    """One tree in LightGBM's numbering: a child below zero is leaf `~child`.

    `sets`: the codes that go left, of each categorical node, at the place that its threshold
    names. Arrays have one entry a node, `value` one a leaf.
    """

    feature: Any
    threshold: Any
    decision: Any
    left: Sequence[int]
    right: Sequence[int]
    value: Any
    sets: tuple[tuple[int, ...], ...]

    @property
    def root(self) -> int:
        """The first node; the only leaf where there is none."""
        return 0 if len(self.feature) else -1

    def is_categorical(self, node: int) -> bool:
        """Whether a node asks for one of a set of codes."""
        return bool(self.decision[node] & _CATEGORICAL)

    def goes_left(self, columns: Any) -> Any:
        """Whether a row goes left: bool (nodes, rows); `columns` is float64 (features, rows)."""
        asked = columns[self.feature]
        left = asked <= self.threshold[:, None]
        left |= np.isnan(asked) & self._missing_left[:, None]
        for node in self._unusual:
            left[node] = self._unusual_left(node, asked[node])
        return left

    @cached_property
    def below(self) -> tuple[frozenset[int], ...]:
        """The features asked about at each node and under it."""
        found: dict[int, frozenset[int]] = {}
        for node in reversed(range(len(self.feature))):  # a child's number is above its parent's
            children = (self.left[node], self.right[node])
            under = frozenset().union(*(found[child] for child in children if child >= 0))
            found[node] = under | {int(self.feature[node])}
        return tuple(found[node] for node in range(len(self.feature)))

    @cached_property
    def _missing_left(self) -> Any:
        default = (self.decision & _DEFAULT_LEFT) > 0
        return np.where(self._missing_type == 0, self.threshold >= 0, default)

    @cached_property
    def _missing_type(self) -> Any:
        return (self.decision >> 2) & 3

    @cached_property
    def _unusual(self) -> list[int]:
        zero = self._missing_type == _ZERO_IS_MISSING
        return np.flatnonzero(zero | (self.decision & _CATEGORICAL > 0)).tolist()

    def _unusual_left(self, node: int, asked: Any) -> Any:
        if self.is_categorical(node):
            codes = np.trunc(np.where(np.isnan(asked), -1, asked))
            return np.isin(codes, self.sets[int(self.threshold[node])])
        missing = np.isnan(asked) | (np.abs(asked) <= _ZERO)
        return np.where(missing, self._missing_left[node], asked <= self.threshold[node])


def read_trees(model_text: str) -> tuple[Tree, ...]:
    """The trees of a model text whose margin is their sum."""
    body, _, _ = model_text.partition("\nend of trees")
    return tuple(_tree(block) for block in body.split("\nTree=")[1:])


def thresholds(trees: Sequence[Tree]) -> dict[int, Any]:
    """The values, rising, at which the model asks about each number that it asks about."""
    found: dict[int, list[Any]] = {}
    for tree in trees:
        numbers = (tree.decision & _CATEGORICAL) == 0
        for place in np.unique(tree.feature[numbers]).tolist():
            found.setdefault(place, []).append(tree.threshold[numbers & (tree.feature == place)])
    return {place: np.unique(np.concatenate(values)) for place, values in found.items()}


def _tree(block: str) -> Tree:
    lines = (line.partition("=") for line in block.split("\n"))
    told = {name: values.split() for name, _, values in lines}
    return Tree(
        np.array(told["split_feature"], dtype=np.int64),
        np.array(told["threshold"], dtype=np.float64),
        np.array(told["decision_type"], dtype=np.int64),
        [int(child) for child in told["left_child"]],
        [int(child) for child in told["right_child"]],
        np.array(told["leaf_value"], dtype=np.float64),
        _sets(told),
    )


def _sets(told: Mapping[str, Sequence[str]]) -> tuple[tuple[int, ...], ...]:
    ends = [int(end) for end in told.get("cat_boundaries", ())]
    words = [int(word) for word in told.get("cat_threshold", ())]
    return tuple(
        tuple(
            place * _WORD_BITS + bit
            for place, word in enumerate(words[start:end])
            for bit in range(_WORD_BITS)
            if word >> bit & 1
        )
        for start, end in pairwise(ends)
    )
