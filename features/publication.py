"""Snapshots and what is online, as files say it: each published by one atomic rename."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from features.effort import peak_memory_mb
from features.placing import put

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One published day of one entity: where its values lie and what they were made from."""

    entity: str
    as_of: date
    rows: int
    features: int
    data_sha256: str
    definitions_sha256: str
    utc_offset_minutes: int
    created: datetime
    file: Path

    @property
    def event_time(self) -> datetime:
        """The instant that the values describe: the end of the day `as_of`."""
        return datetime.combine(self.as_of + timedelta(days=1), datetime.min.time(), UTC)

    @property
    def is_whole(self) -> bool:
        """Whether the day was over when its values were computed."""
        return self.created >= self.event_time

    @property
    def identity(self) -> tuple[str, str, int]:
        """What the values follow from; equal identities mean equal values."""
        return self.data_sha256, self.definitions_sha256, self.utc_offset_minutes


@dataclass(frozen=True, slots=True)
class Online:
    """What of one entity is in the online store."""

    event_time: datetime
    rows: int
    definitions_sha256: str
    snapshot: str  # file name of the snapshot it came from


@dataclass(frozen=True, slots=True)
class Done:
    """One entity's part of a run; `written` is False where nothing had to be done."""

    entity: str
    event_time: datetime
    rows: int
    features: int
    written: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did, by entity, and what it cost; `rows_read` is None where none were."""

    done: tuple[Done, ...]
    seconds: float
    rows_read: int | None = None
    peak_memory_mb: float = field(default_factory=peak_memory_mb)

    @property
    def entities(self) -> int:
        """How many merchants and users there are values of."""
        many: dict[str, int] = {}
        for done in self.done:
            many[done.entity] = max(done.rows, many.get(done.entity, 0))
        return sum(many.values())

    def to_json(self) -> dict[str, Any]:
        """Every field, and how many entities there are."""
        said = {it.name: getattr(self, it.name) for it in fields(self)}
        return said | {"entities": self.entities}


def snapshots_folder(home: Path) -> Path:
    """Where published snapshots lie."""
    return home / "features" / "snapshots"


def day_folder(home: Path, entity: str, as_of: date) -> Path:
    """Where one day of one entity is published."""
    return snapshots_folder(home) / entity / f"as_of={as_of.isoformat()}"


def published(home: Path, entity: str) -> list[Snapshot]:
    """Every published snapshot of `entity`, oldest first."""
    manifests = (snapshots_folder(home) / entity).glob(f"as_of=*/{MANIFEST}")
    return sorted((read_snapshot(path.parent) for path in manifests), key=lambda it: it.as_of)


def read_snapshot(folder: Path) -> Snapshot:
    """The snapshot that the manifest in `folder` publishes."""
    content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    content["as_of"] = date.fromisoformat(content["as_of"])
    content["created"] = datetime.fromisoformat(content["created"])
    content["file"] = folder / content["file"]
    return Snapshot(**content)


def publish(snapshot: Snapshot) -> None:
    """Make `snapshot` the published one of its day; its file is already there."""
    content = asdict(snapshot) | {
        "as_of": snapshot.as_of.isoformat(),
        "created": snapshot.created.isoformat(),
        "file": snapshot.file.name,
    }
    write_json(snapshot.file.parent / MANIFEST, content)


def online_file(home: Path) -> Path:
    """The file that says what is online."""
    return home / "features" / "online.json"


def store_file(home: Path) -> Path:
    """The database that is the online store."""
    return home / "features" / "online.db"


def read_online(home: Path) -> dict[str, Online]:
    """What is online, by entity; empty where nothing is. ValueError where the file is damaged."""
    file = online_file(home)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return {
            entity: Online(**said | {"event_time": datetime.fromisoformat(said["event_time"])})
            for entity, said in content.items()
        }
    except FileNotFoundError:
        return {}
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{file} does not say what is online") from error


def write_online(home: Path, online: Mapping[str, Online]) -> None:
    """Say what is online."""
    content = {
        entity: asdict(said) | {"event_time": said.event_time.isoformat()}
        for entity, said in online.items()
    }
    write_json(online_file(home), content)


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Replace `file` by `content` at once: a reader sees the old text or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1, sort_keys=True).encode()
    put(file, lambda stream: stream.write(text))
