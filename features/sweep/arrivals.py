"""Tiles as plain arrays, as they are handed to a sweep."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
CODE_BITS = 32  # codes of entities and counterparts are below 2**31: a pair of them is one int64


@dataclass(frozen=True, slots=True)
class Tiles:
    """Rows that add up: of what key and event day, arrived when, and how much of what.

    Parallel arrays in any order; a key may stand several times. An amount that is not named is 0.
    """

    key: Numbers
    event_day: Numbers
    arrival_day: Numbers
    amounts: Mapping[str, Numbers]

    @property
    def counts_from(self) -> Numbers:
        """The day from which each row counts: it has arrived and its event is not to come."""
        return np.maximum(self.event_day, self.arrival_day)

    def where(self, chosen: NDArray[np.bool_]) -> "Tiles":
        """The rows that are chosen."""
        if chosen.all():
            return self
        amounts = {name: amount[chosen] for name, amount in self.amounts.items()}
        days = self.event_day[chosen], self.arrival_day[chosen]
        return Tiles(self.key[chosen], *days, amounts)

    def __len__(self) -> int:
        return len(self.key)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What a sweep takes in at once, each tile one time.

    The key of a day tile is the entity's code, its amounts are `features.tiles.AMOUNTS`; the key
    of a counterpart tile is a `pair`, its amounts are `count` and `minor`.
    """

    days: Tiles
    counterparts: Tiles


def pair(entity: Numbers, counterpart: Numbers) -> Numbers:
    """One number for an entity and a counterpart, ordered by entity."""
    return (np.asarray(entity, np.int64) << CODE_BITS) | np.asarray(counterpart, np.int64)


def nothing() -> Tiles:
    """No tiles."""
    none = np.empty(0, np.int64)
    return Tiles(none, none, none, {})


def together(tiles: list[Tiles]) -> Tiles:
    """All rows of `tiles`."""
    names = sorted({name for each in tiles for name in each.amounts})
    absent = np.zeros(max((len(each) for each in tiles), default=0), np.int64)
    amounts = {
        name: np.concatenate([each.amounts.get(name, absent[: len(each)]) for each in tiles])
        for name in names
    }
    return Tiles(
        np.concatenate([each.key for each in tiles]),
        np.concatenate([each.event_day for each in tiles]),
        np.concatenate([each.arrival_day for each in tiles]),
        amounts,
    )
