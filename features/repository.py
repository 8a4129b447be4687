"""What Feast is told: entities, views, services and where they live. Built here, never read in.

A registry file can carry code (CVE-2026-18948), so it is written by this module alone, and opened
again only where its hash is the one that was noted when it was written.
"""

import hashlib
import json
import warnings
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from credit.contract import ENTITY_OF
from features.catalogue import ENTITY_FEATURES, definitions_sha256
from features.definition import CATEGORY
from features.publication import write_json

if TYPE_CHECKING:
    from feast import Entity, FeatureService, FeatureStore, FeatureView
    from feast.data_source import DataSource

PROJECT = "vouch"
DUCKDB, SPARK = "duckdb", "spark"  # engines of features, and Feast's offline stores over them
REGISTRY_NOTE = "registry.json"
EVENT = "event_timestamp"
CREATED = "created_timestamp"
JOIN_KEY = {"merchant": "merchant_id", "user": "user_id"}
SERVICE_OF = {"merchant": "merchant_loan", "user": "deposit_waiver"}
PRODUCT_OF = {entity: product for product, entity in ENTITY_OF.items()}
TTL = timedelta(days=2)  # a snapshot a day, and one day late
WRITE_BATCH = 5_000  # entities a transaction of the online store


def view_name(entity: str) -> str:
    """The feature view that holds an entity's features."""
    return f"{entity}_features"


def open_store(
    folder: Path, *, online: Path | None = None, offline: str = DUCKDB
) -> "FeatureStore":
    """A feature store whose registry lies in `folder`; without `online` it has no online store.

    `offline` is the engine that joins history: `duckdb` or `spark`.
    """
    with warnings.catch_warnings():  # as it loads, Feast turns on the warnings of every library
        from feast import FeatureStore, RepoConfig
        from feast.repo_config import RegistryConfig

    online_store = {"type": "features.online_sqlite.RowSqliteOnlineStore", "path": str(online)}
    config = RepoConfig(
        project=PROJECT,
        provider="local",
        repo_path=folder,
        registry=RegistryConfig(path=str(folder / "registry.db"), cache_ttl_seconds=0),
        offline_store={"type": offline},
        online_store=online_store if online else None,
        entity_key_serialization_version=3,
    )
    return FeatureStore(config=config)


def declare(
    folder: Path, sources: dict[str, str], *, online: Path | None = None, offline: str = DUCKDB
) -> "FeatureStore":
    """A feature store with a registry written anew; `sources` maps entity to parquet files."""
    (folder / "registry.db").unlink(missing_ok=True)
    store = open_store(folder, online=online, offline=offline)
    declared: list[Entity | FeatureView | FeatureService] = []
    for entity, path in sources.items():
        declared.extend(_objects(entity, _source(entity, path, offline)))
    store.apply(declared)
    write_json(folder / REGISTRY_NOTE, _note(folder))
    return store


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
    registry = hashlib.sha256((folder / "registry.db").read_bytes()).hexdigest()
    return {"registry": registry, **definitions}


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
