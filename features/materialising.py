"""Snapshots going online: only what changed is written, and a day is published whole."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from credit.contract import PRODUCT_OF
from credit.errors import InputError
from credit.progress import Progress
from features.catalogue import ENTITY_FEATURES, definitions_sha256
from features.definition import CATEGORY
from features.feast_loading import loading_feast
from features.packing import DIGEST_BYTES, GONE, Layout, day_of, pack
from features.publication import (
    Done,
    Online,
    Snapshot,
    Summary,
    published,
    read_online,
    snapshots_folder,
    write_online,
)
from features.repository import (
    JOIN_KEY,
    SQLITE,
    declare,
    fresh_view_name,
    is_ours,
    open_store,
    view_name,
)
from features.turns import in_turn

if TYPE_CHECKING:
    from feast import FeatureStore, RepoConfig

    from features.online_rows import Attempt, Marker, RowOnlineStore

ENTITIES_A_STEP = 2_000
PATIENCE_SECONDS = 30.0
# They rise by 1 a day where nothing happens: kept so that such an entity's row stays the same.
_AGEING = re.compile(r"days_since_\w+|(\w+_)?(tenure|history)_days|borrowing_days")


def materialize(
    home: Path, *, now: datetime, online_store: str = SQLITE, progress: Progress | None = None
) -> Summary:
    """Bring each entity's latest snapshot that describes a time by `now` into the online store.

    Only rows that differ from what is online are written, and nobody reads any of them before all
    are there. Older never replaces newer: what is online stays where the snapshot is not newer.
    Killed at any moment, the next run ends where this one would have. InputError where nothing is
    published by `now`, or where it was built by other definitions.
    """
    started = time.monotonic()
    latest = [snapshot for entity in ENTITY_FEATURES if (snapshot := _latest(home, entity, now))]
    if not latest:
        raise InputError(
            f"no snapshot in {snapshots_folder(home)} describes a time by {now:%Y-%m-%d %H:%M}",
            "run vouch features build",
        )
    with in_turn(home / "features" / "materialize.lock"), _trouble_told():
        desk = _Desk.open(home, online_store)
        done = tuple(desk.publish(snapshot, progress) for snapshot in latest)
    read = sum(entity.rows for entity in done if entity.written)
    return Summary(done, time.monotonic() - started, rows_read=read)


def _latest(home: Path, entity: str, now: datetime) -> Snapshot | None:
    known = [snapshot for snapshot in published(home, entity) if snapshot.event_time <= now]
    if not known:
        return None
    if known[-1].definitions_sha256 != definitions_sha256(PRODUCT_OF[entity]):
        what = f"the {entity} snapshot of {known[-1].as_of} was built by other definitions"
        raise InputError(what, f"run vouch features build --as-of {known[-1].as_of}")
    if not known[-1].is_whole:
        what = f"the {entity} snapshot of {known[-1].as_of} was built before that day was over"
        raise InputError(what, f"run vouch features build --as-of {known[-1].as_of} again")
    return known[-1]


@contextmanager
def _trouble_told() -> Iterator[None]:
    with loading_feast():
        from features.online_rows import OvertakenError, StoreAwayError

    try:
        yield
    except StoreAwayError as error:
        mend = "see that the store of VOUCH_ONLINE_STORE is up, and materialize again"
        raise InputError(str(error), mend) from error
    except OvertakenError as error:
        raise InputError(str(error), "let one machine at a time materialize") from error


@dataclass(slots=True)
class _Tally:
    """Rows that were online before, and how many of them changed."""

    known: int = 0
    changed: int = 0
    left: int = 0

    def __str__(self) -> str:
        return f"{self.changed:,} changed" + (f", {self.left:,} left" if self.left else "")


@dataclass(frozen=True, slots=True)
class _Desk:
    """The online store of a home, open for writing."""

    home: Path
    online: "RowOnlineStore"
    config: "RepoConfig"

    @classmethod
    def open(cls, home: Path, online_store: str) -> "_Desk":
        store = _declared(home, online_store)
        online = store.provider.online_store
        views = [store.get_feature_view(view.name) for view in store.list_feature_views()]
        online.update(store.config, [], views, [], [], partial=True)
        return cls(home, online, store.config)

    def publish(self, snapshot: Snapshot, progress: Progress | None) -> Done:
        """One entity's latest day."""
        view = view_name(snapshot.entity)
        marker, note = self.online.marker(self.config, view), ""
        is_news = marker is None or _is_news(snapshot, marker)
        if is_news:
            attempt = self.online.begin(self.config, view, _contents(snapshot))
            tally = self._stage(snapshot, attempt, marker, progress)
            marker = _marker(snapshot, attempt)
            self.online.switch(self.config, attempt, marker)
            self._say(snapshot.entity, marker)
            self.online.tidy(self.config, attempt)
            self.online.forget(
                self.config, fresh_view_name(snapshot.entity), before=marker.event_time
            )
            note = str(tally)
        else:
            self._say(snapshot.entity, marker)
            self.online.finish(self.config, view)
            if marker.event_time > snapshot.event_time:
                note = "what is online is newer"
        features = len(ENTITY_FEATURES[snapshot.entity])
        return Done(snapshot.entity, marker.event_time, marker.rows, features, is_news, note)

    def _stage(
        self,
        snapshot: Snapshot,
        attempt: "Attempt",
        before: "Marker | None",
        progress: Progress | None,
    ) -> _Tally:
        layout = layout_of(snapshot.entity)
        self.online.keep_layout(self.config, layout)
        file, tally = pq.ParquetFile(snapshot.file), _Tally()
        columns = [JOIN_KEY[snapshot.entity], *layout.names]
        for number, batch in enumerate(
            file.iter_batches(batch_size=ENTITIES_A_STEP, columns=columns)
        ):
            ids = batch.column(JOIN_KEY[snapshot.entity]).to_pylist()
            packed = pack(layout, batch, day=day_of(snapshot.event_time))
            self._stage_changed(attempt, ids, packed, snapshot.event_time, tally)
            if progress is not None:
                done = number * ENTITIES_A_STEP + len(ids)
                progress(f"online {snapshot.entity}", done / max(snapshot.rows, 1))
        if before is not None and tally.known < before.rows:
            self._stage_leavers(snapshot, attempt, tally)
        return tally

    def _stage_changed(
        self, attempt: "Attempt", ids: list[str], packed: list[bytes], at: datetime, tally: _Tally
    ) -> None:
        heads = self.online.digests(self.config, attempt, ids)
        rows: list[tuple[str, bytes]] = []
        for entity_id, row, (there, staged) in zip(ids, packed, heads, strict=True):
            digest = row[:DIGEST_BYTES]
            tally.known += there is not None
            tally.changed += there != digest
            if digest not in (there, staged):
                rows.append((entity_id, row))
        if rows:
            self.online.stage(self.config, attempt, rows, at)

    def _stage_leavers(self, snapshot: Snapshot, attempt: "Attempt", tally: _Tally) -> None:
        """Entities that were online and are not in the snapshot."""
        key = JOIN_KEY[snapshot.entity]
        present = set(pq.read_table(snapshot.file, columns=[key])[key].to_pylist())
        for ids in self.online.published_ids(self.config, attempt.view):
            left = [entity_id for entity_id in ids if entity_id not in present]
            tally.left += len(left)
            rows = [(entity_id, GONE) for entity_id in left]
            if rows:
                self.online.stage(self.config, attempt, rows, snapshot.event_time)

    def _say(self, entity: str, marker: "Marker") -> None:
        """Write down beside the snapshots what the store says is published."""
        said = Online(
            event_time=marker.event_time,
            rows=marker.rows,
            definitions_sha256=marker.definitions_sha256,
            snapshot=Path(marker.snapshot).name,
        )
        online = _readable(self.home)
        if online.get(entity) != said:
            write_online(self.home, online | {entity: said})


