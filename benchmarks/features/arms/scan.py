"""No features at all: every column that they need, read and reduced to a maximum."""

from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

NEEDED = (
    "payment_id",
    "merchant_id",
    "user_id",
    "kind",
    "amount_minor",
    "scene",
    "instalments",
    "subsidy_minor",
    "occurred_at",
    "recorded_at",
)


def run(history: Path, out: Path, _day: date) -> None:
    """One row: the maxima."""
    with duckdb.connect(config={"memory_limit": "4GB"}) as connection:
        maxima = ", ".join(f"max({name}) AS {name}" for name in NEEDED)
        found = connection.sql(f"SELECT {maxima} FROM '{history}/payments/*.parquet'")
        pq.write_table(found.to_arrow_table(), out)
