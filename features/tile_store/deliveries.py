"""Which files of a data directory were read before, and which are news."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from features.source_files import Source, file_sha256
from features.tile_store.manifest import Kept, NotedFile

if TYPE_CHECKING:
    import duckdb

    from features.sources import History

PAYMENTS = "payments"
BATCH_BYTES = 96 << 20  # what one batch of payments reads at most, unless a file is larger


@dataclass(frozen=True, slots=True)
class Delivered:
    """The data's files as they are now: all of them noted, and the payments that are new.

    `broken` says why what is kept no longer follows from the data: a file of payments that was
    read is gone, or another one. Then all payments are news.
    """

    noted: Mapping[Path, NotedFile]
    new: tuple[Path, ...]
    broken: str = ""

    @property
    def files(self) -> tuple[NotedFile, ...]:
        """Every file's note, by name."""
        return tuple(sorted(self.noted.values(), key=lambda file: file.name))

    def in_batch(self, group: Collection[Path], number: int) -> "Delivered":
        """The same, where the files of `group` are those of batch `number`."""
        noted = {path: replace(self.noted[path], batch=number) for path in group}
        return replace(self, noted={**self.noted, **noted})


def delivered(history: "History", kept: Kept) -> Delivered:
    """The files of `history` against what is `kept`."""
    earlier = {file.name: file for file in kept.files}
    files = [file for source in history.sources.values() for file in files_of(source)]
    noted = {
        file: _noted(file, earlier.get(name_of(history.path, file)), history.path) for file in files
    }
    payments = files_of(history.sources[PAYMENTS]) if PAYMENTS in history.sources else ()
    new = tuple(path for path in payments if noted[path].batch is None)
    broken = _broken(earlier, {file.name: file for file in noted.values()})
    return Delivered(noted, new, broken)


def read_already(kept: Kept | None, root: Path) -> Callable[[Path], bool]:
    """Tells of a file of the directory `root` whether its payments are kept."""
    notes = {note.name: note for note in (kept.files if kept else ()) if note.batch is not None}

    def is_read(file: Path) -> bool:
        note, status = notes.get(name_of(root, file)), file.stat()
        looks = (status.st_size, status.st_mtime_ns)
        return note is not None and (note.size, note.mtime_ns) == looks

    return is_read


def batches(source: Source, new: tuple[Path, ...]) -> Iterator[tuple[Path, ...]]:
    """`new` files of `source` in groups of bounded size, in order."""
    group: list[Path] = []
    size, wanted = 0, set(new)
    for path in (path for path in files_of(source) if path in wanted):
        more = path.stat().st_size
        if group and size + more > BATCH_BYTES:
            yield tuple(group)
            group, size = [], 0
        group.append(path)
        size += more
    if group:
        yield tuple(group)


def files_of(source: Source) -> list[Path]:
    """The table's files in every place."""
    return [file for place in source.places for file in place.files]


def only(
    source: Source, files: Collection[Path], connection: "duckdb.DuckDBPyConnection"
) -> Source | None:
    """`source` as if it had only those of its files that are among `files`."""
    chosen = None
    for place in reversed(source.places):
        part = _only_here(place, files, connection)
        chosen = replace(part, beside=chosen) if part else chosen
    return chosen


def _only_here(
    place: Source, files: Collection[Path], connection: "duckdb.DuckDBPyConnection"
) -> Source | None:
    by_file = dict(zip(place.files, place.columns_by_file, strict=True))
    here = tuple(file for file in place.files if file in files)
    if not here or here == place.files:
        return place if here else None
    part = replace(place, files=here, columns_by_file=tuple(by_file[file] for file in here))
    described = connection.execute(f"DESCRIBE SELECT * FROM {part.scan}").fetchall()
    return replace(part, columns={row[0]: row[1] for row in described})


def name_of(root: Path, file: Path) -> str:
    """The file's name in notes: its place in the data directory, or in a folder beside it."""
    if file.is_relative_to(root):
        return file.relative_to(root).as_posix()
    return f"+{file.parent.name}/{file.name}"


def _noted(path: Path, earlier: NotedFile | None, root: Path) -> NotedFile:
    status = path.stat()
    looks = (status.st_size, status.st_mtime_ns)
    if earlier is not None and (earlier.size, earlier.mtime_ns) == looks:
        return earlier
    sha256 = file_sha256(path)
    same = earlier is not None and earlier.sha256 == sha256
    return NotedFile(
        name_of(root, path), *looks, sha256, earlier.batch if same and earlier else None
    )


def _broken(earlier: Mapping[str, NotedFile], now: Mapping[str, NotedFile]) -> str:
    for name, file in earlier.items():
        if file.batch is None:
            continue
        if name not in now:
            return f"{name} is gone"
        if now[name].sha256 != file.sha256:
            return f"{name} is another file"
    return ""
