"""Ways to boost, from timid to deep: no one of them is right for every table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ROWS_A_LEAF = 1000  # a leaf holds at least this share of rows, within each way's own bounds
RATE, QUICK_RATE = 0.05, 0.1
PATIENCE, PATIENCE_OF_MANY = 250, 50
MANY_ROWS = 10_000  # from here on loss that rises hardly ever falls again
# LightGBM's own defaults ask 100 rows of every group of words: in a small table words fall silent.
WORDS: Mapping[str, Any] = {"min_data_per_group": 5, "cat_l2": 2.0, "cat_smooth": 5.0}


@dataclass(frozen=True, slots=True)
class Way:
    """LightGBM's parameters, and whether categories of many words are told as statistics.

    `patience`: how many rounds without gain on unseen rows end the fit.
    """

    name: str
    parameters: Mapping[str, Any]
    stated: bool = False
    patience: int = PATIENCE


@dataclass(frozen=True, slots=True)
class _Shape:
    parameters: Mapping[str, Any]
    leaf: tuple[int, int]  # the fewest rows a leaf may ask for, and the most
    rate: float = RATE


SHALLOW = _Shape(
    {
        "num_leaves": 4, "max_depth": 2, "lambda_l2": 5.0,
        "feature_fraction": 0.5, "bagging_fraction": 0.7,
    }, (10, 40), QUICK_RATE,
)  # fmt: skip
MIDDLE = _Shape(
    {
        "num_leaves": 15, "max_depth": 4, "lambda_l2": 5.0,
        "feature_fraction": 0.6, "bagging_fraction": 0.8,
    }, (5, 60),
)  # fmt: skip
DEEP = _Shape(
    {
        "num_leaves": 63, "max_depth": 6, "lambda_l2": 3.0,
        "feature_fraction": 0.7, "bagging_fraction": 0.8,
    }, (3, 80),
)  # fmt: skip
RANDOM = _Shape(  # split points at random, after Geurts et al., Extremely randomized trees (2006)
    {
        "num_leaves": 63, "max_depth": 8, "lambda_l2": 1.0,
        "feature_fraction": 0.8, "bagging_fraction": 0.9, "extra_trees": True,
    }, (2, 40),
)  # fmt: skip
SHAPES = {"shallow": SHALLOW, "middle": MIDDLE, "deep": DEEP, "random": RANDOM}
QUICK = ("shallow", "random")


def ways_for(rows: int, *, stated: bool) -> tuple[Way, ...]:
    """The fixed ways, with leaves that so many rows can fill.

    `stated`: there are categories of many words, so that some ways are also tried on statistics.
    """
    plain = tuple(_way(name, rows, rate=shape.rate) for name, shape in SHAPES.items())
    if not stated:
        return plain
    told = [_way(name, rows, rate=RATE) for name in ("middle", "random")]
    return (*plain, *(Way(f"{it.name} stated", it.parameters, True, it.patience) for it in told))


def quick_ways(rows: int) -> tuple[Way, ...]:
    """Two unlike ways that learn fast: for a first look."""
    return tuple(_way(name, rows, rate=2 * QUICK_RATE) for name in QUICK)


def patience_for(rows: int) -> int:
    """In few rows what overfits in size may still come to rank better; in many it does not."""
    return PATIENCE if rows < MANY_ROWS else PATIENCE_OF_MANY


def _way(name: str, rows: int, *, rate: float) -> Way:
    shape = SHAPES[name]
    low, high = shape.leaf
    leaf = {"min_data_in_leaf": max(low, min(high, rows // ROWS_A_LEAF)), "learning_rate": rate}
    patience = max(20, round(patience_for(rows) * RATE / rate))
    return Way(name, {**WORDS, **shape.parameters, **leaf}, patience=patience)
