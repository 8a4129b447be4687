"""What both online stores are: Feast's online store, with one packed row an entity and view.

**A day is published whole.** A store keeps, beside the rows of a view, one marker that says what is
published. Rows of the next publication are staged where readers do not look for them; then one
write moves the marker, and with it every row; and at leisure the rows that were replaced go. Who
dies on the way leaves the old day standing. A reader gets marker and rows in one atomic read, so
what it reads is of one day. A row that did not change stays where it is: it is valid as of the
marker's day.

**A view without a marker** holds rows that are pushed one by one; each goes where its event time
says: as new or newer replaces, older never.
"""

import uuid
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import starmap
from typing import Any

import pyarrow as pa
from feast import FeatureView
from feast.infra.online_stores.online_store import OnlineStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value as Proto
from feast.repo_config import RepoConfig
from feast.types import Float64, String

from credit.policy.evidence import Value
from features.packing import Layout, Unpacker, day_of, layout_name, pack

Row = tuple[EntityKey, dict[str, Proto], datetime, datetime | None]
Read = tuple[datetime | None, dict[str, Proto] | None]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class StoreAwayError(OSError):
    """The online store cannot be reached, or does not answer as one."""


class OvertakenError(RuntimeError):
    """Another publication of the same view was begun, or is newer."""


@dataclass(frozen=True, slots=True)
class Marker:
    """What of a view is published: every row that was staged by `generation` counts."""

    generation: int
    event_time: datetime
    rows: int
    definitions_sha256: str
    snapshot: str

    def is_newer(self, other: "Marker") -> bool:
        """Whether it must not be replaced by `other`; days of other definitions are no rivals."""
        same = self.definitions_sha256 == other.definitions_sha256
        return same and self.event_time > other.event_time


@dataclass(frozen=True, slots=True)
class Attempt:
    """A publication under way; whoever begins another takes the view's `token` from it."""

    view: str
    token: str
    generation: int
    snapshot: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A row that is online: since when, and its bytes."""

    event_time: datetime
    row: bytes


@dataclass(frozen=True, slots=True)
class Fetched:
    """One atomic read: the published view's marker and rows, and the rows of a pushed view."""

    marker: Marker | None
    rows: Sequence[Stored | None]
    pushed: Sequence[Stored | None]


