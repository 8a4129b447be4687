"""Blocks of the last event days, as they became known; what a window lets go of is read here."""

from collections.abc import Iterable, Iterator

from features.sweep.arrivals import Numbers
from features.sweep.blocks import EMPTY, Block, merged

PARTS = 4  # late blocks of one event day that are kept apart before they are made one


class Shelf:
    """Blocks by event day. What arrives late lies beside what was there, until both are read."""

    def __init__(self) -> None:
        self._parts: dict[int, list[Block]] = {}
        self.unsaved: list[tuple[int, Block]] = []

    @property
    def days(self) -> list[int]:
        """Event days that have blocks."""
        return sorted(self._parts)

    def put(self, blocks: Iterable[tuple[int, Block]]) -> None:
        """Blocks that have just become known, by event day."""
        for event_day, block in blocks:
            self.restore(event_day, block)
            self.unsaved.append((event_day, block))

    def restore(self, event_day: int, block: Block) -> None:
        """A block that was saved before."""
        parts = self._parts.setdefault(event_day, [])
        parts.append(block)
        if len(parts) > PARTS:
            parts[1:] = [merged(parts[1:])]

    def at(self, event_day: int) -> Block:
        """All that is known of an event day."""
        parts = self._parts.get(event_day)
        if parts is None:
            return EMPTY
        parts[:] = [merged(parts)]
        return parts[0]

    def looked_up(self, event_day: int, name: str, keys: Numbers) -> Numbers:
        """What is known of `keys` on an event day."""
        parts: Iterator[Block] = iter(self._parts[event_day])
        found = next(parts).looked_up(name, keys)
        for part in parts:
            found += part.looked_up(name, keys)
        return found

    def forget_before(self, event_day: int) -> None:
        """Let go of the event days before `event_day`."""
        for old in [day for day in self._parts if day < event_day]:
            del self._parts[old]
        self.unsaved = [each for each in self.unsaved if each[0] >= event_day]
