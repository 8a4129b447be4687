"""Feast's online store on SQLite, one row an entity.

Feast's own writes a row for each value, lets an older event overwrite a newer one and keeps event
times in the machine's time zone. Here a row is replaced whole and only by one that is as new, its
event time is exact, and readers go on reading while a snapshot is written (WAL). Feast loads this
class by name; nothing else imports it.
"""

import json
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from feast import Entity, FeatureView
from feast.infra.key_encoding_utils import serialize_entity_key
from feast.infra.online_stores.sqlite import SqliteOnlineStore, SqliteOnlineStoreConfig
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import RepeatedValue, Value
from feast.repo_config import RepoConfig

Row = tuple[EntityKey, dict[str, Value], datetime, datetime | None]
Read = tuple[datetime | None, dict[str, Value] | None]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RowSqliteOnlineStoreConfig(SqliteOnlineStoreConfig):
    """Where the database file lies; Feast finds this class by its name."""

    type: Literal["features.online_sqlite.RowSqliteOnlineStore"] = (
        "features.online_sqlite.RowSqliteOnlineStore"
    )


class RowSqliteOnlineStore(SqliteOnlineStore):
    """Rows (entity key, event time, layout, packed values); a layout is a list of names."""

    def __init__(self) -> None:
        super().__init__()
        self._layouts: dict[int, list[str]] = {}

    def _get_conn(self, config: RepoConfig) -> sqlite3.Connection:
        if self._conn is None:
            path = self._get_db_path(config)
            self._conn = sqlite3.connect(path, check_same_thread=False, timeout=30)
            self._conn.execute("PRAGMA synchronous=NORMAL")
        return self._conn

    def update(  # noqa: D102, PLR0917
        self,
        config: RepoConfig,
        tables_to_delete: Sequence[FeatureView],
        tables_to_keep: Sequence[FeatureView],
        entities_to_delete: Sequence[Entity],  # noqa: ARG002
        entities_to_keep: Sequence[Entity],  # noqa: ARG002
        partial: bool,  # noqa: ARG002, FBT001
    ) -> None:
        connection = self._get_conn(config)
        # The file remembers it. Said by every reader, it would wait for all others where it is not.
        connection.execute("PRAGMA journal_mode=WAL")
        with connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS layouts"
                " (layout INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE)"
            )
            for table in tables_to_keep:
                connection.execute(
                    f'CREATE TABLE IF NOT EXISTS "{table.name}" (entity_key BLOB PRIMARY KEY,'
                    " event_us INTEGER NOT NULL, layout INTEGER NOT NULL, vals BLOB NOT NULL)"
                    " WITHOUT ROWID"
                )
            for table in tables_to_delete:
                connection.execute(f'DROP TABLE IF EXISTS "{table.name}"')

    def plan(self, config: RepoConfig, desired_registry_proto: Any) -> list[Any]:  # noqa: ARG002, D102
        return []

    def online_write_batch(  # noqa: D102
        self,
        config: RepoConfig,
        table: FeatureView,
        data: list[Row],
        progress: Callable[[int], Any] | None,
    ) -> None:
        connection = self._get_conn(config)
        names = [feature.name for feature in table.features]
        with connection:
            layout = self._layout_of(connection, names)
            connection.executemany(
                f'INSERT INTO "{table.name}" VALUES (?, ?, ?, ?) ON CONFLICT(entity_key) DO UPDATE'
                " SET event_us = excluded.event_us, layout = excluded.layout, vals = excluded.vals"
                " WHERE excluded.event_us >= event_us",
                (
                    (_key(config, entity), _microseconds(event), layout, _packed(names, values))
                    for entity, values, event, _created in data
                ),
            )
        if progress:
            progress(len(data))

    def online_read(  # noqa: D102
        self,
        config: RepoConfig,
        table: FeatureView,
        entity_keys: list[EntityKey],
        requested_features: list[str] | None = None,  # noqa: ARG002
    ) -> list[Read]:
        connection = self._get_conn(config)
        keys = [_key(config, entity) for entity in entity_keys]
        marks = ",".join("?" * len(keys))
        found = {
            key: (event, layout, packed)
            for key, event, layout, packed in connection.execute(
                f'SELECT entity_key, event_us, layout, vals FROM "{table.name}"'
                f" WHERE entity_key IN ({marks})",
                keys,
            )
        }
        return [self._unpacked(connection, *found[key]) if key in found else _NONE for key in keys]

    def _layout_of(self, connection: sqlite3.Connection, names: list[str]) -> int:
        text = json.dumps(names)
        connection.execute("INSERT OR IGNORE INTO layouts (names) VALUES (?)", (text,))
        query = "SELECT layout FROM layouts WHERE names = ?"
        return int(connection.execute(query, (text,)).fetchone()[0])

    def _unpacked(
        self, connection: sqlite3.Connection, event: int, layout: int, packed: bytes
    ) -> Read:
        if layout not in self._layouts:
            query = "SELECT names FROM layouts WHERE layout = ?"
            self._layouts[layout] = json.loads(connection.execute(query, (layout,)).fetchone()[0])
        values = RepeatedValue.FromString(packed).val
        moment = _EPOCH + timedelta(microseconds=event)
        return moment, dict(zip(self._layouts[layout], values, strict=True))


_NONE: Read = (None, None)


def _key(config: RepoConfig, entity: EntityKey) -> bytes:
    version = config.entity_key_serialization_version
    return bytes(serialize_entity_key(entity, entity_key_serialization_version=version))


def _microseconds(event: datetime) -> int:
    aware = event.replace(tzinfo=UTC) if event.tzinfo is None else event
    return (aware - _EPOCH) // timedelta(microseconds=1)


def _packed(names: list[str], values: dict[str, Value]) -> bytes:
    return bytes(RepeatedValue(val=[values[name] for name in names]).SerializeToString())
