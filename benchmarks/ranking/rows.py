"""The rows of a table and how they are divided: the same for every tool."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.ranking.tables import LABEL, Table
from training.rows.sample import Sample
from training.rows.split import split
from training.rows.times import times_of

TEST_SHARE = 0.3
FEW_ROWS = 5_000  # below this one split says little: ten are made


@dataclass(frozen=True, slots=True)
class Division:
    """Features (a pandas frame), labels, and which rows teach and which are the test's."""

    table: Table
    seed: int
    frame: Any
    label: Any
    rest: Any
    test: Any

    @property
    def key(self) -> str:
        """Names table, content and test rows: what a figure belongs to."""
        rows = hashlib.sha256(np.asarray(self.test, dtype=np.int64).tobytes()).hexdigest()
        return f"{self.table.name}-{self.table.sha256[:10]}-{self.seed}-{rows[:10]}"


def divide(table: Table, seed: int) -> Division:
    """The trainer's own split: by the table's time, or stratified at random by `seed`."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    read = pq.read_table(table.file)
    label = read.column(LABEL).to_numpy().astype(np.int8)
    times = None if table.time is None else times_of(read.column(table.time).combine_chunks())
    ids = pa.array(np.arange(len(label)), pa.int64())
    sample = Sample((), pa.table({}), label, ids, time=times)
    by_time = {"split_at": table.split_at} if table.time else {"test_share": TEST_SHARE}
    chosen = split(sample, seed=seed, **by_time)
    frame = pd.read_parquet(table.file)
    frame = frame.drop(columns=[LABEL, *([table.time] if table.time else [])])
    return Division(table, seed, _plain(frame), label, chosen.rest, chosen.test)


def seeds(table: Table, rows: int, few: int, many: int) -> range:
    """As many splits as tell something: `few` for a small table, one where time divides."""
    if table.time is not None:
        return range(1)
    return range(few if rows < FEW_ROWS else many)


def _plain(frame: Any) -> Any:
    """Numbers as float64 (dates in days), all else as text; what is missing stays so."""
    import pandas as pd

    columns = {}
    for name in frame.columns:
        column = frame[name]
        if pd.api.types.is_datetime64_any_dtype(column):
            columns[name] = (column - pd.Timestamp(0)) / pd.Timedelta(days=1)
        elif pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            columns[name] = column.astype(np.float64).replace([np.inf, -np.inf], np.nan)
        else:
            columns[name] = column.astype(object).where(column.notna(), None)
    return pd.DataFrame(columns)
