"""What the footer of a parquet file tells: its columns, and what their statistics prove."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.source_values import EARLIEST, LATEST


@dataclass(frozen=True, slots=True)
class Footer:
    """Names of columns, and those of times (UTC) of which each is there and plausible."""

    columns: frozenset[str]
    proven_times: frozenset[str] = frozenset()


def read_footer(file: Path) -> Footer:
    """Errors: those of Arrow where it cannot read the file as parquet."""
    metadata = pq.read_metadata(file)
    schema = metadata.schema.to_arrow_schema()
    places = {metadata.schema.column(place).path: place for place in range(metadata.num_columns)}
    times = [column.name for column in schema if _is_naive_time(column.type)]
    proven = (name for name in times if _all_plausible(metadata, places[name]))
    return Footer(frozenset(schema.names), frozenset(proven))


def _is_naive_time(found: pa.DataType) -> bool:
    return pa.types.is_timestamp(found) and found.tz is None and found.unit in ("ms", "us")


def _all_plausible(metadata: pq.FileMetaData, place: int) -> bool:
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    return all(_is_plausible(group.column(place).statistics) for group in groups)


def _is_plausible(found: pq.Statistics | None) -> bool:
    if found is None or not found.has_min_max or not found.has_null_count or found.null_count:
        return False
    try:
        return bool(found.min >= EARLIEST and found.max < LATEST)
    except (ValueError, OverflowError):  # beyond the years that Python knows
        return False
