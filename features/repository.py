"""What Feast is told: entities, views, services and where they live. Built here, never read in.

A registry file can carry code (CVE-2026-18948), so it is written by this module alone, and opened
again only where its hash is the one that was noted when it was written.
"""

import hashlib
import json
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit.contract import PRODUCT_OF
from features.catalogue import ENTITY_FEATURES, definitions_sha256
from features.definition import CATEGORY
from features.feast_loading import loading_feast
from features.fresh import FRESH_FEATURES
from features.publication import write_json
from features.sources import DUCKDB, SPARK

if TYPE_CHECKING:
    from feast import Entity, FeatureService, FeatureStore, FeatureView
    from feast.data_source import DataSource

PROJECT = "vouch"
REGISTRY_NOTE = "registry.json"
EVENT = "event_timestamp"
CREATED = "created_timestamp"
JOIN_KEY = {"merchant": "merchant_id", "user": "user_id"}
SERVICE_OF = {"merchant": "merchant_loan", "user": "deposit_waiver"}
TTL = timedelta(days=2)  # a snapshot a day, and one day late
SQLITE = "sqlite"  # the online store in the home; any other is a URL
FRESH_SINCE = "fresh_since"  # a fresh row says so beside which published day its values stand
_DECLARED = 2  # raised where what is declared changes in another way than by its features


def view_name(entity: str) -> str:
    """The feature view that holds an entity's features."""
    return f"{entity}_features"


def fresh_view_name(entity: str) -> str:
    """The feature view that holds what came in since the published day."""
    return f"{entity}_fresh"


def push_source_name(entity: str) -> str:
    """Where rows of the fresh view are pushed to."""
    return f"{entity}_fresh_rows"


def open_store(
    folder: Path,
    *,
    online: str | None = None,
    offline: str = DUCKDB,
    patience_seconds: float = 1.0,
) -> "FeatureStore":
    """A feature store whose registry lies in `folder`; without `online` it has no online store.

    `online` is `sqlite` or a Redis URL, which is waited for no longer than `patience_seconds`;
    `offline` is the engine that joins history: `duckdb` or `spark`.
    """
    with loading_feast():
        from feast import FeatureStore, RepoConfig
        from feast.repo_config import RegistryConfig

    config = RepoConfig(
        project=PROJECT,
        provider="local",
        repo_path=folder,
        registry=RegistryConfig(path=str(folder / "registry.db"), cache_ttl_seconds=0),
        offline_store={"type": offline},
        online_store=_online_config(folder, online, patience_seconds) if online else None,
        entity_key_serialization_version=3,
    )
    return FeatureStore(config=config)


def _online_config(folder: Path, online: str, patience_seconds: float) -> dict[str, Any]:
    if online == SQLITE:
        file = folder / "online.db"
        return {"type": "features.online_sqlite.RowSqliteOnlineStore", "path": str(file)}
    from pydantic import SecretStr

    return {
        "type": "features.online_redis.RowRedisOnlineStore",
        "url": SecretStr(online),
        "patience_seconds": patience_seconds,
    }


def declare(
    folder: Path,
    sources: dict[str, str],
    *,
    online: str | None = None,
    offline: str = DUCKDB,
    patience_seconds: float = 1.0,
) -> "FeatureStore":
    """A feature store with a registry written anew; `sources` maps entity to parquet files.

    With an online store it has the views that are pushed to, too.
    """
    (folder / "registry.db").unlink(missing_ok=True)
    store = open_store(folder, online=online, offline=offline, patience_seconds=patience_seconds)
    declared: list[Entity | FeatureView | FeatureService] = []
    for entity, path in sources.items():
        source = _source(entity, path, offline)
        key, *rest = _objects(entity, source)
        declared += [key, *rest, *([_fresh_view(entity, key, source)] if online else [])]
    store.apply(declared)
    write_json(folder / REGISTRY_NOTE, _note(folder))
    return store


def feast_on(engine: str) -> AbstractContextManager[None]:
    """Around Feast's work with an offline store: a session of Spark is left as it was."""
    if engine != SPARK:
        return nullcontext()
    from features.spark_offline import feast_on_spark

    return feast_on_spark()


def is_ours(folder: Path) -> bool:
    """Whether the registry in `folder` is the one that today's definitions wrote."""
    try:
        noted = json.loads((folder / REGISTRY_NOTE).read_text(encoding="utf-8"))
        return bool(noted == _note(folder))
    except (FileNotFoundError, ValueError):
        return False


def _note(folder: Path) -> dict[str, str]:
    definitions = {
        f"{entity}_definitions": definitions_sha256(PRODUCT_OF[entity]) for entity in JOIN_KEY
    }
    fresh = [feature.name for entity in JOIN_KEY for feature in FRESH_FEATURES[entity]]
    registry = hashlib.sha256((folder / "registry.db").read_bytes()).hexdigest()
    return {"registry": registry, "fresh": f"{_DECLARED}: {' '.join(fresh)}", **definitions}


def _source(entity: str, path: str, offline: str) -> "DataSource":
    from feast import FileSource
    from feast.data_format import ParquetFormat

    times = {"timestamp_field": EVENT, "created_timestamp_column": CREATED}
    name = f"{entity}_snapshots"
    if offline == SPARK:
        from features.spark_offline import spark_source

        return spark_source(name, path, **times)
    return FileSource(name=name, path=path, file_format=ParquetFormat(), **times)


def _objects(entity: str, source: "DataSource") -> "tuple[Entity, FeatureView, FeatureService]":
    from feast import Entity, FeatureService, FeatureView, Field, ValueType
    from feast.types import Float64, String

    key = Entity(name=entity, join_keys=[JOIN_KEY[entity]], value_type=ValueType.STRING)
    fields = [
        Field(
            name=feature.name,
            dtype=String if feature.dtype == CATEGORY else Float64,
            description=feature.description,
        )
        for feature in ENTITY_FEATURES[entity]
    ]
    view = FeatureView(
        name=view_name(entity),
        entities=[key],
        schema=[Field(name=JOIN_KEY[entity], dtype=String), *fields],
        ttl=TTL,
        source=source,
        online=True,
    )
    return key, view, FeatureService(name=SERVICE_OF[entity], features=[view])


def _fresh_view(entity: str, key: "Entity", snapshots: "DataSource") -> "FeatureView":
    from feast import FeatureView, Field, PushSource
    from feast.types import Float64, String

    fields = [
        Field(name=feature.name, dtype=Float64, description=feature.description)
        for feature in FRESH_FEATURES[entity]
    ]
    return FeatureView(
        name=fresh_view_name(entity),
        entities=[key],
        schema=[
            Field(name=JOIN_KEY[entity], dtype=String),
            *fields,
            Field(name=FRESH_SINCE, dtype=String),
        ],
        ttl=TTL,
        # Feast asks for a batch source; nothing is ever read from it for this view.
        source=PushSource(name=push_source_name(entity), batch_source=snapshots),
        online=True,
    )