class RowOnlineStore(OnlineStore):
    """The part that does not depend on where rows lie."""

    def __init__(self) -> None:
        self._unpackers: dict[bytes, Unpacker] = {}

    @abstractmethod
    def marker(self, config: RepoConfig, view: str) -> Marker | None:
        """What of `view` is published."""

    @abstractmethod
    def fetch(
        self, config: RepoConfig, view: str, ids: Sequence[str], *, pushed: str | None = None
    ) -> Fetched:
        """Rows of `view` and of the view `pushed`, at one instant."""

    @abstractmethod
    def claim(self, config: RepoConfig, view: str, token: str) -> tuple[Attempt, int]:
        """Take the view's token: the attempt that held it, and the generation that is published.

        Where there was none, one that staged nothing.
        """

    @abstractmethod
    def open_attempt(self, config: RepoConfig, attempt: Attempt) -> None:
        """Note what will be staged from now on."""

    @abstractmethod
    def has_attempt(self, config: RepoConfig, view: str) -> bool:
        """Whether a publication is under way, or died before it was closed."""

    @abstractmethod
    def sweep(self, config: RepoConfig, attempt: Attempt) -> None:
        """Remove what publications replaced, and what was staged and is not published."""

    @abstractmethod
    def digests(
        self, config: RepoConfig, attempt: Attempt, ids: Sequence[str]
    ) -> list[tuple[bytes | None, bytes | None]]:
        """Digest of each id's row as published, and as staged by this attempt."""

    @abstractmethod
    def stage(
        self,
        config: RepoConfig,
        attempt: Attempt,
        rows: Sequence[tuple[str, bytes]],
        at: datetime,
    ) -> None:
        """Put rows beside the published ones; GONE for an entity that leaves."""

    @abstractmethod
    def published_ids(self, config: RepoConfig, view: str) -> Iterable[list[str]]:
        """The ids that have a published row, in batches."""

    @abstractmethod
    def switch(self, config: RepoConfig, attempt: Attempt, marker: Marker) -> None:
        """Publish what was staged: one write. OvertakenError where it is not ours, or older."""

    @abstractmethod
    def close_attempt(self, config: RepoConfig, attempt: Attempt) -> None:
        """Note that nothing is left to do."""

    @abstractmethod
    def put(self, config: RepoConfig, view: str, rows: Sequence[tuple[str, Stored]]) -> None:
        """Rows of a pushed view; none replaces a newer one."""

    @abstractmethod
    def keep_layout(self, config: RepoConfig, layout: Layout) -> None:
        """Remember how rows of `layout` are read."""

    @abstractmethod
    def layout(self, config: RepoConfig, name: bytes) -> Layout:
        """The layout of that name; StoreAwayError where the store does not know it."""

    def begin(self, config: RepoConfig, view: str, snapshot: str) -> Attempt:
        """A publication of `snapshot`; it goes on where one of the same snapshot died.

        Whatever else was left behind is swept before anything new is staged, so that what is
        staged is of one snapshot at any moment.
        """
        before, done = self.claim(config, view, uuid.uuid4().hex)
        if before.generation > done and before.snapshot == snapshot:
            return before
        self.sweep(config, before)
        attempt = replace(before, generation=max(before.generation, done) + 1, snapshot=snapshot)
        self.open_attempt(config, attempt)
        return attempt

    def tidy(self, config: RepoConfig, attempt: Attempt) -> None:
        """Remove what the publication replaced; who dies here leaves it to the next."""
        self.sweep(config, attempt)
        self.close_attempt(config, attempt)

    def finish(self, config: RepoConfig, view: str) -> None:
        """Do what a publication that died after its switch left undone."""
        if self.has_attempt(config, view):
            self.tidy(config, self.claim(config, view, uuid.uuid4().hex)[0])

    def forget(self, config: RepoConfig, view: str, *, before: datetime) -> None:
        """Rows of a pushed view that are older than that may go."""

    def values(self, config: RepoConfig, row: bytes, *, at: datetime) -> dict[str, Value]:
        """What a row says, where it is published as of `at`."""
        name = layout_name(row)
        if name not in self._unpackers:
            self._unpackers[name] = Unpacker(self.layout(config, name))
        return self._unpackers[name].unpack(row, day=day_of(at))

    def online_write_batch(  # noqa: D102
        self,
        config: RepoConfig,
        table: FeatureView,
        data: list[Row],
        progress: Callable[[int], Any] | None,
    ) -> None:
        if self.marker(config, table.name) is not None:
            raise ValueError(f"{table.name} is published by vouch features materialize alone")
        layout = layout_of(table)
        self.keep_layout(config, layout)
        columns = {
            name: _column([row[1].get(name) for row in data], name in layout.texts)
            for name in layout.names
        }
        packed = pack(layout, pa.table(columns), day=0)
        rows = (
            (_id(key), Stored(_aware(event), row))
            for (key, _, event, _), row in zip(data, packed, strict=True)
        )
        self.put(config, table.name, list(rows))
        if progress:
            progress(len(data))

    def online_read(  # noqa: D102
        self,
        config: RepoConfig,
        table: FeatureView,
        entity_keys: list[EntityKey],
        requested_features: list[str] | None = None,  # noqa: ARG002
    ) -> list[Read]:
        fetched = self.fetch(config, table.name, [_id(key) for key in entity_keys])
        at = fetched.marker.event_time if fetched.marker else None
        return [self._read(config, row, at) for row in fetched.rows]

    def _read(self, config: RepoConfig, stored: Stored | None, at: datetime | None) -> Read:
        if stored is None:
            return None, None
        at = at or stored.event_time
        values = self.values(config, stored.row, at=at)
        return at, dict(starmap(_proto, values.items()))


def layout_of(view: FeatureView, ageing: Sequence[str] = ()) -> Layout:
    """How rows of a Feast view are packed. TypeError for a type that rows cannot hold."""
    strange = [field.name for field in view.features if field.dtype not in (Float64, String)]
    if strange:
        raise TypeError(f"{view.name}: {strange[0]} is neither Float64 nor String")
    names = tuple(field.name for field in view.features)
    texts = frozenset(field.name for field in view.features if field.dtype == String)
    return Layout(names, texts, tuple(ageing))


def microseconds(instant: datetime) -> int:
    """Whole microseconds from 1970 (UTC)."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def instant_of(microseconds: int) -> datetime:
    """The instant that many microseconds after 1970 began (UTC)."""
    return _EPOCH + timedelta(microseconds=microseconds)


def _aware(event: datetime) -> datetime:
    return event.replace(tzinfo=UTC) if event.tzinfo is None else event


def _id(key: EntityKey) -> str:
    return str(key.entity_values[0].string_val)


def _column(values: list[Proto | None], is_text: bool) -> pa.Array:  # noqa: FBT001
    plain = [None if value is None else _plain(value) for value in values]
    return pa.array(plain, pa.string() if is_text else pa.float64())


def _plain(value: Proto) -> Value:
    kind = value.WhichOneof("val")
    return None if kind is None else getattr(value, kind)


def _proto(name: str, value: Value) -> tuple[str, Proto]:
    if value is None:
        return name, Proto()
    return name, Proto(string_val=value) if isinstance(value, str) else Proto(double_val=value)
