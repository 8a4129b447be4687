"""Rows that equal another in every column: across the split they flatter what is measured."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from training.rows.sample import Sample

BY_CHANCE = 3.0  # rows of few different values equal each other by chance; more is copying
SOME = 3
_ODD = np.uint64(0x9E3779B97F4A7C15)  # each column moves what the earlier ones said
OWNERS_SHOWN = 0.01  # of the test rows: fewer have an owner on both sides


def duplicates(sample: "Sample", rest: Any, test: Any) -> dict[str, Any]:
    """How many rows are copies, as `metrics.json` says it.

    `rows` equal an earlier one; `across_split` test rows equal one before the split, and
    `share` of all test rows they are. The label counts as a column.
    """
    prints = row_prints(sample)
    across = _shared(prints, rest, test)
    return {
        "rows": len(prints) - len(np.unique(prints)),
        "across_split": across,
        "share": across / max(1, len(test)),
    }


def copies_said(sample: "Sample", rest: Any, test: Any) -> tuple[str, ...]:
    """A warning of test rows that equal a row before the split."""
    copies = _shared(row_prints(sample), rest, test) if sample.features else 0
    if copies > SOME + BY_CHANCE * _by_chance(sample, len(rest), len(test)):
        return (
            f"{copies} test rows equal a training row in every column: copies flatter the figures",
        )
    return ()


def owners_said(sample: "Sample", rest: Any, test: Any) -> tuple[str, ...]:
    """A warning of owners on both sides of a split at random.

    Forward in time it is no fault: whoever comes again will be met in service too.
    """
    if sample.entity is None:
        return ()
    owned = _shared(sample.entity, rest, test)
    if owned <= OWNERS_SHOWN * len(test):
        return ()
    return (f"{owned} test rows have an owner with training rows: figures may flatter",)


def row_prints(sample: "Sample") -> Any:
    """A hash of each row's features and label, equal for equal rows; made column by column."""
    prints = sample.label.astype(np.uint64)
    for name in sample.table.column_names:
        prints = prints * _ODD + _hashes(sample.table.column(name).combine_chunks())
    return prints


def _hashes(column: Any) -> Any:
    """A hash a value, equal for equal values of this column."""
    from pandas.util import hash_array
    from pyarrow import types

    if types.is_floating(column.type):
        return hash_array(column.to_numpy(zero_copy_only=False))
    codes = column.dictionary_encode().indices.fill_null(-1)
    return hash_array(codes.to_numpy(zero_copy_only=False))


def _shared(values: Any, rest: Any, test: Any) -> int:
    return int(np.isin(values[test], values[rest]).sum())


def _by_chance(sample: "Sample", rest: int, test: int) -> float:
    """How many test rows would equal one of `rest` were all columns independent."""
    alike = np.log(_alike(sample.label))
    for name in sample.table.column_names:
        column = sample.table.column(name).to_numpy()
        alike += np.log(_alike(column))
    return float(test * -np.expm1(-rest * np.exp(alike)))


def _alike(values: Any) -> float:
    """The chance that two rows have one value."""
    import pandas as pd

    shares = pd.Series(values).value_counts(normalize=True, dropna=False).to_numpy()
    return float((shares**2).sum())
