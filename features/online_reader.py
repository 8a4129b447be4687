"""Reading online: values of one published day, what is fresh beside them, and their age."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from credit.contract import PRODUCT_OF
from credit.policy.evidence import Evidence, Fresh, Freshness, Value
from features.catalogue import definitions_sha256
from features.publication import Online, online_file, read_online, store_file
from features.repository import (
    FRESH_SINCE,
    SQLITE,
    fresh_view_name,
    is_ours,
    open_store,
    view_name,
)

if TYPE_CHECKING:
    from features.online_rows import Fetched, Marker, RowOnlineStore, Stored

# What came in since a day that is replaced daily: a day, and half a day late.
FRESH_MAX_AGE = timedelta(hours=36)


class OnlineFeatures:
    """Online features of one entity kind, read with their event time and their freshness.

    Opening costs seconds (Feast is imported and the registry read); a read costs well under a
    millisecond. One thread at a time may read: the event loop's, or one executor's. A newer
    publication, or another file in the place of the store's, is seen by the next read; other
    definitions make everything `UNAVAILABLE` until the process starts anew.

    All values of one read are of one published day, also while another is being published.
    """

    def __init__(
        self,
        home: Path,
        entity: str,
        *,
        max_age: timedelta,
        online_store: str = SQLITE,
        fresh_max_age: timedelta = FRESH_MAX_AGE,
    ) -> None:
        self.definitions_sha256 = definitions_sha256(PRODUCT_OF[entity])
        self._home = home
        self._entity = entity
        self._max_age = max_age
        self._online_store = online_store
        self._fresh_max_age = fresh_max_age
        self._online: Online | None = None
        self._online_stamp: tuple[int, int] | None = None
        self._rows: _Rows | None = None
        self._store_stamp: tuple[int, int] | None = None
        self._unavailable()

    def read(self, entity_ids: Sequence[str], *, now: datetime) -> list[Evidence]:
        """Evidence for each id, in order; what could not be read says why in `detail`."""
        unavailable = self._unavailable()
        if unavailable or self._rows is None:
            return [_nothing(unavailable)] * len(entity_ids)
        try:
            fetched = self._rows.fetch(entity_ids)
            if fetched.marker is None:
                return [_nothing(f"no {self._entity} features are online")] * len(entity_ids)
            if fetched.marker.definitions_sha256 != self.definitions_sha256:
                return [_nothing(self._other_definitions())] * len(entity_ids)
            return [
                self._evidence(fetched.marker, row, pushed, now)
                for row, pushed in zip(fetched.rows, fetched.pushed, strict=True)
            ]
        except (OSError, ValueError) as error:
            self._rows = None  # what it holds open may never be well again: the next one may
            return [_nothing(str(error))] * len(entity_ids)

    def _unavailable(self) -> str:
        """Why nothing can be read; empty where it can."""
        try:
            self._notice_publication()
            if self._online is None:
                return f"no {self._entity} features are online"
            if self._online.definitions_sha256 != self.definitions_sha256:
                return self._other_definitions()
            if self._online_store == SQLITE:
                self._notice_store()
            return "" if self._rows is not None else self._open()
        except (OSError, ValueError) as error:
            return f"what is online cannot be read: {error}"

    def _other_definitions(self) -> str:
        return f"the {self._entity} features online were built by other definitions"

    def _open(self) -> str:
        if not is_ours(self._home / "features"):
            return "the feature registry is not the one that was written"
        if self._online_store == SQLITE and self._store_stamp is None:
            return "the online store is not there"  # and opening it would leave an empty one
        self._rows = _Rows(self._home, self._entity, self._online_store)
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
            self._store_stamp, self._rows = stamp, None

    def _evidence(
        self, marker: "Marker", row: "Stored | None", pushed: "Stored | None", now: datetime
    ) -> Evidence:
        as_of = marker.event_time
        values = self._rows.values(row, as_of) if self._rows and row else {}
        fresh = self._fresh(pushed, as_of, now) if pushed else None
        why_not = _stale(as_of, now, self._max_age)
        if why_not:
            return Evidence(values, as_of, Freshness.STALE, why_not, fresh)
        if row is None:
            return Evidence(values, as_of, Freshness.UNKNOWN, f"unknown {self._entity}", fresh)
        return Evidence(values, as_of, Freshness.FRESH, fresh=fresh)

    def _fresh(self, pushed: "Stored", published: datetime, now: datetime) -> Fresh | None:
        """What is fresh beside the published day; of another day's it would be counted twice."""
        values = self._rows.values(pushed, pushed.event_time) if self._rows else {}
        if values.pop(FRESH_SINCE, None) != published.isoformat():
            return None
        why_not = _stale(pushed.event_time, now, self._fresh_max_age)
        if why_not:
            return Fresh({}, pushed.event_time, Freshness.STALE, why_not)
        return Fresh(values, pushed.event_time, Freshness.FRESH)


class _Rows:
    """An entity kind's rows, through Feast's store: `get_online_features` costs several reads."""

    def __init__(self, home: Path, entity: str, online_store: str) -> None:
        store = open_store(home / "features", online=online_store)
        self._config = store.config
        self._view, self._fresh_view = view_name(entity), fresh_view_name(entity)
        self._online: RowOnlineStore = store.provider.online_store

    def fetch(self, entity_ids: Sequence[str]) -> "Fetched":
        return self._online.fetch(self._config, self._view, entity_ids, pushed=self._fresh_view)

    def values(self, stored: "Stored", at: datetime) -> dict[str, Value]:
        return self._online.values(self._config, stored.row, at=at)


def _nothing(why: str) -> Evidence:
    return Evidence({}, None, Freshness.UNAVAILABLE, why)


def _stale(event_time: datetime, now: datetime, limit: timedelta) -> str:
    if event_time > now:
        return "newer than the decision"
    return f"older than {limit}" if now - event_time > limit else ""
