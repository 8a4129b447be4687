"""How the values of a published snapshot are distributed: what is missing, quantiles, a histogram.

One column is read at a time, and sorted: a million entities need the memory of one column.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.definition import CATEGORY, Feature

PROBABILITIES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
CLIP = (0.01, 0.99)  # the quantiles between which a histogram is drawn
BINS = 24
HALF = 0.5
LONG_TAIL = 8  # times the median of what is above 0
CATEGORIES = 8  # the most frequent ones by name, the others as one


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between neighbouring edges, which need not be even; the last bin holds its end too."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def whole(self) -> bool:
        """Whether each bin stands for one whole number, half-way between its edges."""
        return self.edges[0] % 1 == HALF and self.edges[1] - self.edges[0] == 1


@dataclass(frozen=True, slots=True)
class Category:
    """One value of a category and its rows; no name where it stands for all the others."""

    name: str | None
    rows: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """One feature's values in one snapshot: of a number the quantiles, of a category its values."""

    rows: int
    missing: int
    quantiles: tuple[float, ...] = ()
    histogram: Histogram | None = None
    categories: tuple[Category, ...] = ()

    @property
    def missing_share(self) -> float | None:
        """Missing rows over rows; None of an empty snapshot."""
        return self.missing / self.rows if self.rows else None


def distributions(
    file: Path, features: tuple[Feature, ...]
) -> Iterator[tuple[Feature, Distribution | None]]:
    """Each feature with the distribution of its column in `file`, a snapshot's Parquet.

    None where the snapshot has no such column: it was made from other definitions.
    """
    with pq.ParquetFile(file) as snapshot:
        there = set(snapshot.schema_arrow.names)
        for feature in features:
            if feature.name not in there:
                yield feature, None
                continue
            column = snapshot.read(columns=[feature.name])[feature.name]
            of = of_category if feature.dtype == CATEGORY else of_number
            yield feature, of(column)


def of_number(column: pa.ChunkedArray) -> Distribution:
    """The distribution of a number; what is no finite number counts as missing.

    Quantiles are values that occur: the least that the share of rows does not exceed.
    """
    values = column.drop_null().to_numpy()
    values = np.sort(values[np.isfinite(values)])
    missing = len(column) - len(values)
    if not len(values):
        return Distribution(len(column), missing)
    quantiles = values[[max(ceil(share * len(values)), 1) - 1 for share in PROBABILITIES]]
    return Distribution(
        len(column), missing, tuple(quantiles.tolist()), _histogram(values, quantiles)
    )


def of_category(column: pa.ChunkedArray) -> Distribution:
    """The distribution of a category: its most frequent values, and the others as one."""
    counted = pc.value_counts(column.drop_null()).to_pylist()
    ranked = sorted(counted, key=lambda it: (-it["counts"], it["values"]))
    named = [Category(it["values"], it["counts"]) for it in ranked[:CATEGORIES]]
    others = sum(it["counts"] for it in ranked[CATEGORIES:])
    if others:
        named.append(Category(None, others))
    return Distribution(len(column), column.null_count, categories=tuple(named))


def _histogram(ascending: np.ndarray, quantiles: np.ndarray) -> Histogram:
    low, high = (quantiles[PROBABILITIES.index(share)] for share in CLIP)
    first, last = np.searchsorted(ascending, low), np.searchsorted(ascending, high, side="right")
    shown = ascending[first:last]
    edges = _edges(shown)
    places = np.searchsorted(shown, edges[1:-1])
    counts = np.diff(np.concatenate(([0], places, [len(shown)])))
    return Histogram(tuple(edges.tolist()), tuple(counts.tolist()))


def _edges(shown: np.ndarray) -> np.ndarray:
    """A bin for each whole number where they are few, else bins of one width.

    Of a long tail the bins widen with the inverse hyperbolic sine: evenly below the usual value,
    by a constant factor far above it.
    """
    low, high = shown[0], shown[-1]
    if high - low < BINS and not np.any(shown % 1):
        return np.arange(low, high + 2) - HALF
    above = shown[shown > 0]
    usual = np.median(above) if len(above) else high
    if low < 0 or high < LONG_TAIL * usual:
        return np.linspace(low, high, BINS + 1)
    edges = usual * np.sinh(
        np.linspace(np.arcsinh(low / usual), np.arcsinh(high / usual), BINS + 1)
    )
    edges[[0, -1]] = low, high
    return edges
