"""Blocks of event days in files: one as an event day comes, small ones for what is late."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from features.sweep.blocks import Block, merged
from features.sweep.columns import Columns, read_columns, write_columns
from features.sweep.shelf import Part, Shelf

LATE_FILES = 8  # more than these are made one
_AMOUNT = "amount "
_PARTS = ("first", "late")


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file and the event days that it has blocks of, ascending."""

    name: str
    days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeptBlocks:
    """The files of one shelf: each event day's first block, and what came after it."""

    first: tuple[KeptFile, ...] = ()
    late: tuple[KeptFile, ...] = ()

    @classmethod
    def read(cls, said: Mapping[str, Any] | None) -> "KeptBlocks":
        """What `said` says; nothing where nothing is said."""
        files = said or dict.fromkeys(_PARTS, ())
        return cls(*(tuple(KeptFile(it[0], tuple(it[1])) for it in files[part]) for part in _PARTS))

    def said(self) -> dict[str, Any]:
        """As JSON takes it."""
        files = zip(_PARTS, (self.first, self.late), strict=True)
        return {part: [[file.name, list(file.days)] for file in its] for part, its in files}

    def since(self, day: int) -> "KeptBlocks":
        """Without the files of which every event day is before `day`."""
        files = (self.first, self.late)
        return KeptBlocks(*(tuple(it for it in its if it.days[-1] >= day) for its in files))


def with_new_blocks(
    shelf: Shelf, folder: Path, name: str, *, before: KeptBlocks, oldest: int
) -> KeptBlocks:
    """Write the blocks of `shelf` that no file has, and say what it goes by now."""
    kept = before.since(oldest)
    there = {day for file in kept.first for day in file.days}
    first: dict[int, Block] = {}
    late = []
    for day, block in shelf.unsaved:
        if day in there or day in first:
            late.append((day, block))
        else:
            first[day] = block
    shelf.unsaved.clear()
    lates = kept.late + _written(folder, f"{name}-late.npys", late)
    if len(lates) > LATE_FILES:
        lates = _written(folder, f"{name}-lates.npys", _made_one(folder, lates, oldest))
    return KeptBlocks(kept.first + _written(folder, f"{name}.npys", first.items()), lates)


def kept_parts(folder: Path, kept: KeptBlocks) -> Iterator[tuple[int, Part]]:
    """The parts of a shelf by event day, the first ones first.

    A first block's file is opened when it is looked at. Files of late blocks are opened at once:
    a later save may make them one, and then they go.
    """
    for file in kept.first:
        read = cache(partial(_by_day, folder / file.name))
        for day in file.days:
            yield day, partial(_part, read, day)
    for file in kept.late:
        yield from _by_day(folder / file.name).items()


def _part(read: Any, day: int) -> Block:
    return read()[day]


def _by_day(file: Path) -> dict[int, Block]:
    return dict(_blocks(read_columns(file)))


def _made_one(folder: Path, files: Iterable[KeptFile], oldest: int) -> list[tuple[int, Block]]:
    by_day: dict[int, list[Block]] = {}
    for file in files:
        for day, block in _by_day(folder / file.name).items():
            by_day.setdefault(day, []).append(block)
    return [(day, merged(blocks)) for day, blocks in by_day.items() if day >= oldest]


def _written(folder: Path, name: str, blocks: Iterable[tuple[int, Block]]) -> tuple[KeptFile, ...]:
    by_day: dict[int, list[Block]] = {}
    for day, block in blocks:
        by_day.setdefault(day, []).append(block)
    if not by_day:
        return ()
    ordered = {day: merged(by_day[day]) for day in sorted(by_day)}
    write_columns(folder / name, _columns(ordered))
    return (KeptFile(name, tuple(ordered)),)


def _columns(blocks: Mapping[int, Block]) -> dict[str, Any]:
    """Blocks as columns, one after the other."""
    each = list(blocks.values())
    columns = {
        "event_day": np.array(list(blocks), np.int64),
        "length": np.array([len(block.keys) for block in each], np.int64),
        "key": np.concatenate([block.keys for block in each]),
    }
    for name in sorted({name for block in each for name in block.columns}):
        none = [np.zeros(len(block.keys), np.int8) for block in each]
        parts = [block.columns.get(name, zeros) for block, zeros in zip(each, none, strict=True)]
        columns[f"{_AMOUNT}{name}"] = np.concatenate(parts)
    return columns


def _blocks(columns: Columns) -> Iterator[tuple[int, Block]]:
    names = [name for name in columns if name.startswith(_AMOUNT)]
    stops = np.cumsum(columns["length"])
    starts = stops - columns["length"]
    for day, start, stop in zip(columns["event_day"].tolist(), starts, stops, strict=True):
        amounts = {name.removeprefix(_AMOUNT): columns[name][start:stop] for name in names}
        yield day, Block(columns["key"][start:stop], amounts)
