"""What is known of an applicant at the moment of a decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

Value = float | int | str | None


class Freshness(Enum):
    """How far the values may be trusted."""

    FRESH = "fresh"
    STALE = "stale"  # older than the limit, or newer than the decision
    UNKNOWN = "unknown"  # the store is current and has never heard of this entity
    UNAVAILABLE = "unavailable"  # nothing published, or the store cannot be reached


@dataclass(frozen=True, slots=True)
class Fresh:
    """What came in since the published day, added up: values beside those of the day.

    No model is shown them. `as_of` is when they were read; where they are older than their own
    limit they are `STALE` and have no values.
    """

    values: Mapping[str, Value]
    as_of: datetime
    freshness: Freshness
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Feature values of one entity, the instant they describe, and their freshness.

    `as_of` is the end of the last day whose records count (UTC); None where nothing is known.
    A value of None is missing: it is never read as zero. `detail` says in a few words why the
    evidence is not fresh. `fresh` is None where nothing stands beside the published day.
    """

    values: Mapping[str, Value]
    as_of: datetime | None
    freshness: Freshness
    detail: str = ""
    fresh: Fresh | None = None

    def event_time_of(self, name: str) -> datetime | None:
        """The instant that a feature's value describes; None where there is none."""
        if name in self.values:
            return self.as_of
        return self.fresh.as_of if self.fresh and name in self.fresh.values else None
