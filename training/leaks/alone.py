"""How well one column ranks by itself, whatever shape its relation to the outcome has."""

from typing import Any

import numpy as np

from models.measures import auc

OWN_BIN_ROWS = 20  # a value this common is a bin of its own
BINS = 40
PRIOR_ROWS = 5.0


def alone_auc(values: Any, label: Any, *, category: bool) -> float:
    """AUC of the column alone: the better of its plain order and its cross-fitted bad rates.

    The rates let missing values, peaks and single values speak; two halves judge each other,
    so that a column of noise stays at 0.5.
    """
    rated = auc(label, _crossed_rates(_bins(values, category=category), label)) or 0.5
    if category:
        return rated
    known = ~np.isnan(values)
    plain = auc(label[known], values[known]) if known.all() else None
    return max(rated, plain, 1 - plain) if plain is not None else rated


def _bins(values: Any, *, category: bool) -> Any:
    """A bin number for each row; missing is a bin."""
    bins = np.full(len(values), -1, dtype=np.int64)
    known = np.flatnonzero(~np.isnan(values))
    worth, place, count = np.unique(values[known], return_inverse=True, return_counts=True)
    if category or not len(known):
        bins[known] = place
        return bins
    own = count >= OWN_BIN_ROWS
    rank = np.cumsum(np.where(own, 0, count))
    shared = rank * BINS // max(int(rank[-1]), 1)
    each = np.where(own, BINS + np.arange(len(worth)), np.minimum(shared, BINS - 1))
    bins[known] = each[place]
    return bins


def _crossed_rates(bins: Any, label: Any) -> Any:
    """Each row's bad rate of its bin as the other half of the rows tells it."""
    half = np.random.default_rng(0).permutation(np.arange(len(label)) % 2)
    _, place = np.unique(bins, return_inverse=True)
    rates = np.empty(len(label))
    for side in (0, 1):
        other = half != side
        base = label[other].mean() if other.any() else 0.5
        bads = np.bincount(place[other], weights=label[other], minlength=place.max() + 1)
        rows = np.bincount(place[other], minlength=place.max() + 1)
        rates[half == side] = ((bads + PRIOR_ROWS * base) / (rows + PRIOR_ROWS))[
            place[half == side]
        ]
    return rates
