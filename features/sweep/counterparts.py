"""Measures of an entity's counterparts, carried on by what changed of single pairs."""

import numpy as np
from numpy.typing import NDArray

from features.payment_measures import TOP
from features.sweep.arrivals import CODE_BITS, Numbers, Tiles
from features.sweep.blocks import Block, by_event_day, starts_of
from features.sweep.growth import grown
from features.sweep.pairs import COUNT_30D, COUNT_90D, COUNT_180D, FIELDS, MINOR_90D, Pairs
from features.sweep.shelf import Shelf
from features.sweep.squares import LIMBS, square_limbs

# What adds up over an entity's living pairs, a row each; then the limbs of the squares.
ADDED = (
    "living",
    "counterparts_30d",
    "counterparts_90d",
    "repeat_counterparts_90d",
    "new_counterparts_30d",
    "identified_count_90d",
    "identified_minor_90d",
)
# What does not: the largest of one field, and the sum of the largest few.
RANKED = (
    "most_payments_of_one_90d",
    "largest_counterpart_minor_90d",
    "top5_counterparts_minor_90d",
)
LEAST = np.iinfo(np.int64).min
ALL_WINDOWS = {30: COUNT_30D, 90: COUNT_90D, 180: COUNT_180D}
MINOR_DAYS = 90


