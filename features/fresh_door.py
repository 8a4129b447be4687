"""Pushing fresh values into the online store: what came in since the published day, added up."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from credit.errors import InputError
from credit.policy.evidence import Value
from features.publication import store_file
from features.repository import (
    CREATED,
    EVENT,
    FRESH_SINCE,
    JOIN_KEY,
    SQLITE,
    is_ours,
    open_store,
    push_source_name,
    view_name,
)

if TYPE_CHECKING:
    from feast import FeatureStore

_Answer = TypeVar("_Answer")


class FreshDoor:
    """The way in for fresh values, by Feast's push; one thread at a time may use it.

    Opening costs seconds, at the first use; a push costs some milliseconds. Where the store is
    away or fails, OSError or whatever Feast raises; the next use opens it anew.
    """

    def __init__(self, home: Path, online_store: str = SQLITE) -> None:
        self._home = home
        self._online_store = online_store
        self._store: FeatureStore | None = None

    def since(self, entity: str) -> datetime | None:
        """The event time of what is published online; None where nothing is."""
        if self._store is None and not self._is_there():
            return None

        def read(store: "FeatureStore") -> datetime | None:
            marker = store.provider.online_store.marker(store.config, view_name(entity))
            return marker.event_time if marker else None

        return self._ask(read)

    def push(
        self,
        entity: str,
        rows: Mapping[str, Mapping[str, Value]],
        *,
        since: datetime,
        event_time: datetime,
    ) -> None:
        """Put every fresh feature of these entities beside the day that is published as `since`.

        A row that is as new or newer by `event_time` replaces its entity's, an older one never
        does. Readers use it only while that day is published. InputError where there is no store.
        """
        import pandas as pd

        if not rows:
            return
        told = {EVENT: event_time, CREATED: event_time, FRESH_SINCE: since.isoformat()}
        frame = pd.DataFrame(
            [{JOIN_KEY[entity]: entity_id, **told, **values} for entity_id, values in rows.items()]
        )
        self._ask(lambda store: store.push(push_source_name(entity), frame))

    def _ask(self, question: "Callable[[FeatureStore], _Answer]") -> _Answer:
        if self._store is None:
            self._store = self._open()
        try:
            return question(self._store)
        except Exception:
            self._store = None  # what it holds open may never be well again: the next one may
            raise

    def _is_there(self) -> bool:
        stands = self._online_store != SQLITE or store_file(self._home).exists()
        return stands and is_ours(self._home / "features")

    def _open(self) -> "FeatureStore":
        folder = self._home / "features"
        if not self._is_there():
            raise InputError(f"{folder} has no online store", "run vouch features materialize")
        return open_store(folder, online=self._online_store)
