"""What is known of one event day: sums by key, in the narrowest integers that hold them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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
    """The sums of several blocks; the first may be large, it is read once."""
    if len(blocks) == 1:
        return blocks[0]
    keys = np.concatenate([block.keys.astype(np.int64, copy=False) for block in blocks])
    order = np.argsort(keys, kind="stable")
    first = starts_of(keys[order])
    columns = {}
    for name in sorted({name for block in blocks for name in block.columns}):
        parts = [_whole(block, name) for block in blocks]
        columns[name] = np.add.reduceat(np.concatenate(parts)[order], first)
    return _compact(keys[order][first], columns)


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


def _whole(block: Block, name: str) -> Numbers:
    column = block.columns.get(name)
    return np.zeros(len(block.keys), np.int64) if column is None else column.astype(np.int64)


def _compact(keys: Numbers, columns: Mapping[str, Numbers]) -> Block:
    held = {name: narrowed(column) for name, column in columns.items() if column.any()}
    return Block(narrowed(keys), held)