class Counterparts:
    """An entity's sums over its pairs, and its largest ones."""

    def __init__(self) -> None:
        self.pairs = Pairs()
        self.added: Numbers = np.zeros((len(ADDED) + LIMBS, 0), np.int64)
        self.most: Numbers = np.zeros(0, np.int64)  # most payments of one counterpart
        self.top: Numbers = np.zeros((TOP, 0), np.int64)  # largest amounts, falling; LEAST: none
        self._unsure_top = self._unsure_most = np.zeros(0, np.bool_)

    def grow(self, entities: int) -> None:
        """Make room for `entities`."""
        there = self.top.shape[1]
        self.added, self.most = grown(self.added, entities), grown(self.most, entities)
        self.top = grown(self.top, entities)
        self._unsure_top = grown(self._unsure_top, entities)
        self._unsure_most = grown(self._unsure_most, entities)
        self.top[:, there:] = LEAST
        self.most[there:] = LEAST

    def change(self, changes: list[tuple[Numbers, Numbers]]) -> None:
        """Add to fields of pairs: arrays of keys, each with a row a field."""
        if not changes:
            return
        keys, amounts = _summed(changes)
        old = self.pairs.known(keys)
        new = old + amounts
        self.pairs.put(keys, new)
        entities = keys >> CODE_BITS
        first = starts_of(entities)
        difference = _contributions(new) - _contributions(old)
        self.added[:, entities[first]] += np.add.reduceat(difference, first, axis=1)
        self._doubt(entities, old, new)

    def rank(self) -> None:
        """Look up the largest pairs of entities whose largest ones may have changed since."""
        self._rank_amounts(np.flatnonzero(self._unsure_top))
        self._rank_counts(np.flatnonzero(self._unsure_most))
        self._unsure_top[:] = False
        self._unsure_most[:] = False

    def _doubt(self, entities: Numbers, old: Numbers, new: Numbers) -> None:
        """Note where a changed pair is, or was, among the largest of its entity."""
        before, after = _living(old, MINOR_90D), _living(new, MINOR_90D)
        bar = self.top[-1, entities]
        moved = (before != after) & ((before >= bar) | (after > bar))
        self._unsure_top[entities[moved]] = True
        before, after = _living(old, COUNT_90D), _living(new, COUNT_90D)
        np.maximum.at(self.most, entities, after)
        fell = (before > after) & (before >= self.most[entities])
        self._unsure_most[entities[fell]] = True

    def _rank_amounts(self, entities: Numbers) -> None:
        """The largest amounts anew; those near the old ones are tried first."""
        bar = self.top[-1, entities] // 2
        short = self._top_of(entities, bar) & (bar > LEAST // 2)
        self._top_of(entities[short], np.full(short.sum(), LEAST))

    def _top_of(self, entities: Numbers, bar: Numbers) -> NDArray[np.bool_]:
        """Write the largest amounts among those that reach `bar`; which had fewer than asked."""
        amounts, owners = self.pairs.of(entities, MINOR_90D, bar)
        order = np.lexsort((-amounts, owners))
        amounts, owners = amounts[order], owners[order]
        counts = np.bincount(owners, minlength=len(entities))
        place = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
        first = place < TOP
        top = np.full((TOP, len(entities)), LEAST, np.int64)
        top[place[first], owners[first]] = amounts[first]
        self.top[:, entities] = top
        return counts < TOP

    def _rank_counts(self, entities: Numbers) -> None:
        """The most payments anew; what is near the old number is tried first."""
        bar = self.most[entities] // 2
        none = self._most_of(entities, bar) & (bar > LEAST // 2)
        self._most_of(entities[none], np.full(none.sum(), LEAST))

    def _most_of(self, entities: Numbers, bar: Numbers) -> NDArray[np.bool_]:
        """Write the most payments among the numbers that reach `bar`; which had none."""
        most = np.full(len(entities), LEAST, np.int64)
        counts, owners = self.pairs.of(entities, COUNT_90D, bar)
        np.maximum.at(most, owners, counts)
        self.most[entities] = most
        return most == LEAST


def crossing(shelf: Shelf, day: int) -> list[tuple[Numbers, Numbers]]:
    """What pairs lose as `day` comes: blocks of the event days that fall out of a window."""
    changes = []
    for days, field in ALL_WINDOWS.items():
        block = shelf.at(day - days)
        if len(block.keys):
            lost = _fields(block, {field}, minor=days == MINOR_DAYS)
            changes.append((block.keys, -lost))
    return changes


def entering(tiles: Tiles, shelf: Shelf, day: int) -> list[tuple[Numbers, Numbers]]:
    """What pairs gain from tiles that count from `day` on; they go onto the shelf too."""
    gained = []
    for event_day, block in by_event_day(tiles):
        shelf.put(event_day, block)
        gained.append(_gained(block, day - event_day))
    return gained


def _gained(block: Block, ago: int) -> tuple[Numbers, Numbers]:
    fields = {field for days, field in ALL_WINDOWS.items() if ago < days}
    return block.keys, _fields(block, fields, minor=ago < MINOR_DAYS)


def _fields(block: Block, counts: set[int], *, minor: bool) -> Numbers:
    amounts = np.zeros((len(FIELDS), len(block.keys)), np.int64)
    count, money = block.column("count"), block.column("minor")
    for field in counts if count is not None else ():
        amounts[field] = count
    if minor and money is not None:
        amounts[MINOR_90D] = money
    return amounts


def _summed(changes: list[tuple[Numbers, Numbers]]) -> tuple[Numbers, Numbers]:
    keys = np.concatenate([keys for keys, __ in changes], dtype=np.int64)  # blocks keep them narrow
    amounts = np.concatenate([amounts for __, amounts in changes], axis=1)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = starts_of(keys)
    return keys[first], np.add.reduceat(amounts[:, order], first, axis=1)


def _living(values: Numbers, field: int) -> Numbers:
    """A field of living pairs, LEAST of the others: pairs whose payments are all taken back."""
    return np.where(values[COUNT_180D] > 0, values[field], LEAST)


def _contributions(values: Numbers) -> Numbers:
    """What each pair adds to each row of its entity's sums."""
    living = values[COUNT_180D] > 0
    count_30d, count_90d = values[COUNT_30D], values[COUNT_90D]
    minor = np.where(living, values[MINOR_90D], 0)
    rows = (
        living,
        living & (count_30d > 0),
        living & (count_90d > 0),
        living & (count_90d > 1),
        living & (count_30d > 0) & (values[COUNT_180D] <= count_30d),
        np.where(living, count_90d, 0),
        minor,
        *square_limbs(minor),
    )
    return np.stack([np.asarray(row, np.int64) for row in rows])
