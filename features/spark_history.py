"""A history whose measures Spark computes: the same surface and the same expressions as DuckDB's.

Parquet of the contract's types is read where it lies, so that nothing passes through this one
process but the result; the data directory must lie where every node of the cluster sees it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Self

import ibis

from credit.errors import InputError
from features.spark_reading import read_parquet, refused, spark_types, typed
from features.spark_session import spark_session
from features.versions import numbers_that_repeat

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

    from features.source_files import Source
    from features.sources import History
    from features.spark_backend import ArrowSparkBackend


class SparkHistory:
    """`history`, computed on Spark."""

    spine_rows = 1 << 20  # in one query: starting one takes seconds, and memory is the cluster's

    def __init__(self, history: "History") -> None:
        self._history = history
        self._session = spark_session()
        self._views: dict[str, str] = {}
        self.path = history.path
        self.tables = history.tables
        self.utc_offset_minutes = history.utc_offset_minutes
        self.lasting = None  # the engine keeps what it made while it is asked
        self.queries = None  # it is asked in another language

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
        frame.count()  # what is joined with it next is planned by its true size
        frame.createTempView(unique)
        try:
            yield _as_expected(self.backend.table(unique), table.schema())
        finally:
            self._session.catalog.dropTempView(unique)
            frame.unpersist()

    def repeated(self, numbers: ibis.Table) -> AbstractContextManager[ibis.Table]:
        """The numbers that stand more than once: the executors group them."""
        return self.kept("repeated", numbers_that_repeat(numbers))

    def read(self, table: ibis.Table) -> "pa.Table":
        """What `table` comes to; InputError names a column with a value that cannot be read."""
        from pyspark.errors import PySparkException

        try:
            return self.backend.to_pyarrow(table)
        except PySparkException as error:
            if complaint := refused(str(error)):
                raise InputError(complaint, f"vouch data check {self.path} lists them") from None
            raise

    def close(self) -> None:
        """Take away what was declared in the session, which others of this process may use."""
        for view in self._views.values():
            self._session.catalog.dropTempView(view)
        self._views.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _view(self, name: str) -> str:
        frames = [self._frame(place) for place in self._history.sources[name].places]
        view = ibis.util.gen_name(name)
        reduce(type(frames[0]).unionAll, frames).createTempView(view)
        return view

    def _frame(self, place: "Source") -> "DataFrame":
        files = place.files
        types = spark_types(place.table, files)
        if types is None:
            files = (self._history.typed_file(place),)
            types = spark_types(place.table, files) or {}
        return read_parquet(self._session, files, types).selectExpr(*typed(place.table, types))


def _as_expected(kept: ibis.Table, schema: ibis.Schema) -> ibis.Table:
    """`kept` in the widths that Ibis counts on, where Spark's own are others."""
    differing = {
        name: dtype
        for name, dtype in schema.items()
        if dtype.is_signed_integer() and dtype != kept[name].type()
    }
    return kept.cast(differing)
