"""Blocks of the last event days, as they became known; what a window lets go of is read here."""

from collections.abc import Callable

from features.sweep.arrivals import Numbers
from features.sweep.blocks import EMPTY, Block, merged

PARTS = 16  # blocks of one event day that are kept apart before the late ones are made one
Part = Block | Callable[[], Block]  # a block, or what reads it


class Shelf:
    """Blocks by event day. What arrives late lies beside what was there, until both are read."""

    def __init__(self) -> None:
        self._parts: dict[int, list[Part]] = {}
        self.unsaved: list[tuple[int, Block]] = []

    def put(self, event_day: int, block: Block) -> None:
        """A block that has just become known."""
        self.restore(event_day, block)
        self.unsaved.append((event_day, block))
        parts = self._parts[event_day]
        if len(parts) > PARTS:
            parts[1:] = [merged([_read(part) for part in parts[1:]])]

    def restore(self, event_day: int, part: Part) -> None:
        """A block that was saved before."""
        self._parts.setdefault(event_day, []).append(part)

    def at(self, event_day: int) -> Block:
        """All that is known of an event day."""
        parts = self._parts.get(event_day)
        if parts is None:
            return EMPTY
        block = merged([_read(part) for part in parts])
        parts[:] = [block]
        return block

    def looked_up(self, event_day: int, name: str, keys: Numbers) -> Numbers:
        """What is known of `keys` on an event day."""
        parts = self._parts[event_day]
        parts[:] = [_read(part) for part in parts]
        found = parts[0].looked_up(name, keys)
        for part in parts[1:]:
            found += part.looked_up(name, keys)
        return found

    def forget_before(self, event_day: int) -> None:
        """Let go of the event days before `event_day`."""
        for old in [day for day in self._parts if day < event_day]:
            del self._parts[old]
        self.unsaved = [each for each in self.unsaved if each[0] >= event_day]


def _read(part: Part) -> Block:
    return part if isinstance(part, Block) else part()
