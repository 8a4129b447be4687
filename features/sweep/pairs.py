"""Pairs of an entity and a counterpart, many millions of them, of which a day changes few.

They lie in sorted runs, as in a log-structured merge tree (O'Neil et al., 1996): a day's changed
pairs are a small run of their own, which is read before the older ones, and runs are merged when
the newer is no longer much smaller. So no day writes all pairs, and what was saved never changes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.sweep.arrivals import CODE_BITS, Numbers
from features.sweep.blocks import narrowed, starts_of

FIELDS = ("count_30d", "count_90d", "count_180d", "minor_90d")
COUNT_30D, COUNT_90D, COUNT_180D, MINOR_90D = range(4)
RATIO = 4  # an older run is merged when it is at most so many times as long as the newer


@dataclass(frozen=True, slots=True)
class Run:
    """Pairs, ascending, and a column a field."""

    keys: Numbers
    columns: tuple[NDArray[np.signedinteger], ...]
    file: str = ""  # where it was saved

    def found(self, keys: Numbers) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Where `keys` are, and whether."""
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return place, self.keys[place] == keys

    def of(self, entities: Numbers) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """First row and number of rows of each of `entities`."""
        first = np.searchsorted(self.keys, entities << CODE_BITS)
        return first, np.searchsorted(self.keys, (entities + 1) << CODE_BITS) - first


class Pairs:
    """The running counts and amounts of every pair that has any."""

    def __init__(self, runs: list[Run] | None = None) -> None:
        self.runs = runs or []  # oldest first; a pair in a newer run overrides the older ones

    def known(self, keys: Numbers) -> Numbers:
        """What stands of `keys`, a row a field."""
        values = np.zeros((len(FIELDS), len(keys)), np.int64)
        left = np.arange(len(keys))
        for run in reversed(self.runs):
            place, here = run.found(keys[left])
            for row, column in enumerate(run.columns):
                values[row, left[here]] = column[place[here]]
            left = left[~here]
        return values

    def put(self, keys: Numbers, values: Numbers) -> None:
        """New values of pairs; `keys` ascend."""
        if not len(keys):
            return
        run = Run(keys, tuple(narrowed(row) for row in values))
        while self.runs and len(self.runs[-1].keys) <= RATIO * len(run.keys):
            run = _overridden(self.runs.pop(), run)
        if not self.runs:
            run = _alive(run)
        if len(run.keys):
            self.runs.append(run)

    def of(self, entities: Numbers, field: int, at_least: Numbers) -> tuple[Numbers, Numbers]:
        """Values of a field of living pairs that reach `at_least` of their entity, and whose.

        `entities` ascend; the second array says the place of each value's entity in `entities`.
        """
        values, owners = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for number, run in enumerate(self.runs):
            row, owner = _reaching(run, entities, field, at_least)
            for newer in self.runs[number + 1 :]:
                __, here = newer.found(run.keys[row])
                row, owner = row[~here], owner[~here]
            values.append(run.columns[field][row].astype(np.int64))
            owners.append(owner)
        return np.concatenate(values), np.concatenate(owners)


def _reaching(
    run: Run, entities: Numbers, field: int, at_least: Numbers
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first, length = run.of(entities)
    owner = np.repeat(np.arange(len(entities)), length)
    row = np.arange(len(owner)) + np.repeat(first - (np.cumsum(length) - length), length)
    enough = run.columns[field][row] >= at_least[owner]
    row, owner = row[enough], owner[enough]
    alive = run.columns[COUNT_180D][row] > 0
    return row[alive], owner[alive]


def _overridden(older: Run, newer: Run) -> Run:
    keys = np.concatenate((newer.keys, older.keys))
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = starts_of(keys)  # of equal keys the newer one
    order = order[first]
    columns = zip(newer.columns, older.columns, strict=True)
    return Run(keys[first], tuple(np.concatenate(both)[order] for both in columns))


def _alive(run: Run) -> Run:
    """The oldest run without pairs that have nothing left; no older run could bring them back."""
    held = np.logical_or.reduce([column != 0 for column in run.columns])
    if held.all():
        return run
    return Run(run.keys[held], tuple(column[held] for column in run.columns))
