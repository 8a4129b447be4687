"""What is known of one event day: sums by key, in the narrowest integers that hold them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from features.sweep.arrivals import Numbers, Tiles

Whole = NDArray[np.signedinteger]
_NARROW = tuple(np.iinfo(size) for size in ("int8", "int16", "int32"))


@dataclass(frozen=True, slots=True)
class Block:
    """Sums by key: `keys` ascend, each stands once; a column that is not there is all zeros."""

    keys: Whole
    columns: Mapping[str, Whole]

    def column(self, name: str) -> Whole | None:
        """The sums called `name`; None where all are zero."""
        return self.columns.get(name)

    def looked_up(self, name: str, keys: Numbers) -> Numbers:
        """The sums called `name` of `keys`, 0 where a key is not there."""
        found = np.zeros(len(keys), np.int64)
        column = self.columns.get(name)
        if column is None or not len(self.keys):
            return found
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        here = self.keys[place] == keys
        found[here] = column[place[here]]
        return found


EMPTY = Block(np.empty(0, np.int64), {})


def narrowed(values: Numbers) -> Whole:
    """`values` in the smallest signed integers that hold them."""
    if not len(values):
        return values.astype(np.int8)
    low, high = values.min(), values.max()
    for size in _NARROW:
        if size.min <= low and high <= size.max:
            return values.astype(size.dtype)
    return values


def merged(blocks: list[Block]) -> Block:
    """The sums of several blocks; the later ones are small, and mostly of the first one's keys."""
    whole, *late = blocks
    return _with(whole, reduce(_with, late)) if late else whole


def by_event_day(tiles: Tiles) -> Iterator[tuple[int, Block]]:
    """One block an event day, days ascending."""
    if not len(tiles):
        return
    order = np.lexsort((tiles.key, tiles.event_day))
    keys, days = tiles.key[order], tiles.event_day[order]
    changes = (keys[1:] != keys[:-1]) | (days[1:] != days[:-1])
    first = np.concatenate(([0], np.flatnonzero(changes) + 1))
    keys, days = keys[first], days[first]
    sums = {name: np.add.reduceat(each[order], first) for name, each in tiles.amounts.items()}
    bounds = np.concatenate((starts_of(days), [len(days)]))
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        columns = {name: each[start:stop] for name, each in sums.items()}
        yield int(days[start]), _compact(keys[start:stop], columns)


def starts_of(values: Numbers) -> NDArray[np.intp]:
    """Where each run of equal `values` begins; `values` are not empty."""
    return np.concatenate(([0], np.flatnonzero(values[1:] != values[:-1]) + 1))


def _with(block: Block, more: Block) -> Block:
    rows, place, keys = _places(block.keys, more.keys)
    columns = dict(block.columns) if rows is None else {}
    for name in block.columns if rows is not None else ():
        columns[name] = np.zeros(len(keys), block.columns[name].dtype)
        columns[name][rows] = block.columns[name]
    for name, amounts in more.columns.items():
        column = columns.get(name)
        none = np.zeros(len(keys), np.int8) if column is None else column
        columns[name] = _with_amounts(none, amounts, place)
    return Block(keys, columns)


def _places(keys: Whole, more: Whole) -> tuple[NDArray[np.intp] | None, NDArray[np.intp], Whole]:
    """Rows of `keys` among all keys, None where these are all; rows of `more`; all keys."""
    place = np.searchsorted(keys, more)
    new = place == len(keys)
    new[~new] = keys[place[~new]] != more[~new]
    if not new.any():
        return None, place, keys
    place += np.cumsum(new) - new  # so many new keys stand before
    old = np.ones(len(keys) + int(new.sum()), np.bool_)
    old[place[new]] = False
    rows = np.flatnonzero(old)
    every = np.empty(len(old), np.promote_types(keys.dtype, more.dtype))
    every[rows], every[place[new]] = keys, more[new]
    return rows, place, every


def _with_amounts(column: Whole, amounts: Whole, place: NDArray[np.intp]) -> Whole:
    sums = narrowed(column[place].astype(np.int64) + amounts)
    column = column.astype(np.promote_types(column.dtype, sums.dtype))
    column[place] = sums
    return column


def _compact(keys: Numbers, columns: Mapping[str, Numbers]) -> Block:
    held = {name: narrowed(column) for name, column in columns.items() if column.any()}
    return Block(narrowed(keys), held)
