"""The additive measures of payments: one running sum an entity and declared window."""

import numpy as np

from features.sweep.arrivals import Numbers, Tiles
from features.sweep.blocks import Block
from features.sweep.growth import grown
from features.sweep.shelf import Shelf
from features.windows import WEEKDAYS, WINDOW_SUMS, WindowSum

_EDGES = sorted({edge for each in WINDOW_SUMS for edge in (each.first_ago, each.end_ago) if edge})


class WindowSums:
    """A row a window of `WINDOW_SUMS`, a column an entity."""

    def __init__(self) -> None:
        self.values: Numbers = np.zeros((len(WINDOW_SUMS), 0), np.int64)

    def grow(self, entities: int) -> None:
        """Make room for `entities`."""
        self.values = grown(self.values, entities)

    def cross(self, day: int, shelf: Shelf) -> None:
        """Come to `day`: what is known leaves windows and enters others at their edges."""
        for edge in _EDGES:
            block = shelf.at(day - edge)
            for row, window in enumerate(WINDOW_SUMS):
                if window.end_ago == edge:
                    self._add(row, window, day - edge, block, sign=-1)
                elif window.first_ago == edge:
                    self._add(row, window, day - edge, block, sign=+1)

    def take(self, day: int, tiles: Tiles) -> None:
        """Add tiles that count from `day` on to the windows that their event days lie in."""
        ago = day - tiles.event_day
        for row, window in enumerate(WINDOW_SUMS):
            amount = tiles.amounts.get(window.amount)
            if amount is None:
                continue
            inside = (ago >= window.first_ago) & (ago < window.end_ago) & (amount != 0)
            if window.weekday is not None:
                inside &= tiles.event_day % WEEKDAYS == window.weekday
            np.add.at(self.values[row], tiles.key[inside], amount[inside])

    def _add(self, row: int, window: WindowSum, event_day: int, block: Block, *, sign: int) -> None:
        column = block.column(window.amount)
        if column is None or window.weekday not in (None, event_day % WEEKDAYS):
            return
        if sign > 0:
            self.values[row, block.keys] += column
        else:
            self.values[row, block.keys] -= column
