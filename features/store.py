"""The feature store's three doors: training values, snapshots going online, and reading online."""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from credit.errors import InputError
from credit.policy.evidence import Evidence, Freshness, Value
from credit.progress import Progress
from features.catalogue import ENTITY_FEATURES, definitions_sha256
from features.historical import historical
from features.publication import (
    Done,
    Online,
    Snapshot,
    Summary,
    online_file,
    published,
    read_online,
    snapshots_folder,
    store_file,
    write_online,
)
from features.repository import (
    JOIN_KEY,
    PRODUCT_OF,
    WRITE_BATCH,
    declare,
    is_ours,
    open_store,
    view_name,
)

if TYPE_CHECKING:
    from feast import FeatureStore

__all__ = ["OnlineFeatures", "historical", "materialize"]


def materialize(home: Path, *, now: datetime, progress: Progress | None = None) -> Summary:
    """Bring each entity's latest snapshot that describes a time by `now` into the online store.

    Older never replaces newer: what is online stays where the snapshot is not newer. InputError
    where nothing is published by `now`, or where it was built by other definitions.
    """
    started = time.monotonic()
    latest = [snapshot for entity in ENTITY_FEATURES if (snapshot := _latest(home, entity, now))]
    if not latest:
        raise InputError(
            f"no snapshot in {snapshots_folder(home)} describes a time by {now:%Y-%m-%d %H:%M}",
            "run vouch features build",
        )
    online = read_online(home) if store_file(home).exists() else {}
    pending = [snapshot for snapshot in latest if _is_news(snapshot, online)]
    if pending:
        store = _declared(home)
        for snapshot in pending:
            _write(store, snapshot, progress)
            online[snapshot.entity] = _as_online(snapshot)
            write_online(home, online)
    done = tuple(_done(snapshot, online, snapshot in pending) for snapshot in latest)
    return Summary(done, time.monotonic() - started)


def _latest(home: Path, entity: str, now: datetime) -> Snapshot | None:
    known = [snapshot for snapshot in published(home, entity) if snapshot.event_time <= now]
    if not known:
        return None
    if known[-1].definitions_sha256 != definitions_sha256(PRODUCT_OF[entity]):
        what = f"the {entity} snapshot of {known[-1].as_of} was built by other definitions"
        raise InputError(what, f"run vouch features build --as-of {known[-1].as_of}")
    return known[-1]


def _is_news(snapshot: Snapshot, online: dict[str, Online]) -> bool:
    there = online.get(snapshot.entity)
    if there is None or there.definitions_sha256 != snapshot.definitions_sha256:
        return True
    if snapshot.event_time == there.event_time:
        return there.snapshot != snapshot.file.name
    return snapshot.event_time > there.event_time


def _declared(home: Path) -> "FeatureStore":
    """The home's feature store, made anew unless it is there and its registry the one we wrote."""
    folder = home / "features"
    if is_ours(folder) and store_file(home).exists():
        return open_store(folder, online=store_file(home))
    files = Path("as_of=*") / "values-*.parquet"
    sources = {entity: str(snapshots_folder(home) / entity / files) for entity in ENTITY_FEATURES}
    return declare(folder, sources, online=store_file(home))


def _write(store: "FeatureStore", snapshot: Snapshot, progress: Progress | None) -> None:
    view = store.get_feature_view(view_name(snapshot.entity))
    file = pq.ParquetFile(snapshot.file)
    written = 0
    for batch in file.iter_batches(batch_size=WRITE_BATCH):
        store.provider.ingest_df(view, batch.to_pandas())
        written += batch.num_rows
        if progress is not None:
            progress(f"online {snapshot.entity}", written / max(snapshot.rows, 1))


def _as_online(snapshot: Snapshot) -> Online:
    return Online(
        event_time=snapshot.event_time,
        rows=snapshot.rows,
        definitions_sha256=snapshot.definitions_sha256,
        snapshot=snapshot.file.name,
    )


def _done(snapshot: Snapshot, online: dict[str, Online], written: bool) -> Done:  # noqa: FBT001
    there = online[snapshot.entity]
    note = "" if there.event_time == snapshot.event_time else "what is online is newer"
    return Done(snapshot.entity, there.event_time, there.rows, snapshot.features, written, note)


