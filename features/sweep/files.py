"""A state on disk: files that are written once, and a small value that says which of them count.

A save writes what is new since the last one: the new event days' blocks, what came late, sums by
entity, the new runs of pairs. It touches no file that was there, so that whoever published the
value before still finds all of it; a save cut short leaves only files that nobody names.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from features.definition import LONGEST_WINDOW
from features.sweep.arrivals import Arrivals, Tiles
from features.sweep.columns import read_columns, write_columns
from features.sweep.pairs import FIELDS, Run
from features.sweep.shelf import Shelf
from features.sweep.shelf_files import KeptBlocks, kept_parts, with_new_blocks
from features.sweep.state import Sweep

Saved = Mapping[str, Any]


def save(sweep: Sweep, folder: Path, before: Saved | None = None) -> dict[str, Any]:
    """Write what `sweep` has that `before` does not; returns the value that says all of it.

    `before` is the value of the last save or `load` of this very state; a state that was never
    saved has none. The value can be written as JSON; equal states saved after equal ones get equal
    files.
    """
    generation = before["generation"] + 1 if before else 1
    mark = f"{sweep.day}-{generation}"
    write_columns(folder / f"sums-{mark}.npys", _entity_columns(sweep))
    oldest = sweep.day - LONGEST_WINDOW + 1
    shelves = {}
    for name, shelf in _shelves(sweep).items():
        kept = KeptBlocks.read(before[name] if before else None)
        new = with_new_blocks(shelf, folder, f"{name}-{mark}", before=kept, oldest=oldest)
        shelves[name] = new.said()
    runs = _with_new_runs(sweep, folder, mark)
    said = {"day": sweep.day, "generation": generation, "sums": f"sums-{mark}.npys", "runs": runs}
    return said | shelves


def load(folder: Path, saved: Saved) -> Sweep:
    """The state that `saved` says; blocks and pairs are read when a step asks for them."""
    sweep = Sweep.empty(saved["day"])
    columns = read_columns(folder / saved["sums"])
    _fill(sweep, {name: np.array(column) for name, column in columns.items()})
    sweep.counterparts.pairs.runs = [_run(folder / name, name) for name in saved["runs"]]
    for name, shelf in _shelves(sweep).items():
        for event_day, part in kept_parts(folder, KeptBlocks.read(saved[name])):
            shelf.restore(event_day, part)
    return sweep


def named(saved: Saved) -> set[str]:
    """The names of the files that `saved` goes by."""
    shelves = (KeptBlocks.read(saved[name]) for name in ("days", "pair_days"))
    kept = {file.name for shelf in shelves for file in (*shelf.first, *shelf.late)}
    return kept | {saved["sums"], *saved["runs"]}


def tidy(folder: Path, saved: Saved) -> None:
    """Take away the files of `folder` that `saved` does not name."""
    keep = named(saved)
    for file in folder.iterdir() if folder.exists() else ():
        if file.is_file() and file.name not in keep:
            file.unlink(missing_ok=True)


def _shelves(sweep: Sweep) -> dict[str, Shelf]:
    return {"days": sweep.days, "pair_days": sweep.pair_days}


def _entity_columns(sweep: Sweep) -> dict[str, Any]:
    state = sweep.counterparts
    state.rank()
    return {
        "sums": sweep.sums.values,
        "trading": sweep.trading.words,
        "added": state.added,
        "most": state.most,
        "top": state.top,
        **_tile_columns("days", sweep.waiting.days),
        **_tile_columns("counterparts", sweep.waiting.counterparts),
    }


def _fill(sweep: Sweep, columns: Mapping[str, Any]) -> None:
    state = sweep.counterparts
    sweep.sums.values, sweep.trading.words = columns["sums"], columns["trading"]
    state.added, state.most, state.top = columns["added"], columns["most"], columns["top"]
    sweep.entities = len(state.most)
    state.grow(sweep.entities)
    sweep.waiting = Arrivals(_tiles("days", columns), _tiles("counterparts", columns))


def _tile_columns(what: str, tiles: Tiles) -> dict[str, Any]:
    own = {"key": tiles.key, "event_day": tiles.event_day, "arrival_day": tiles.arrival_day}
    amounts = {f"{what} amount {name}": amount for name, amount in tiles.amounts.items()}
    return {f"{what} {name}": column for name, column in own.items()} | amounts


def _tiles(what: str, columns: Mapping[str, Any]) -> Tiles:
    amount = f"{what} amount "
    names = [name.removeprefix(amount) for name in columns if name.startswith(amount)]
    amounts = {name: columns[amount + name] for name in names}
    own = (columns[f"{what} {name}"] for name in ("key", "event_day", "arrival_day"))
    return Tiles(*own, amounts)


def _with_new_runs(sweep: Sweep, folder: Path, mark: str) -> list[str]:
    """Names of the runs of pairs, oldest first; those that have no file yet get one."""
    pairs = sweep.counterparts.pairs
    for place, run in enumerate(pairs.runs):
        if not run.file:
            name = f"pairs-{mark}-{place}.npys"
            columns = dict(zip(FIELDS, run.columns, strict=True))
            write_columns(folder / name, {"key": run.keys, **columns})
            pairs.runs[place] = Run(run.keys, run.columns, name)
    return [run.file for run in pairs.runs]


def _run(file: Path, name: str) -> Run:
    columns = read_columns(file)
    return Run(columns["key"], tuple(columns[field] for field in FIELDS), name)
