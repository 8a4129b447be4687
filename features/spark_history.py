"""A history whose measures Spark computes: the same surface and the same expressions as DuckDB's.

Parquet of the contract's types is read where it lies, so that nothing passes through this one
process but the result; the data directory must lie where every node of the cluster sees it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import ibis

from features.spark_reading import read_parquet, spark_types, typed
from features.spark_session import spark_session

if TYPE_CHECKING:
    import pyarrow as pa

    from features.sources import History
    from features.spark_backend import ArrowSparkBackend


class SparkHistory:
    """`history`, computed on Spark."""

    def __init__(self, history: "History") -> None:
        self._history = history
        self._session = spark_session()
        self._views: dict[str, str] = {}
        self.path = history.path
        self.tables = history.tables
        self.utc_offset_minutes = history.utc_offset_minutes

    @property
    def sha256(self) -> str:
        """Hash of the table files' names and bytes, whoever computes from them."""
        return self._history.sha256

    @cached_property
    def backend(self) -> "ArrowSparkBackend":
        """Ibis over the session."""
        from features.spark_backend import ArrowSparkBackend

        ArrowSparkBackend.register_options()
        backend = ArrowSparkBackend()
        backend.do_connect(self._session)
        return backend

    def rows(self, name: str) -> ibis.Table:
        """The contract's columns of `name` in order; identical rows may stand more than once."""
        if name not in self._views:
            self._views[name] = self._view(name)
        return self.backend.table(self._views[name])

    def table(self, name: str) -> ibis.Table:
        """The same, identical rows one."""
        return self.rows(name).distinct()

    @contextmanager
    def kept(self, name: str, table: ibis.Table) -> Iterator[ibis.Table]:
        """`table` computed once, and kept by the executors while the block runs."""
        unique = ibis.util.gen_name(name)
        frame = self.backend.frame(table).persist()
        frame.createTempView(unique)
        try:
            yield self.backend.table(unique)
        finally:
            self._session.catalog.dropTempView(unique)
            frame.unpersist()

    def read(self, table: ibis.Table) -> "pa.Table":
        """What `table` comes to."""
        return self.backend.to_pyarrow(table)

    def close(self) -> None:
        """Take away what was declared in the session, which others of this process may use."""
        for view in self._views.values():
            self._session.catalog.dropTempView(view)
        self._views.clear()

    def _view(self, name: str) -> str:
        source = self._history.source(name)
        types = spark_types(source)
        if types is None:
            source = self._history.written_once(name)
            types = spark_types(source)
        frame = read_parquet(self._session, source.files, types)
        view = ibis.util.gen_name(name)
        frame.selectExpr(*typed(source, types)).createTempView(view)
        return view