class OnlineFeatures:
    """Online features of one entity kind, read with their event time and their freshness.

    Opening costs seconds (Feast is imported and the registry read); a read costs well under a
    millisecond. One thread at a time may read: the event loop's, or one executor's. A newer
    publication, or another file in the place of the store's, is seen by the next read; other
    definitions make everything `UNAVAILABLE` until the process starts anew.
    """

    def __init__(self, home: Path, entity: str, *, max_age: timedelta) -> None:
        self.definitions_sha256 = definitions_sha256(PRODUCT_OF[entity])
        self._home = home
        self._entity = entity
        self._max_age = max_age
        self._online: Online | None = None
        self._online_stamp: tuple[int, int] | None = None
        self._reader: _Reader | None = None
        self._store_stamp: tuple[int, int] | None = None
        self._unavailable()

    def read(self, entity_ids: Sequence[str], *, now: datetime) -> list[Evidence]:
        """Evidence for each id, in order; what could not be read says why in `detail`."""
        unavailable = self._unavailable()
        if unavailable or self._online is None or self._reader is None:
            nothing = Evidence({}, None, Freshness.UNAVAILABLE, unavailable)
            return [nothing] * len(entity_ids)
        try:
            found = self._reader.read(entity_ids)
        except sqlite3.Error as error:
            self._reader = None  # what it holds open may never be well again: the next one may
            nothing = Evidence({}, None, Freshness.UNAVAILABLE, f"online store: {error}")
            return [nothing] * len(entity_ids)
        published_at = self._online.event_time
        return [self._evidence(at or published_at, values, now) for at, values in found]

    def _unavailable(self) -> str:
        """Why nothing can be read; empty where it can."""
        try:
            self._notice_publication()
            if self._online is None:
                return f"no {self._entity} features are online"
            if self._online.definitions_sha256 != self.definitions_sha256:
                return f"the {self._entity} features online were built by other definitions"
            self._notice_store()
            if self._reader is None:
                return self._open()
        except (OSError, ValueError) as error:
            return f"what is online cannot be read: {error}"
        return ""

    def _open(self) -> str:
        folder = self._home / "features"
        if not is_ours(folder):
            return "the feature registry is not the one that was written"
        if self._store_stamp is None:
            return "the online store is not there"  # and opening it would leave an empty one
        self._reader = _Reader(open_store(folder, online=store_file(self._home)), self._entity)
        return ""

    def _notice_publication(self) -> None:
        try:
            status = online_file(self._home).stat()
        except FileNotFoundError:
            self._online, self._online_stamp = None, None
            return
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._online_stamp:
            self._online = read_online(self._home).get(self._entity)
            self._online_stamp = stamp

    def _notice_store(self) -> None:
        """A reader would go on for ever in a file that was deleted or put out of its place."""
        try:
            status = store_file(self._home).stat()
            stamp = (status.st_dev, status.st_ino)
        except FileNotFoundError:
            stamp = None
        if stamp != self._store_stamp:
            self._store_stamp, self._reader = stamp, None

    def _evidence(self, as_of: datetime, values: dict[str, Value], now: datetime) -> Evidence:
        if as_of > now:
            return Evidence(values, as_of, Freshness.STALE, "newer than the decision")
        if now - as_of > self._max_age:
            return Evidence(values, as_of, Freshness.STALE, f"older than {self._max_age}")
        if not values:
            return Evidence(values, as_of, Freshness.UNKNOWN, f"unknown {self._entity}")
        return Evidence(values, as_of, Freshness.FRESH)


class _Reader:
    """Reads rows through Feast's provider: `get_online_features` costs several times the read."""

    def __init__(self, store: "FeatureStore", entity: str) -> None:
        from feast.protos.feast.types.EntityKey_pb2 import EntityKey
        from feast.protos.feast.types.Value_pb2 import Value as Proto

        self._store = store
        self._view = store.get_feature_view(view_name(entity))
        self._names = tuple(feature.name for feature in ENTITY_FEATURES[entity])
        self._key = lambda entity_id: EntityKey(
            join_keys=[JOIN_KEY[entity]], entity_values=[Proto(string_val=entity_id)]
        )

    def read(self, entity_ids: Sequence[str]) -> list[tuple[datetime | None, dict[str, Value]]]:
        """Event time and values of each id; None and nothing where it is not there."""
        rows = self._store.provider.online_read(
            config=self._store.config,
            table=self._view,
            entity_keys=[self._key(entity_id) for entity_id in entity_ids],
        )
        return [(event_time, self._values(found or {})) for event_time, found in rows]

    def _values(self, found: Mapping[str, Any]) -> dict[str, Value]:
        return {name: _value(found[name]) for name in self._names if name in found}


def _value(value: Any) -> Value:
    kind = value.WhichOneof("val")
    return None if kind is None else getattr(value, kind)
