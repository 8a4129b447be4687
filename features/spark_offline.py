"""Feast's offline store on Spark: where its values lie, and a session left as it was found."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from features.feast_loading import loading_feast
from features.spark_reading import address
from features.spark_session import spark_session

if TYPE_CHECKING:
    from feast.infra.offline_stores.contrib.spark_offline_store.spark_source import SparkSource

_PATTERNS = "spark.sql.parser.quotedRegexColumnNames"  # Feast turns it on, in everybody's session


def spark_source(name: str, path: str, **times: str) -> "SparkSource":
    """The parquet file at `path` as Feast's Spark store reads it."""
    with _unsaid():
        from feast.infra.offline_stores.contrib.spark_offline_store.spark_source import SparkSource

        return SparkSource(name=name, path=address(Path(path)), file_format="parquet", **times)


@contextmanager
def feast_on_spark() -> Iterator[None]:
    """While Feast works on the session: its warnings unsaid, its settings undone in the end."""
    session = spark_session()
    before = session.conf.get(_PATTERNS)
    with _unsaid():
        try:
            yield
        finally:
            session.conf.set(_PATTERNS, before)


@contextmanager
def _unsaid() -> Iterator[None]:
    """Without Feast's word, at each call, that its Spark store is young."""
    with loading_feast():
        import feast.infra.offline_stores.contrib.spark_offline_store.spark  # noqa: F401
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield
