"""What the report's pictures show: drawn from the served model and the test rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.manifest import CATEGORY, ModelFeature
from training.judging.rows_explained import rows_explained, trees_of
from training.judging.tested import Tested

EXPLAINED_MAX = 300
SHOWN = 9
GRID = 15
WORDS_SHOWN = 8
ROWS_MOVED = 60
LINES = 8  # single rows drawn beside their mean
SCORES_MAX = 12_000_000  # trees times rows that a second or two scores
ROWS_MOVED_MIN = 12


@dataclass(frozen=True, slots=True)
class Dependence:
    """P(bad) as one feature takes the values `xs`, all else as it is (Friedman 2001).

    `mean` is over the rows moved, `lines` are some of them (Goldstein et al. 2015). `words`
    name the values of a category.
    """

    name: str
    direction: int
    xs: tuple[float, ...]
    mean: tuple[float, ...]
    lines: tuple[tuple[float, ...], ...]
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pictured:
    """The test rows with what is said of them, and what the model does with its features.

    `benchmarks` holds other models' P(bad) of the same rows by name, `strengths` each feature's
    share of what moves margins. `months` (text) is None where rows have no dates.
    """

    label: Any
    probability: Any
    benchmarks: Mapping[str, Any]
    months: Any = None
    strengths: Mapping[str, float] = field(default_factory=dict)
    dependence: tuple[Dependence, ...] = ()


def pictured(tested: Tested, *, benchmarks: Mapping[str, Any], seed: int) -> Pictured:
    """What the report draws of these rows: strengths and dependence are of a sample of them."""
    random = np.random.default_rng(seed)
    shares = _strengths(tested, random)
    strongest = sorted(shares, key=lambda name: (-shares[name], name))[:SHOWN]
    by_name = {feature.name: feature for feature in tested.features}
    rows = _sample(tested, _rows_moved(tested), random)
    return Pictured(
        label=np.asarray(tested.label),
        probability=np.asarray(tested.probability),
        benchmarks=benchmarks,
        months=tested.months,
        strengths=shares,
        dependence=tuple(
            found
            for name in strongest
            if shares[name] > 0 and (found := _dependence(tested, by_name[name], rows)) is not None
        ),
    )


def _strengths(tested: Tested, random: np.random.Generator) -> dict[str, float]:
    rows = _sample(tested, _explained(tested), random)
    matrix = tested.scorer.matrix(tested.table.take(rows))
    size = np.abs(tested.scorer.added(matrix)).mean(axis=0)
    shares = size / (size.sum() or 1.0)
    return {it.name: float(share) for it, share in zip(tested.features, shares, strict=True)}


def _sample(tested: Tested, count: int, random: np.random.Generator) -> Any:
    return np.sort(random.permutation(len(tested.label))[:count])


def _rows_moved(tested: Tested) -> int:
    affordable = SCORES_MAX // trees_of(tested.scorer) // (SHOWN * GRID)
    wanted = min(ROWS_MOVED, len(tested.label) // 8)
    return max(ROWS_MOVED_MIN, min(affordable, wanted))


def _explained(tested: Tested) -> int:
    return rows_explained(tested.scorer, rows=len(tested.label), most=EXPLAINED_MAX)


def _dependence(tested: Tested, feature: ModelFeature, rows: Any) -> Dependence | None:
    """None where no test row has a value that the model knows."""
    table = tested.table.take(rows)
    values = _values(tested, feature)
    if not values:
        return None
    said = [_moved(tested, table, feature, value) for value in values]
    curves = np.array(said).reshape(len(values), -1)
    words = tuple(values) if feature.dtype == CATEGORY else ()
    return Dependence(
        name=feature.name,
        direction=feature.direction,
        xs=tuple(float(place) for place in range(len(values))) if words else tuple(values),
        mean=tuple(curves.mean(axis=1).tolist()),
        lines=tuple(tuple(line) for line in curves.T[:LINES].tolist()),
        words=words,
    )


def _values(tested: Tested, feature: ModelFeature) -> list[Any]:
    column = tested.table.column(feature.name)
    if feature.dtype == CATEGORY:
        known = set(feature.vocabulary)
        words, counts = np.unique(
            [word for word in column.to_pylist() if word in known], return_counts=True
        )
        return words[np.argsort(-counts, kind="stable")][:WORDS_SHOWN].tolist()
    numbers = column.to_numpy()
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return []
    return np.unique(np.quantile(numbers, np.linspace(0.01, 0.99, GRID))).tolist()


def _moved(tested: Tested, table: Any, feature: ModelFeature, value: Any) -> list[float]:
    import pyarrow as pa

    kind = pa.string() if feature.dtype == CATEGORY else pa.float64()
    column = pa.array([value] * table.num_rows, kind)
    place = table.column_names.index(feature.name)
    return tested.scorer.score_table(table.set_column(place, feature.name, column))