def layout_of(entity: str) -> Layout:
    """How an entity's published rows are packed."""
    features = ENTITY_FEATURES[entity]
    return Layout(
        names=tuple(feature.name for feature in features),
        texts=frozenset(feature.name for feature in features if feature.dtype == CATEGORY),
        ageing=tuple(it.name for it in features if _AGEING.fullmatch(it.name)),
    )


def _declared(home: Path, online_store: str) -> "FeatureStore":
    """The home's feature store, made anew unless it is there and its registry the one we wrote."""
    folder = home / "features"
    if is_ours(folder):
        return open_store(folder, online=online_store, patience_seconds=PATIENCE_SECONDS)
    files = Path("as_of=*") / "values-*.parquet"
    sources = {entity: str(snapshots_folder(home) / entity / files) for entity in ENTITY_FEATURES}
    return declare(folder, sources, online=online_store, patience_seconds=PATIENCE_SECONDS)


def _is_news(snapshot: Snapshot, there: "Marker") -> bool:
    if there.definitions_sha256 != snapshot.definitions_sha256:
        return True
    if snapshot.event_time == there.event_time:
        return there.snapshot != _identity(snapshot)
    return snapshot.event_time > there.event_time


def _identity(snapshot: Snapshot) -> str:
    return f"{snapshot.as_of}/{snapshot.file.name}"


def _contents(snapshot: Snapshot) -> str:
    """What says that a file is the very same as when an earlier run read it."""
    status = snapshot.file.stat()
    return f"{_identity(snapshot)} {status.st_size} {status.st_mtime_ns}"


def _marker(snapshot: Snapshot, attempt: "Attempt") -> "Marker":
    from features.online_rows import Marker

    return Marker(
        generation=attempt.generation,
        event_time=snapshot.event_time,
        rows=snapshot.rows,
        definitions_sha256=snapshot.definitions_sha256,
        snapshot=_identity(snapshot),
    )


def _readable(home: Path) -> dict[str, Online]:
    try:
        return read_online(home)
    except ValueError:
        return {}  # it is damaged, and about to be written anew
