"""What a run over features did, in lines for people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.publication import Summary


def done_lines(summary: "Summary") -> Iterator[str]:
    """A line an entity kind and day, and one of what it cost."""
    for done in summary.done:
        state = "written" if done.written else "was there"
        note = f" ({done.note})" if done.note else ""
        what = f"{done.rows:,} rows x {done.features} features"
        yield f"{done.entity:<9} as of {done.event_time:%Y-%m-%d %H:%M}: {what}, {state}{note}"
    read = "" if summary.rows_read is None else f"{summary.rows_read:,} rows read, "
    cost = f"{summary.seconds:.1f} s, at most {summary.peak_memory_mb:,.0f} MB of memory"
    yield f"{read}{summary.entities:,} entities, {cost}"
