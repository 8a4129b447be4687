"""Kept tiles brought up to what the data holds: batch by batch, each there whole or not at all."""

import hashlib
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING


from credit.errors import InputError
from credit.progress import Progress
from features.catalogue import meaning
from features.source_files import Source
from features.tile_store import ingest
from features.tile_store.deliveries import PAYMENTS, Delivered, batches, delivered, only
from features.tile_store.durable import remove_unnamed
from features.tile_store.manifest import Kept, read_kept, write_kept
from features.tile_store.parts import written
from features.tile_store.place import Place
from features.tile_store.sorted_runs import appended, open_runs

if TYPE_CHECKING:
    from features.sources import History

FORMAT = 1
_RULES = ("definition", "versions", "windows", "tiles")


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a run brought in, and why it began anew where it did."""

    kept: Kept
    rows: int = 0
    corrected: int = 0
    tiles: int = 0
    anew: str = ""


def tiles_folder(home: Path) -> Path:
    """Where tiles are kept."""
    return home / "features" / "tiles"


def bring_in(
    history: "History",
    folder: Path,
    entities: tuple[str, ...],
    *,
    progress: Progress | None = None,
) -> Ingested:
    """Ingest the payments of `history` that `folder` does not keep yet.

    Every batch is there once the manifest names it; a killed run goes on with the next one.
    """
    layout = _layout(history, entities)
    kept, anew = _usable(read_kept(folder), layout)
    found = delivered(history, kept)
    if found.broken:
        kept, anew = Kept(layout), found.broken
        found = delivered(history, kept)
    if anew:
        write_kept(folder, kept)  # before a file of the earlier ingest is overwritten
    remove_unnamed(folder, kept)
    history.take_hashes(lambda path: found.noted[path].sha256)
    done = Ingested(kept, anew=anew)
    groups = list(batches(history.sources[PAYMENTS], found.new)) if found.new else []
    for number, group in enumerate(groups):
        if progress is not None:
            progress("payments", number / len(groups))
        done = _with_batch(history, folder, entities, done, found, group)
        found = replace(found, noted=_in_batch(found, group, done.kept.batches))
    return replace(done, kept=replace(done.kept, files=_noted(found)))


def _usable(kept: Kept | None, layout: str) -> tuple[Kept, str]:
    if kept is None:
        return Kept(layout), "nothing was kept"
    if kept.layout != layout:
        return Kept(layout), "tiles were made by other rules"
    return kept, ""


def _layout(history: "History", entities: tuple[str, ...]) -> str:
    """By which rules tiles are made: what they add up, for whom, and how their keys are hashed."""
    import duckdb

    said = [FORMAT, duckdb.__version__, history.utc_offset_minutes, *entities]
    digest = hashlib.sha256(repr(said).encode())
    for name in _RULES:
        source = files("features").joinpath(f"{name}.py").read_text(encoding="utf-8")
        digest.update("\n".join((name, *meaning(source))).encode())
    return digest.hexdigest()


def _with_batch(
    history: "History",
    folder: Path,
    entities: tuple[str, ...],
    done: Ingested,
    found: Delivered,
    group: tuple[Path, ...],
) -> Ingested:
    kept, source = done.kept, history.sources[PAYMENTS]
    number = kept.batches + 1
    if number > ingest.MOST_BATCHES:
        what = f"{folder} keeps {kept.batches} batches of payments, as many as it can"
        raise InputError(what, "remove it: the next run makes it anew")

    def earlier(numbers: set[int]) -> Source | None:
        paths = tuple(path for path in source.files if found.noted[path].batch in numbers)
        return only(source, paths, history.connection) if paths else None

    place = Place(folder, history.connection)
    runs = open_runs(folder, kept.keys)
    batch_source = only(source, group, history.connection)
    with ingest.opened(history, batch_source, number, runs, earlier) as batch:
        currency = _one_currency(kept.currency, batch.currency)
        parts, identities, tiles = list(kept.parts), kept.identities, 0
        for entity in entities:
            made = ingest.tiles(history, entity)
            part, identities = written(place, entity, number, made, identities)
            parts.append(part)
            tiles += len(made[0]) + len(made[1])
        keys = appended(folder, kept.keys, batch.keys, f"keys-{number:06d}.npy")
    kept = replace(
        kept,
        batches=number,
        currency=currency,
        keys=keys,
        identities=identities,
        parts=tuple(parts),
        files=_noted(replace(found, noted=_in_batch(found, group, number))),
    )
    write_kept(folder, kept)
    return replace(
        done,
        kept=kept,
        rows=done.rows + batch.rows,
        corrected=done.corrected + batch.corrected,
        tiles=done.tiles + tiles,
    )


def _in_batch(found: Delivered, group: tuple[Path, ...], number: int) -> dict:
    noted = {path: replace(found.noted[path], batch=number) for path in group}
    return {**found.noted, **noted}


def _noted(found: Delivered) -> tuple:
    return tuple(sorted(found.noted.values(), key=lambda file: file.name))


def _one_currency(kept: str | None, new: str | None) -> str | None:
    if kept and new and kept != new:
        raise InputError(f"payments.currency holds {kept} and {new}", "keep one currency")
    return kept or new
