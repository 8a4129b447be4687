"""What is open, as a hearing needs it: under the lines of those who ask, and at their partner."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from credit.ledger.exposure import Line
from records import lines
from records.counters import Counter, read
from records.store import Records


@dataclass(frozen=True, slots=True)
class Exposures:
    """Lines in the order they were asked for, and what each counter has counted."""

    lines: Sequence[Line]
    used: Mapping[Counter, int]


class OpenExposures:
    """The exposures of open records, for who reads them and nothing else."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def read(
        self, *, kind: str, entity_ids: Sequence[str], counters: Collection[Counter]
    ) -> Exposures:
        """How lines and counters stand now, on one state of the records."""
        with self._records.reading() as connection:
            return Exposures(
                lines.read(connection, kind=kind, entity_ids=entity_ids),
                read(connection, counters),
            )
