"""Accepted payments on their way to the online features, within seconds of their acceptance.

What is pushed for an entity is the sum of *all* its rows that the published day lacks, read anew:
whoever pushes, in whatever order, and however often, ends with the same values online.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from credit.contract import ENTITY_OF
from records import inbox
from records.store import Records

AT_ONCE = 500  # entities that are read and pushed together


class Door(Protocol):
    """The way into the online store, for one thread."""

    def since(self, entity: str) -> datetime | None:
        """The event time of what is published online; None where nothing is."""
        ...

    def push(
        self,
        entity: str,
        rows: Mapping[str, Mapping[str, float | None]],
        *,
        since: datetime,
        event_time: datetime,
    ) -> None:
        """Put fresh values beside what is published, unless newer ones stand there."""
        ...


class FreshRows:
    """Looks what came in since it last looked, and pushes whom it touches."""

    def __init__(self, records: Records, door: Door) -> None:
        self._records = records
        self._door = door
        self._carried: dict[str, tuple[datetime, int]] = {}  # beside which day, up to which row

    def carry(self) -> int:
        """Push what is new; how many entities. Seconds, the first time: the store is opened."""
        with self._records.reading() as connection:
            last = inbox.last(connection)
        if not last:
            return 0
        published = {entity: self._door.since(entity) for entity in ENTITY_OF.values()}
        return sum(
            self._carry(entity, since)
            for entity, since in published.items()
            if since is not None and self._carried.get(entity) != (since, last)
        )

    def _carry(self, entity: str, since: datetime) -> int:
        before, after = self._carried.get(entity, (None, 0))
        with self._records.reading() as connection:
            if before == since:
                last, people = inbox.touched(connection, after=after)
            else:  # another day is published: what stood beside the one before counts no more
                last, people = inbox.recorded_since(connection, since)
        for entity_ids in _batches(sorted(people[entity])):
            self._push(entity, entity_ids, since)
        self._carried[entity] = since, last
        return len(people[entity])

    def _push(self, entity: str, entity_ids: Sequence[str], since: datetime) -> None:
        from features.fresh import fresh_values

        with self._records.reading() as connection:
            read_at = self._records.now(connection)  # before the rows: none of its time is missed
            versions = inbox.payments_of(
                connection, kind=entity, entity_ids=entity_ids, since=since
            )
        values = fresh_values(entity, entity_ids, versions, since=since)
        self._door.push(entity, values, since=since, event_time=read_at)


def _batches(entity_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(entity_ids), AT_ONCE):
        yield entity_ids[start : start + AT_ONCE]
