"""Kept tiles brought up to what the data holds: batch by batch, each there whole or not at all."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
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
FEATURES = Path(__file__).resolve().parent.parent
_RULES = (  # modules that rows, tiles or the running state follow from
    "source_values.py",
    "source_files.py",
    "definition.py",
    "versions.py",
    "windows.py",
    "tiles.py",
    "tile_store/ingest.py",
    "sweep/*.py",
)


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a run brought in, and why it began anew where it did."""

    kept: Kept
    rows: int = 0
    corrected: int = 0
    tiles: int = 0
    anew: str = ""


@dataclass(frozen=True, slots=True)
class TileStore:
    """The kept tiles of some entity kinds, and the history whose payments they add up."""

    history: "History"
    place: Place
    entities: tuple[str, ...]

    def bring_in(self, progress: Progress | None = None) -> Ingested:
        """Ingest the payments that are not kept yet.

        Every batch is there once the manifest names it; after a kill the next one follows.
        """
        kept, anew = self._usable(read_kept(self.place.folder))
        found = delivered(self.history, kept)
        if found.broken:
            kept, anew = Kept(kept.layout), found.broken
            found = delivered(self.history, kept)
        if anew:
            write_kept(self.place.folder, kept)  # before a file of the earlier one is overwritten
        remove_unnamed(self.place.folder, kept)
        self.history.take_hashes(lambda path: found.noted[path].sha256)
        done = Ingested(replace(kept, files=found.files), anew=anew)
        groups = list(batches(self.history.sources[PAYMENTS], found.new)) if found.new else []
        for place, group in enumerate(groups):
            if progress is not None:
                progress("payments", place / len(groups))
            found = found.in_batch(group, done.kept.batches + 1)
            done = self._with_batch(done, found, group)
        return done

    def _usable(self, kept: Kept | None) -> tuple[Kept, str]:
        layout, folder = self._layout(), self.place.folder
        if kept is None:
            return Kept(layout), "nothing was kept"
        if kept.layout != layout:
            return Kept(layout), "tiles were made by other rules"
        if gone := next((name for name in kept.files_named() if not (folder / name).exists()), ""):
            return Kept(layout), f"{gone} of the tiles is gone"
        return kept, ""

    def _layout(self) -> str:
        """By which rules tiles are made: what they add up, for whom, how their keys are hashed."""
        import duckdb

        said = [FORMAT, duckdb.__version__, self.history.utc_offset_minutes, *self.entities]
        digest = hashlib.sha256(repr(said).encode())
        for source in (source for name in _RULES for source in sorted(FEATURES.glob(name))):
            digest.update(meaning(source.read_text(encoding="utf-8")).encode())
        return digest.hexdigest()

    def _with_batch(self, done: Ingested, found: Delivered, group: tuple[Path, ...]) -> Ingested:
        kept, number = done.kept, done.kept.batches + 1
        if number > ingest.MOST_BATCHES:
            what = f"{self.place.folder} keeps as many batches of payments as it can: {number - 1}"
            raise InputError(what, "remove it: the next run makes it anew")
        source = self._source(group)
        runs = open_runs(self.place.folder, kept.keys)
        with ingest.opened(self.history, source, runs, lambda them: self._of(them, found)) as batch:
            kept, tiles = self._with_tiles(kept, number)
            entries = batch.entries(number)
        kept = replace(
            kept,
            batches=number,
            currency=_one_currency(kept.currency, batch.currency),
            keys=appended(self.place.folder, kept.keys, entries, f"keys-{number:06d}.npy"),
            files=found.files,
        )
        write_kept(self.place.folder, kept)
        return replace(
            done,
            kept=kept,
            rows=done.rows + batch.rows,
            corrected=done.corrected + batch.corrected,
            tiles=done.tiles + tiles,
        )

    def _with_tiles(self, kept: Kept, number: int) -> tuple[Kept, int]:
        """What is kept, with the tiles of the opened batch; and how many there are."""
        parts, identities, count = kept.parts, kept.identities, 0
        for entity in self.entities:
            tiles = ingest.tiles(
                self.history, entity, rules=kept.layout, scripts=self.place.prepared
            )
            part, identities = written(self.place, entity, number, tiles, identities)
            parts = (*parts, part)
            count += sum(len(table) for table in tiles)
        return replace(kept, parts=parts, identities=identities), count

    def _of(self, numbers: set[int], found: Delivered) -> Source | None:
        """Where the payments of the batches with these numbers stand."""
        return self._source([path for path, file in found.noted.items() if file.batch in numbers])

    def _source(self, paths: Collection[Path]) -> Source | None:
        return only(self.history.sources[PAYMENTS], set(paths), self.history.connection)


def tiles_folder(home: Path) -> Path:
    """Where tiles are kept."""
    return home / "features" / "tiles"


def _one_currency(kept: str | None, new: str | None) -> str | None:
    if kept and new and kept != new:
        raise InputError(f"payments.currency holds {kept} and {new}", "keep one currency")
    return kept or new
