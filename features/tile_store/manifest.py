"""What is kept, as one manifest says it: files that it does not name do not exist."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from features.publication import write_json

MANIFEST = "manifest.json"
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class NotedFile:
    """A file of the data that was read: its content is not read again while it looks the same."""

    name: str
    size: int
    mtime_ns: int
    sha256: str
    batch: int | None = None  # which batch of payments it was part of


@dataclass(frozen=True, slots=True)
class Part:
    """The tiles of one entity kind that came with a batch."""

    entity: str
    batch: int
    days: str
    counterparts: str


@dataclass(frozen=True, slots=True)
class Identities:
    """Ids by their codes: `texts` hold them in order of codes, `index` finds them by hash."""

    texts: tuple[str, ...] = ()
    index: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """The running state of one entity kind: its day, the batches it was given, its own notes."""

    day: int
    batches: int
    saved: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """All that is kept. `layout` says by which rules; other rules need another ingest."""

    layout: str
    batches: int = 0
    currency: str | None = None
    files: tuple[NotedFile, ...] = ()
    keys: tuple[str, ...] = ()
    identities: Mapping[str, Identities] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    states: Mapping[str, State] = field(default_factory=dict)

    def parts_of(self, entity: str, *, after: int = 0) -> tuple[Part, ...]:
        """The parts of `entity` that came with batches later than `after`."""
        return tuple(part for part in self.parts if part.entity == entity and part.batch > after)

    def named(self) -> Iterator[str]:
        """Names of the files that there are, but for those of the running states."""
        yield from (MANIFEST, LOCK, *self.files_named())

    def files_named(self) -> Iterator[str]:
        """The same but for the manifest itself and the lock."""
        yield from self.keys
        for identities in self.identities.values():
            yield from (*identities.texts, *identities.index)
        for part in self.parts:
            yield from (part.days, part.counterparts)


def read_kept(folder: Path) -> Kept | None:
    """What `folder` keeps; None where it keeps nothing, or a manifest that cannot be read."""
    try:
        said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Kept(
            layout=said["layout"],
            batches=said["batches"],
            currency=said["currency"],
            files=tuple(NotedFile(**file) for file in said["files"]),
            keys=tuple(said["keys"]),
            identities={name: _identities(it) for name, it in said["identities"].items()},
            parts=tuple(Part(**part) for part in said["parts"]),
            states={name: State(**state) for name, state in said["states"].items()},
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None  # what is kept can always be made anew from the data


def write_kept(folder: Path, kept: Kept) -> None:
    """Make `kept` what `folder` keeps, at once."""
    write_json(folder / MANIFEST, asdict(kept))


def _identities(said: Mapping[str, Any]) -> Identities:
    return Identities(tuple(said["texts"]), tuple(said["index"]))
