"""The office: a desk that decides, records that remember, and the counters beside them."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from records.decisions import Asked, Conflict, Recorded, answered, record
from records.group_commit import GroupCommit
from records.journal import Entry
from records.store import Connection, Records, RecordsUnavailableError
from serving.desk import Case, Desk
from serving.in_force import InForce
from serving.intake import KeysInFlight
from serving.metrics import Metrics
from serving.problems import RequestError
from serving.scores import score_entities
from serving.sitting import Sitting
from serving.underwrite import underwrite


@dataclass(frozen=True, slots=True)
class Office:
    """All that answers requests; `serving.assembly` puts it together.

    `scoring` is a second desk for scores by the thousand: its evidence is read by a thread of its
    own, since one source is for one thread and decisions must not wait.
    """

    desk: Desk
    in_force: InForce
    records: Records
    commit: GroupCommit
    metrics: Metrics
    scoring: Desk
    sitting: Sitting
    keys: KeysInFlight = field(default_factory=KeysInFlight)
    _scorers: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, 1))

    async def answer(self, case: Case, key: str | None) -> bytes:
        """The decision on a case, durable; RequestError where it contradicts an earlier one."""
        with self.keys.holding(self.desk.partner, key):
            asked = self._asked(case, key)
            try:
                entry = await self.sitting.hear(case)
            except RequestError:
                if before := self._before(asked):
                    return before  # a late retry: what was right then stays answered
                raise
            recorded = await self.commit.submit(self._writing(asked, entry))
        return self._told(recorded, asked, entry)

    def answer_now(self, case: Case) -> bytes:
        """The same without an event loop or a key."""
        asked, entry = self._asked(case, None), underwrite(case, self.desk)
        return self._told(self.commit.hand_in(self._writing(asked, entry)).result(), asked, entry)

    async def scores(self, product: str, entity_ids: Sequence[str]) -> dict[str, Any]:
        """What the model says of each entity; no decision is made."""
        work = partial(score_entities, self.scoring, product=product, entity_ids=entity_ids)
        return await asyncio.get_running_loop().run_in_executor(self._scorers, work)

    def readiness(self) -> tuple[bool, dict[str, str]]:
        """Whether decisions are made as they should be, and how each part stands."""
        checks = {"records": self._records_stand(), "policy": "ok"}
        for product, standing in self.in_force.standing.items():
            served = "ok" if standing.model else "no champion: decided without a model"
            checks[f"{product} model"] = standing.trouble or served
        ready = checks["records"] == "ok" and not any(
            standing.trouble and standing.model is None
            for standing in self.in_force.standing.values()
        )
        return ready, checks

    def close(self) -> None:
        """Answer what was handed in, then let everything go."""
        self.in_force.close()
        self._scorers.shutdown()
        self.commit.close()
        self.records.close()

    def _asked(self, case: Case, key: str | None) -> Asked:
        return Asked(self.desk.partner, case.product, case.reference_id, key, case.content_sha256)

    def _writing(self, asked: Asked, entry: Entry) -> Callable[[Connection], Recorded | Conflict]:
        return partial(record, asked=asked, entry=entry, at=self.desk.now())

    def _before(self, asked: Asked) -> bytes | None:
        with self.records.reading() as connection:
            found = answered(connection, asked)
        if isinstance(found, Conflict):
            raise _conflict(found, asked)
        return found

    def _told(self, recorded: Recorded | Conflict, asked: Asked, entry: Entry) -> bytes:
        if isinstance(recorded, Conflict):
            raise _conflict(recorded, asked)
        if recorded.new:
            self.metrics.decided(entry)
        return recorded.answer

    def _records_stand(self) -> str:
        try:
            with self.records.reading():
                return "ok"
        except RecordsUnavailableError as error:
            return str(error)


def _conflict(conflict: Conflict, asked: Asked) -> RequestError:
    if conflict is Conflict.KEY:
        return RequestError(
            "IDEMPOTENCY_MISMATCH",
            f"Idempotency-Key {asked.key!r} was used for another request",
            "send a new key with a new request",
            field="Idempotency-Key",
            value=asked.key,
        )
    return RequestError(
        "APPLICATION_DIFFERS",
        f"application_id {asked.reference_id!r} was decided with other content",
        "send a new request under a new application_id",
        field="application_id",
        value=asked.reference_id,
    )
