"""The running state of one entity kind: payments as known on a day, walked on day by day."""

import numpy as np
import pyarrow as pa

from features.definition import LONGEST_WINDOW
from features.sweep.arrivals import CODE_BITS, Arrivals, Numbers, Tiles, nothing, together
from features.sweep.blocks import by_event_day
from features.sweep.counterparts import ADDED, LEAST, Counterparts, crossing, entering
from features.sweep.shelf import Shelf
from features.sweep.squares import decimals
from features.sweep.sums import WindowSums
from features.sweep.trading import TradingDays, best_day_minor
from features.windows import WINDOW_SUMS


class Sweep:
    """Payments of every merchant, or of every user, as known at the end of `day`.

    Entities and counterparts are codes: numbers from 0 on that whoever hands in tiles gave them.
    The measures are those of `features.payment_measures`, to the bit.
    """

    def __init__(self, day: int) -> None:
        self.day = day
        self.entities = 0
        self.sums = WindowSums()
        self.trading = TradingDays()
        self.counterparts = Counterparts()
        self.days, self.pair_days = Shelf(), Shelf()
        self.waiting = Arrivals(nothing(), nothing())

    @classmethod
    def empty(cls, day: int) -> "Sweep":
        """The state as of `day` where nothing is known."""
        return cls(day)

    def advance(self, day: int, arrivals: Arrivals | None = None) -> None:
        """Walk to `day`, which is not before the state's own, and take tiles in.

        A tile counts from the day on which it has arrived and its event is not to come; before, it
        waits. One that is handed in after that day counts from now on.
        """
        changes: list[tuple[Numbers, Numbers]] = []
        while self.day < day:
            changes += self._next_day()
        changes += self._take(arrivals or Arrivals(nothing(), nothing()))
        self.counterparts.change(changes)

    def day_measures(self) -> pa.Table:
        """`entity_code` and every measure of `payment_measures.day_measures`, a row an entity."""
        best, traded = best_day_minor(self.days, self.day, self.entities)
        codes = pa.array(np.arange(self.entities, dtype=np.int64))
        sums = dict(zip((each.name for each in WINDOW_SUMS), self.sums.values, strict=True))
        trading = self.trading
        columns = {
            "entity_code": codes,
            **{name: pa.array(values) for name, values in (sums | trading.active_days()).items()},
            "days_since_payment": _where_found(trading.days_since_payment()),
            "history_days": _where_found(trading.history_days()),
            "longest_gap_90d": _where_found(trading.longest_gap()),
            "best_day_minor_30d": pa.array(best, mask=~traded),
        }
        return pa.table(columns)

    def counterpart_measures(self) -> pa.Table:
        """`entity_code` and every measure of `payment_measures.counterpart_measures`.

        A row for each entity that has a counterpart that is known to have paid.
        """
        state = self.counterparts
        state.rank()
        codes = np.flatnonzero(state.added[0] > 0)
        added = state.added[:, codes]
        top = state.top[:, codes]
        columns = {
            "entity_code": pa.array(codes.astype(np.int64)),
            **{name: pa.array(row) for name, row in list(zip(ADDED, added, strict=False))[1:]},
            "most_payments_of_one_90d": pa.array(state.most[codes]),
            "largest_counterpart_minor_90d": pa.array(top[0]),
            "top5_counterparts_minor_90d": pa.array(np.where(top == LEAST, 0, top).sum(axis=0)),
            "counterpart_squares_90d": decimals(added[len(ADDED) :]),
        }
        return pa.table(columns)

    def groups(self, ids: pa.Array) -> tuple[pa.Table, pa.Table]:
        """Both tables of measures by `spine_id`, the entity's id: `ids` has one at each code."""
        return _named(self.day_measures(), ids), _named(self.counterpart_measures(), ids)

    def _next_day(self) -> list[tuple[Numbers, Numbers]]:
        self.day += 1
        self.sums.cross(self.day, self.days)
        self.trading.next_day()
        lost = crossing(self.pair_days, self.day)
        for shelf in (self.days, self.pair_days):
            shelf.forget_before(self.day - LONGEST_WINDOW + 1)
        return lost

    def _take(self, arrivals: Arrivals) -> list[tuple[Numbers, Numbers]]:
        days, days_waiting = self._due(arrivals.days, self.waiting.days)
        pairs, pairs_waiting = self._due(arrivals.counterparts, self.waiting.counterparts)
        self.waiting = Arrivals(days_waiting, pairs_waiting)
        self._grow(days.key, pairs.key >> CODE_BITS)
        self.sums.take(self.day, days)
        for event_day, block in by_event_day(days):
            self.days.put(event_day, block)
            counts = self.days.looked_up(event_day, "payment_count", block.keys)
            self.trading.mark(self.day - event_day, block.keys, counts)
        return entering(pairs, self.pair_days, self.day)

    def _due(self, arriving: Tiles, waiting: Tiles) -> tuple[Tiles, Tiles]:
        tiles = together([arriving, waiting])
        tiles = tiles.where(tiles.event_day > self.day - LONGEST_WINDOW)
        due = tiles.counts_from <= self.day
        return tiles.where(due), tiles.where(~due)

    def _grow(self, *codes: Numbers) -> None:
        seen = max((int(each.max()) + 1 for each in codes if len(each)), default=0)
        if seen > self.entities:
            self.entities = seen
            for part in (self.sums, self.trading, self.counterparts):
                part.grow(seen)


def _where_found(values: Numbers) -> pa.Array:
    return pa.array(values, mask=values < 0)


def _named(measures: pa.Table, ids: pa.Array) -> pa.Table:
    codes = measures["entity_code"].combine_chunks()
    return measures.drop_columns("entity_code").add_column(0, "spine_id", ids.take(codes))
