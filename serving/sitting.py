"""A sitting: cases of one product that arrive while the desk is busy are heard together."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from credit.policy.evidence import Evidence
from records.journal import Entry
from serving.desk import Case, Desk
from serving.evidence import note_slow, read_evidence, unavailable
from serving.messenger import Messenger, NoAnswerError
from serving.underwrite import underwrite_all

# Enough to share the calls' cost; few enough that one sitting's entries are synced to disk while
# the next is heard.
CASES_MAX = 16
# An answer is due within 300 ms, whatever the features do: half of that for reading them, counted
# from when a case came, and half for all the rest, the durable commit above all.
EVIDENCE_WITHIN_SECONDS = 0.15
# Under a rush cases wait for their turn, not for the features: a source that is well is still read.
EVIDENCE_LEAST_SECONDS = 0.05
SLOW = f"slow: no answer within {EVIDENCE_WITHIN_SECONDS * 1000:.0f} ms"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A case that waits for its hearing, since when (loop time), and where it is told."""

    case: Case
    since: float
    outcome: asyncio.Future[Entry]

    def tell(self, told: Entry | Exception) -> None:
        if self.outcome.done():
            return  # who asked went away
        if isinstance(told, Exception):
            self.outcome.set_exception(told)
        else:
            self.outcome.set_result(told)


class Sitting:
    """Hears the cases of each product that wait at one time in one go.

    Reading features and calling the model cost mostly by the call: under load sittings fill, and
    nobody waits for one to fill. What is read is read off the event loop and given up when it
    takes long, so that no product's features hold up another's cases.
    """

    def __init__(self, desk: Desk) -> None:
        self._dockets = {product: _Docket(product, desk) for product in desk.evidence}

    async def hear(self, case: Case) -> Entry:
        """The entry of one case; RequestError where it is refused."""
        return await self._dockets[case.product].hear(case)

    def close(self) -> None:
        """Let the reading threads end."""
        for docket in self._dockets.values():
            docket.close()


class _Docket:
    """The cases of one product, and the thread that reads for them."""

    def __init__(self, product: str, desk: Desk) -> None:
        self._product = product
        self._desk = desk
        self._features = Messenger(f"{product} features")
        self._waiting: list[_Waiting] = []
        self._session: asyncio.Task[None] | None = None

    async def hear(self, case: Case) -> Entry:
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[Entry] = loop.create_future()
        self._waiting.append(_Waiting(case, loop.time(), outcome))
        if self._session is None or self._session.done():
            self._session = loop.create_task(self._sit())
        return await outcome

    def close(self) -> None:
        self._features.close()

    async def _sit(self) -> None:
        while self._waiting:
            called, self._waiting = self._waiting[:CASES_MAX], self._waiting[CASES_MAX:]
            if present := [one for one in called if not one.outcome.done()]:
                await self._hear_all(present)
            await asyncio.sleep(0)  # who was told goes on, and who came meanwhile is heard too

    async def _hear_all(self, present: Sequence[_Waiting]) -> None:
        cases = [one.case for one in present]
        at = self._desk.now()
        try:
            evidence = await self._gather(cases, at, until=_until(present))
        except Exception as error:  # noqa: BLE001 - without what it needs nobody can be heard
            for one in present:
                one.tell(error)
            return
        for one, told in zip(present, _heard(cases, self._desk, evidence, at), strict=True):
            one.tell(told)

    async def _gather(
        self, cases: Sequence[Case], at: datetime, *, until: float
    ) -> Sequence[Evidence]:
        """All that a hearing needs of the world, read beside the event loop by `until`."""
        return await self._evidence([case.entity_id for case in cases], at, until=until)

    async def _evidence(
        self, entity_ids: Sequence[str], at: datetime, *, until: float
    ) -> Sequence[Evidence]:
        source = self._desk.evidence[self._product]
        read = partial(read_evidence, self._product, source, entity_ids, now=at)
        try:
            return await self._features.ask(read, until=until)
        except NoAnswerError:
            note_slow(self._product, SLOW)
            return [unavailable(SLOW)] * len(entity_ids)


def _until(present: Sequence[_Waiting]) -> float:
    """When those who wait must have been read for: told by who has waited longest."""
    least = asyncio.get_running_loop().time() + EVIDENCE_LEAST_SECONDS
    return max(present[0].since + EVIDENCE_WITHIN_SECONDS, least)


def _heard(
    cases: Sequence[Case], desk: Desk, evidence: Sequence[Evidence], at: datetime
) -> Sequence[Entry | Exception]:
    """What each is told. A case that breaks the sitting breaks itself alone."""
    try:
        return underwrite_all(cases, desk, evidence, at)
    except Exception:  # noqa: BLE001 - whose fault it is shows when each is heard alone
        return [
            _heard_alone(case, desk, one, at) for case, one in zip(cases, evidence, strict=True)
        ]


def _heard_alone(case: Case, desk: Desk, evidence: Evidence, at: datetime) -> Entry | Exception:
    try:
        [told] = underwrite_all([case], desk, [evidence], at)
    except Exception as error:  # noqa: BLE001 - it belongs to whoever sent the case
        return error
    return told
