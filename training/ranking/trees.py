"""What may be done to LightGBM's text of a model without changing a margin.

Several models become one, as the weighted sum of their margins; splits on a statistic of a
category become splits on the category.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isnan

from credit.errors import InputError
from training.ranking.tree_text import (
    Parts,
    bitsets,
    codes_of,
    info_of_words,
    infos_of,
    joined,
    leaf,
    number,
    parts_of,
    value_of,
    with_infos,
)

_NOT_SEEN = "none"
_SCALED = ("leaf_value", "internal_value")
_CATEGORIES, _DEFAULT_LEFT, _MISSING_NAN = 1, 2, 8  # bits of LightGBM's decision types
_SPLITS = ("split_feature", "threshold", "decision_type", "left_child", "right_child")


def averaged(texts: Sequence[str]) -> str:
    """One LightGBM model text whose raw margin is the mean of the margins of `texts`."""
    return texts[0] if len(texts) == 1 else weighted(texts, [1 / len(texts)] * len(texts))


def weighted(texts: Sequence[str], weights: Sequence[float], *, intercept: float = 0.0) -> str:
    """One LightGBM model text whose raw margin is sum(weight * margin) + `intercept`.

    Every tree is kept, its values scaled, so scoring, contributions and reloading need nothing
    but LightGBM itself. A text of weight zero leaves no trees; an intercept is a tree of one leaf.
    """
    counted = [
        (parts_of(text), weight) for text, weight in zip(texts, weights, strict=True) if weight
    ]
    blocks = [_scaled(block, weight) for parts, weight in counted for block in parts.blocks]
    if intercept or not blocks:
        blocks.append(leaf(intercept))
    sources = [parts for parts, _ in counted] or [parts_of(texts[0])]
    return joined(_one_head(sources), blocks, sources[0].tail)


def worded(text: str, statistics: Mapping[int, Sequence[float]]) -> str:
    """The text with splits on a category's statistic written as splits on its codes.

    `statistics` holds for a feature's place the number that each code was told as, that of the
    missing last. A margin of codes then is what the margin of those numbers was; codes never
    seen go where the missing go.
    """
    parts = parts_of(text)
    infos = infos_of(parts.head)
    for place, values in statistics.items():
        infos[place] = info_of_words(len(values) - 1)
    blocks = [_worded(block, statistics) for block in parts.blocks]
    return joined(with_infos(parts.head, infos), blocks, parts.tail)


def _one_head(sources: Sequence[Parts]) -> list[str]:
    """The first head, with what any of the texts knows of a feature's values."""
    if len({value_of(parts.head, "feature_names") for parts in sources}) > 1:
        raise InputError("the models to blend read other features", "fit them on one table")
    infos = zip(*(infos_of(parts.head) for parts in sources), strict=True)
    known = (next((info for info in each if info != _NOT_SEEN), _NOT_SEEN) for each in infos)
    return with_infos(sources[0].head, known)


def _scaled(block: str, weight: float) -> str:
    return "\n".join(
        _times(line, weight) if line.startswith(_SCALED) else line for line in block.split("\n")
    )


def _times(line: str, weight: float) -> str:
    name, _, values = line.partition("=")
    scaled = (float(value) * weight for value in values.split())
    write = number if name == "leaf_value" else "{:g}".format
    return name + "=" + " ".join(map(write, scaled))


@dataclass(slots=True)
class _Splits:
    """The splits of one tree, and the sets of codes of those that are categorical."""

    feature: list[int]
    threshold: list[str]
    decision: list[int]
    left: list[int]
    right: list[int]
    sets: list[Sequence[int]]

    def told_in_words(self, split: int, values: Sequence[float]) -> None:
        """Makes a split on a statistic one on codes: missing must go right, so sides may change."""
        decision, threshold = self.decision[split], float(self.threshold[split])
        *known, missing = (_goes_left(value, threshold, decision) for value in values)
        if missing:
            self.left[split], self.right[split] = self.right[split], self.left[split]
        self.decision[split] = _CATEGORIES | _MISSING_NAN
        self.threshold[split] = str(len(self.sets))
        self.sets.append([code for code, left in enumerate(known) if left != missing])


def _worded(block: str, statistics: Mapping[int, Sequence[float]]) -> str:
    lines = block.split("\n")
    splits = _splits(lines)
    told = [
        split
        for split, place in enumerate(splits.feature)
        if place in statistics and not splits.decision[split] & _CATEGORIES
    ]
    if not told:
        return block
    for split in told:
        splits.told_in_words(split, statistics[splits.feature[split]])
    return "\n".join(_rewritten(lines, splits))


def _goes_left(value: float, threshold: float, decision: int) -> bool:
    """LightGBM's own rule for a number."""
    if not isnan(value):
        return value <= threshold
    return bool(decision & _DEFAULT_LEFT) if decision & _MISSING_NAN else threshold >= 0


def _splits(lines: Sequence[str]) -> _Splits:
    feature, threshold, decision, left, right = (value_of(lines, name).split() for name in _SPLITS)
    numbers = [list(map(int, values)) for values in (feature, decision, left, right)]
    return _Splits(numbers[0], threshold, *numbers[1:], sets=_sets(lines))


def _sets(lines: Sequence[str]) -> list[Sequence[int]]:
    """The sets of codes that a tree's categorical splits send left."""
    ends, words = (
        list(map(int, value_of(lines, name).split()))
        for name in ("cat_boundaries", "cat_threshold")
    )
    return [codes_of(words[start:end]) for start, end in pairwise(ends)]


def _rewritten(lines: Sequence[str], splits: _Splits) -> Iterator[str]:
    boundaries, thresholds = bitsets(splits.sets)
    now = {
        "num_cat": [len(splits.sets)],
        "threshold": splits.threshold,
        "decision_type": splits.decision,
        "left_child": splits.left,
        "right_child": splits.right,
    }
    sets = {"cat_boundaries": boundaries, "cat_threshold": thresholds}
    for line in lines:
        name = line.partition("=")[0]
        if name == "is_linear":
            yield from (_said(each, values) for each, values in sets.items())
        if name not in sets:
            yield _said(name, now[name]) if name in now else line


def _said(name: str, values: Sequence[object]) -> str:
    return f"{name}={' '.join(map(str, values))}"
