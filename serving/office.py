"""The office: a desk that decides, records that remember, and the counters beside them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread

from credit.contract import MERCHANT_LOAN
from credit.ledger.exposure import Line
from credit.ledger.lifecycle import Refused
from records import idempotency
from records.anchors import head
from records.decisions import Asked, Conflict, NoRoom, Recorded, Recording, answered
from records.group_commit import GroupCommit
from records.journal import Entry
from records.store import Connection, Records, RecordsUnavailableError, Transaction
from records.switches import Switch
from serving.desk import Case, Desk
from serving.in_force import InForce
from serving.intake import KeysInFlight
from serving.metrics import Metrics
from serving.postroom import Postroom
from serving.problems import RequestError
from serving.scores import score_entities
from serving.sitting import Sitting
from serving.underwrite import Underwritten, underwrite
from serving.upkeep import Upkeep

Result = TypeVar("Result")
Effect = Callable[[Transaction], dict[str, Any] | Refused]

# Whatever the database does, who asks has an answer within two seconds: what it said by then, or
# that it said nothing. Its own patience (`serving.assembly`) ends before, so that we hear why.
ANSWER_WITHIN_SECONDS = 1.5
# Threads that read the records: what is stuck there must not keep others from their threads.
READERS_MAX = 8
# A claim that was refused is decided again once with the line and the shares as they stand; a
# second time others were quicker again, and there is no room.
FULL = NoRoom(Line(limit_minor=0))


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
    upkeep: Upkeep
    postroom: Postroom | None = None
    taking_rows: asyncio.Lock = field(default_factory=asyncio.Lock)
    keys: KeysInFlight = field(default_factory=KeysInFlight)
    _readers: CapacityLimiter = field(default_factory=partial(CapacityLimiter, READERS_MAX))
    _scorers: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, 1))

    async def answer(self, case: Case, key: str | None) -> bytes:
        """The decision on a case, durable; RequestError where it contradicts an earlier one."""
        with self.keys.holding(self.desk.partner, key):
            async with _in_time():
                return await self._decided(case, key)

    def answer_now(self, case: Case) -> bytes:
        """The same without an event loop or a key."""
        asked, refused = self._asked(case, None), None
        while True:
            heard = underwrite(case, self.desk, refused)
            told = self.commit.hand_in(_writing(asked, heard)).result()
            if not isinstance(told, NoRoom):
                return self._told(told, asked, heard.entry)
            refused = told if refused is None else FULL

    async def record(self, asked: Asked, decide: Callable[[], Entry]) -> bytes:
        """A decision that takes nothing of any line, durable; it is made beside the event loop.

        RequestError where it contradicts an earlier one.
        """
        with self.keys.holding(asked.partner, asked.key):
            try:
                async with _in_time():
                    entry = await to_thread.run_sync(
                        decide, abandon_on_cancel=True, limiter=self._readers
                    )
            except RequestError:
                if before := await self.reading(partial(self._before, asked=asked)):
                    return before
                raise
            told = await self.put(Recording(asked=asked, entry=entry, claim=None))
            assert not isinstance(told, NoRoom)  # noqa: S101 - what claims nothing finds room
            return self._told(told, asked, entry)

    def record_now(self, asked: Asked, decide: Callable[[], Entry]) -> bytes:
        """The same without an event loop."""
        entry = decide()
        told = self.commit.hand_in(Recording(asked=asked, entry=entry, claim=None)).result()
        assert not isinstance(told, NoRoom)  # noqa: S101 - what claims nothing finds room
        return self._told(told, asked, entry)

    async def change(self, effect: Effect, *, key: str, content_sha256: str) -> bytes:
        """The answer to a change of the ledger, durable, once for a key; or why it may not be."""
        partner = self.desk.partner
        once = partial(
            idempotency.once,
            effect=effect,
            partner=partner,
            key=key,
            content_sha256=content_sha256,
        )
        with self.keys.holding(partner, key):
            told = await self.put(once)
        if isinstance(told, Refused):
            raise RequestError(told.code, told.problem, told.mend)
        if isinstance(told, Conflict):
            raise _key_conflict(key)
        return told

    async def put(self, work: Callable[[Transaction], Result]) -> Result:
        """What a work returns that may be done again to the same end, once it is durable."""
        async with _in_time():
            return await self.commit.submit(work)

    async def reading(self, read: Callable[[Connection], Result]) -> Result:
        """What is read of the records, beside the event loop and not for ever."""

        def work() -> Result:
            with self.records.reading() as connection:
                return read(connection)

        async with _in_time():
            return await to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._readers)

    async def scores(self, product: str, entity_ids: Sequence[str]) -> dict[str, Any]:
        """What the model says of each entity; no decision is made."""
        work = partial(score_entities, self.scoring, product=product, entity_ids=entity_ids)
        return await asyncio.get_running_loop().run_in_executor(self._scorers, work)

    async def readiness(self) -> tuple[bool, dict[str, str]]:
        """Whether decisions are made as they should be, and how each part stands."""
        troubles, thrown = self.in_force.troubles, self.in_force.switches
        checks = {
            "records": await self._records_stand(),
            "policy": "; ".join(troubles) or "ok",
            "switches": "; ".join(f"stopped: {_thrown(one)}" for one in thrown) or "ok",
        }
        for product, standing in self.in_force.standing.items():
            served = "ok" if standing.model else "no champion: decided without a model"
            checks[f"{product} model"] = standing.trouble or served
        ready = (
            checks["records"] == "ok"
            and not troubles
            and not any(
                standing.trouble and standing.model is None
                for standing in self.in_force.standing.values()
            )
        )
        return ready, checks

    def watch(self) -> None:
        """Look after what is in force, what falls due and what came in, until closed."""
        self.in_force.watch()
        self.upkeep.start()
        if self.postroom:
            self.postroom.start()

    def close(self) -> None:
        """Answer what was handed in, then let everything go."""
        self.in_force.close()
        self.upkeep.close()
        if self.postroom:
            self.postroom.close()
        self.sitting.close()
        self._scorers.shutdown()
        self.commit.close()
        self.records.close()

    async def _decided(self, case: Case, key: str | None) -> bytes:
        asked, refused = self._asked(case, key), None
        while True:
            try:
                heard = await self.sitting.hear(case, refused)
            except RequestError:
                if before := await self.reading(partial(self._before, asked=asked)):
                    return before  # a late retry: what was right then stays answered
                raise
            told = await self.commit.submit(_writing(asked, heard))
            if not isinstance(told, NoRoom):
                return self._told(told, asked, heard.entry)
            refused = told if refused is None else FULL

    def _asked(self, case: Case, key: str | None) -> Asked:
        return Asked(
            partner=self.desk.partner,
            product=case.product,
            entity_id=case.entity_id,
            order_no=case.order_no,
            key=key,
            content_sha256=case.content_sha256,
        )

    def _before(self, connection: Connection, *, asked: Asked) -> bytes | None:
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

    async def _records_stand(self) -> str:
        try:
            await self.reading(head)
        except RecordsUnavailableError as error:
            return str(error)
        return "ok"


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """Ends the wait for the records: RecordsUnavailableError where it takes too long."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
            yield
    except TimeoutError:
        raise RecordsUnavailableError("the records did not answer in time") from None


def _thrown(switch: Switch) -> str:
    return f"{switch.words or 'everything'} ({switch.reason}, {switch.by})"


def _writing(asked: Asked, heard: Underwritten) -> Recording:
    return Recording(asked=asked, entry=heard.entry, claim=heard.claim)


def _conflict(conflict: Conflict, asked: Asked) -> RequestError:
    if conflict is Conflict.KEY:
        return _key_conflict(asked.key)
    name = "application_id" if asked.product == MERCHANT_LOAN else "out_order_no"
    return RequestError(
        "APPLICATION_DIFFERS",
        f"{name} {asked.order_no!r} was decided with other content",
        f"send a new request under a new {name}",
        field=name,
        value=asked.order_no,
    )


def _key_conflict(key: str | None) -> RequestError:
    return RequestError(
        "IDEMPOTENCY_MISMATCH",
        f"Idempotency-Key {key!r} was used for another request",
        "send a new key with a new request",
        field="Idempotency-Key",
        value=key,
    )
