"""What an arm hands over: one row an entity, the 55 columns, in a parquet file."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.features.columns import columns_of

OFFSET_HOURS = 8  # local time of night and weekend, as Vouch's default has it
NIGHT_ENDS, SATURDAY, ROUND_MINOR = 6, 5, 10_000
EPOCH = date(1970, 1, 1)


def answer(ids: "np.ndarray | pa.Array", measures: Mapping[str, np.ndarray], out: Path) -> None:
    """Write the columns that `measures` of the entities `ids` come to."""
    columns = columns_of(measures)
    pq.write_table(pa.table({"entity_id": pa.array(ids)} | columns), out, compression="zstd")


def end_of(day: date) -> datetime:
    """The instant before which rows of `day` were recorded."""
    return datetime.combine(day + timedelta(days=1), time())


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - EPOCH).days
