"""The online store in an SQLite file. Feast loads this class by name.

A row's key is the entity and the generation that wrote it; a reader takes the newest generation
that is published. Readers go on reading while a snapshot is written (WAL), and a batch holds the
writers' lock for some hundredths of a second, so that fresh rows pass in between.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from feast import Entity, FeatureView
from feast.repo_config import FeastConfigBaseModel, RepoConfig

from features.online_rows import (
    Attempt,
    Fetched,
    Marker,
    OvertakenError,
    RowOnlineStore,
    StoreAwayError,
    Stored,
    instant_of,
    microseconds,
)
from features.packing import DIGEST_BYTES, GONE, Layout

PATIENCE_SECONDS = 30
SCHEMA = 2  # 1 was a row an entity, without generations
KEYS_A_STEP = 5_000
_TABLES = {
    "layouts": "layout BLOB PRIMARY KEY, content TEXT NOT NULL",
    "markers": (
        "view TEXT PRIMARY KEY, generation INTEGER NOT NULL, event_us INTEGER NOT NULL,"
        " entities INTEGER NOT NULL, definitions TEXT NOT NULL, snapshot TEXT NOT NULL"
    ),
    "attempts": (
        "view TEXT PRIMARY KEY, token TEXT NOT NULL, generation INTEGER NOT NULL,"
        " snapshot TEXT NOT NULL"
    ),
}
_ROWS = (
    "entity_key TEXT NOT NULL, generation INTEGER NOT NULL, event_us INTEGER NOT NULL,"
    " vals BLOB NOT NULL, PRIMARY KEY (entity_key, generation)"
)


class RowSqliteOnlineStoreConfig(FeastConfigBaseModel):
    """Where the database file lies; Feast finds this class by its name."""

    type: Literal["features.online_sqlite.RowSqliteOnlineStore"] = (
        "features.online_sqlite.RowSqliteOnlineStore"
    )
    path: str


class RowSqliteOnlineStore(RowOnlineStore):
    """Tables `markers`, `attempts`, `layouts`, and one a view."""

    def __init__(self) -> None:
        super().__init__()
        self._connection: sqlite3.Connection | None = None

    def update(  # noqa: D102, PLR0917
        self,
        config: RepoConfig,
        tables_to_delete: Sequence[FeatureView],
        tables_to_keep: Sequence[FeatureView],
        entities_to_delete: Sequence[Entity],  # noqa: ARG002
        entities_to_keep: Sequence[Entity],  # noqa: ARG002
        partial: bool,  # noqa: ARG002, FBT001
    ) -> None:
        # The file remembers it. Said by every reader, it would wait for all others where it is not.
        self._open(config).execute("PRAGMA journal_mode=WAL")
        with self._writing(config) as connection:
            if connection.execute("PRAGMA user_version").fetchone()[0] < SCHEMA:
                for table in ("layouts", *(view.name for view in tables_to_keep)):
                    connection.execute(f'DROP TABLE IF EXISTS "{table}"')
                connection.execute(f"PRAGMA user_version={SCHEMA}")
            for name, columns in (_TABLES | {it.name: _ROWS for it in tables_to_keep}).items():
                connection.execute(f'CREATE TABLE IF NOT EXISTS "{name}" ({columns}) WITHOUT ROWID')
            for view in tables_to_delete:
                connection.execute(f'DROP TABLE IF EXISTS "{view.name}"')

    def teardown(  # noqa: D102
        self,
        config: RepoConfig,
        tables: Sequence[FeatureView],  # noqa: ARG002
        entities: Sequence[Entity],  # noqa: ARG002
    ) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        Path(config.online_store.path).unlink(missing_ok=True)

    def marker(self, config: RepoConfig, view: str) -> Marker | None:  # noqa: D102
        with _trouble_told():
            return _marker(self._open(config), view)

    def fetch(  # noqa: D102
        self, config: RepoConfig, view: str, ids: Sequence[str], *, pushed: str | None = None
    ) -> Fetched:
        with _trouble_told(), _reading(self._open(config)) as connection:
            marker = _marker(connection, view)
            upto = marker.generation if marker else 0
            rows = _rows(connection, view, ids, upto)
            beside = _rows(connection, pushed, ids, 0) if pushed else [None] * len(ids)
        return Fetched(marker, rows, beside)

    def claim(self, config: RepoConfig, view: str, token: str) -> tuple[Attempt, int]:  # noqa: D102
        with self._writing(config) as connection:
            marker, before = _marker(connection, view), _attempt(connection, view)
            done = marker.generation if marker else 0
            attempt = replace(before or Attempt(view, "", done, ""), token=token)
            _keep(connection, attempt)
        return attempt, done

    def open_attempt(self, config: RepoConfig, attempt: Attempt) -> None:  # noqa: D102
        with self._holding(config, attempt) as connection:
            _keep(connection, attempt)

    def digests(  # noqa: D102
        self, config: RepoConfig, attempt: Attempt, ids: Sequence[str]
    ) -> list[tuple[bytes | None, bytes | None]]:
        query = (
            f"SELECT entity_key, generation, substr(vals, 1, {DIGEST_BYTES})"
            f' FROM "{attempt.view}" WHERE entity_key IN ({_marks(ids)}) ORDER BY generation'
        )
        published: dict[str, bytes | None] = {}
        staged: dict[str, bytes] = {}
        with _trouble_told():
            for key, generation, digest in self._open(config).execute(query, ids):
                if generation == attempt.generation:
                    staged[key] = digest
                else:
                    published[key] = digest or None
        return [(published.get(key), staged.get(key)) for key in ids]

    def stage(  # noqa: D102
        self,
        config: RepoConfig,
        attempt: Attempt,
        rows: Sequence[tuple[str, bytes]],
        at: datetime,
    ) -> None:
        event, generation = microseconds(at), attempt.generation
        with self._holding(config, attempt) as connection:
            connection.executemany(
                f'INSERT OR REPLACE INTO "{attempt.view}" VALUES (?, ?, ?, ?)',
                ((key, generation, event, row) for key, row in rows),
            )

    def published_ids(self, config: RepoConfig, view: str) -> Iterator[list[str]]:  # noqa: D102
        marker = self.marker(config, view)
        upto = marker.generation if marker else 0
        for first, last in self._ranges(config, view):
            query = (
                f'SELECT DISTINCT entity_key FROM "{view}" WHERE entity_key BETWEEN ? AND ?'
                " AND generation <= ?"
            )
            found = self._open(config).execute(query, (first, last, upto))
            yield [key for (key,) in found]

    def switch(self, config: RepoConfig, attempt: Attempt, marker: Marker) -> None:  # noqa: D102
        with self._holding(config, attempt) as connection:
            there = _marker(connection, attempt.view)
            if there is not None and there.is_newer(marker):
                raise OvertakenError(f"{attempt.view} is published as of {there.event_time}")
            connection.execute(
                "INSERT OR REPLACE INTO markers VALUES (?, ?, ?, ?, ?, ?)",
                (
                    attempt.view,
                    marker.generation,
                    microseconds(marker.event_time),
                    marker.rows,
                    marker.definitions_sha256,
                    marker.snapshot,
                ),
            )

    def has_attempt(self, config: RepoConfig, view: str) -> bool:  # noqa: D102
        with _trouble_told():
            return _attempt(self._open(config), view) is not None

    def sweep(self, config: RepoConfig, attempt: Attempt) -> None:  # noqa: D102
        marker = self.marker(config, attempt.view)
        done = marker.generation if marker else 0
        for first, last in self._ranges(config, attempt.view):
            with self._holding(config, attempt) as connection:
                connection.execute(
                    f'DELETE FROM "{attempt.view}" AS it WHERE entity_key BETWEEN ? AND ?'
                    " AND (generation > ? OR generation < (SELECT max(generation)"
                    f' FROM "{attempt.view}" AS other WHERE other.entity_key = it.entity_key'
                    " AND other.generation <= ?))",
                    (first, last, done, done),
                )
                connection.execute(
                    f'DELETE FROM "{attempt.view}" WHERE entity_key BETWEEN ? AND ? AND vals = ?',
                    (first, last, GONE),
                )

    def close_attempt(self, config: RepoConfig, attempt: Attempt) -> None:  # noqa: D102
        with self._holding(config, attempt) as connection:
            connection.execute("DELETE FROM attempts WHERE view = ?", (attempt.view,))

    def put(  # noqa: D102
        self, config: RepoConfig, view: str, rows: Sequence[tuple[str, Stored]]
    ) -> None:
        with self._writing(config) as connection:
            connection.executemany(
                f'INSERT INTO "{view}" VALUES (?, 0, ?, ?) ON CONFLICT(entity_key, generation)'
                " DO UPDATE SET event_us = excluded.event_us, vals = excluded.vals"
                " WHERE excluded.event_us >= event_us",
                ((key, microseconds(stored.event_time), stored.row) for key, stored in rows),
            )

    def forget(self, config: RepoConfig, view: str, *, before: datetime) -> None:  # noqa: D102
        with self._writing(config) as connection:
            connection.execute(f'DELETE FROM "{view}" WHERE event_us < ?', (microseconds(before),))

    def keep_layout(self, config: RepoConfig, layout: Layout) -> None:  # noqa: D102
        with self._writing(config) as connection:
            connection.execute(
                "INSERT OR IGNORE INTO layouts VALUES (?, ?)", (layout.name, layout.to_json())
            )

    def layout(self, config: RepoConfig, name: bytes) -> Layout:  # noqa: D102
        query = "SELECT content FROM layouts WHERE layout = ?"
        with _trouble_told():
            found = self._open(config).execute(query, (name,)).fetchone()
        if found is None:
            raise StoreAwayError("the online store does not know how its rows are read")
        return Layout.from_json(found[0])

    def _open(self, config: RepoConfig) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(
                config.online_store.path,
                check_same_thread=False,
                timeout=PATIENCE_SECONDS,
                isolation_level=None,
            )
            self._connection.execute("PRAGMA synchronous=NORMAL")
        return self._connection

    @contextmanager
    def _writing(self, config: RepoConfig) -> Iterator[sqlite3.Connection]:
        with _trouble_told():
            connection = self._open(config)
            connection.execute("BEGIN IMMEDIATE")
            with connection:  # commits, or rolls back
                yield connection

    @contextmanager
    def _holding(self, config: RepoConfig, attempt: Attempt) -> Iterator[sqlite3.Connection]:
        """As `_writing`, where nobody overtook the attempt."""
        with self._writing(config) as connection:
            there = _attempt(connection, attempt.view)
            if there is None or there.token != attempt.token:
                raise OvertakenError(f"another publication of {attempt.view} was begun")
            yield connection

    def _ranges(self, config: RepoConfig, view: str) -> Iterator[tuple[str, str]]:
        """First and last key of each few thousand rows of `view`."""
        query = (
            f'SELECT min(entity_key), max(entity_key) FROM (SELECT entity_key FROM "{view}"'
            " WHERE entity_key > ? ORDER BY entity_key LIMIT ?)"
        )
        last = ""
        while True:
            with _trouble_told():
                found = self._open(config).execute(query, (last, KEYS_A_STEP)).fetchone()
            first, last = found
            if last is None:
                return
            yield first, last


def _marker(connection: sqlite3.Connection, view: str) -> Marker | None:
    query = "SELECT generation, event_us, entities, definitions, snapshot FROM markers WHERE view=?"
    found = connection.execute(query, (view,)).fetchone()
    if found is None:
        return None
    generation, event, rows, definitions, snapshot = found
    return Marker(generation, instant_of(event), rows, definitions, snapshot)


def _attempt(connection: sqlite3.Connection, view: str) -> Attempt | None:
    query = "SELECT view, token, generation, snapshot FROM attempts WHERE view = ?"
    found = connection.execute(query, (view,)).fetchone()
    return Attempt(*found) if found else None


def _keep(connection: sqlite3.Connection, attempt: Attempt) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?)",
        (attempt.view, attempt.token, attempt.generation, attempt.snapshot),
    )


def _rows(
    connection: sqlite3.Connection, view: str, ids: Sequence[str], upto: int
) -> list[Stored | None]:
    query = (
        f'SELECT entity_key, event_us, vals FROM "{view}" WHERE entity_key IN ({_marks(ids)})'
        " AND generation <= ? ORDER BY generation"
    )
    found = {key: (event, row) for key, event, row in connection.execute(query, (*ids, upto))}
    return [_stored(found.get(key)) for key in ids]


def _stored(found: tuple[int, bytes] | None) -> Stored | None:
    return None if found is None or found[1] == GONE else Stored(instant_of(found[0]), found[1])


def _marks(ids: Sequence[Any]) -> str:
    return ",".join("?" * len(ids))


@contextmanager
def _reading(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One instant of the database."""
    connection.execute("BEGIN")
    with connection:
        yield connection


@contextmanager
def _trouble_told() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreAwayError(f"online store: {error}") from error
