"""Pushing fresh rows into the online store: what came in since the published day, added up."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit.errors import InputError
from features.publication import store_file
from features.repository import SQLITE, is_ours, open_store, push_source_name

if TYPE_CHECKING:
    from feast import FeatureStore


class FreshDoor:
    """The way in for fresh rows, by Feast's push; one thread at a time may use it.

    Opening costs seconds, at the first push; a push costs some milliseconds.
    """

    def __init__(self, home: Path, online_store: str = SQLITE) -> None:
        self._home = home
        self._online_store = online_store
        self._store: FeatureStore | None = None

    def push(self, entity: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows of the fresh view: the join key, `event_timestamp`, `fresh_since`, every feature.

        A row that is as new or newer replaces its entity's, an older one never does; the readers
        use it where `fresh_since` is the event time of what is published. InputError where there
        is no store to push to, OSError where it does not answer.
        """
        import pandas as pd

        if not rows:
            return
        store = self._store or self._open()
        try:
            store.push(push_source_name(entity), pd.DataFrame(list(rows)))
        except Exception:
            self._store = None  # what it holds open may never be well again: the next one may
            raise

    def _open(self) -> "FeatureStore":
        folder = self._home / "features"
        is_there = self._online_store != SQLITE or store_file(self._home).exists()
        if not is_ours(folder) or not is_there:
            raise InputError(f"{folder} has no online store", "run vouch features materialize")
        self._store = open_store(folder, online=self._online_store)
        return self._store
