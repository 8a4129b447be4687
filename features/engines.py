"""Which engine computes a history's features: the one it was opened for."""

from contextlib import contextmanager
from typing import TYPE_CHECKING

from features.sources import DUCKDB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from features.sources import History
    from features.spark_history import SparkHistory


@contextmanager
def on_engine(history: "History | SparkHistory") -> "Iterator[History | SparkHistory]":
    """The rows of `history` on the engine that computes features from them."""
    from features.spark_history import SparkHistory

    if isinstance(history, SparkHistory) or history.engine == DUCKDB:
        yield history
        return
    with SparkHistory(history) as computed:
        yield computed
