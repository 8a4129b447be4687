"""A sitting: cases of one product that arrive while the desk is busy are heard together."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from credit.policy.evidence import Evidence
from records.decisions import NoRoom
from records.store import RecordsUnavailableError
from serving.desk import Case, Desk
from serving.evidence import note_slow, read_evidence, unavailable
from serving.messenger import Messenger, NoAnswerError
from serving.underwrite import Known, Standing, Underwritten, read_standing, underwrite_all

# Enough to share the calls' cost; few enough that one sitting's entries are synced to disk while
# the next is heard.
CASES_MAX = 16
# An answer is due within 300 ms, whatever the features do: half of that for reading them, counted
# from when a case came, and half for all the rest, the durable commit above all.
EVIDENCE_WITHIN_SECONDS = 0.15
# Under a rush cases wait for their turn, not for the features: a source that is well is still read.
EVIDENCE_LEAST_SECONDS = 0.05
# Without its rules and its line no case can be heard: they are waited for as long as an answer may
# take in trouble.
RECORDS_WITHIN_SECONDS = 1.0
SLOW = f"slow: no answer within {EVIDENCE_WITHIN_SECONDS * 1000:.0f} ms"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A case that waits for its hearing, since when (loop time), and where it is told.

    `refused`: how line and shares stand, where a refused claim has just shown it.
    """

    case: Case
    refused: NoRoom | None
    since: float
    outcome: asyncio.Future[Underwritten]

    def tell(self, told: Underwritten | Exception) -> None:
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

    async def hear(self, case: Case, refused: NoRoom | None = None) -> Underwritten:
        """The decision on one case; RequestError where it is refused.

        `refused`: how line and shares stand, where that is known better than it could be read.
        """
        return await self._dockets[case.product].hear(case, refused)

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
        self._records = Messenger(f"{product} records")
        self._waiting: list[_Waiting] = []
        self._session: asyncio.Task[None] | None = None

    async def hear(self, case: Case, refused: NoRoom | None) -> Underwritten:
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[Underwritten] = loop.create_future()
        self._waiting.append(_Waiting(case, refused, loop.time(), outcome))
        if self._session is None or self._session.done():
            self._session = loop.create_task(self._sit())
        return await outcome

    def close(self) -> None:
        self._features.close()
        self._records.close()

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
            known = await self._gather(present, at, until=_until(present))
            heard = _heard(cases, self._desk, known, at)
        except Exception as error:  # noqa: BLE001 - without what it needs nobody can be heard
            heard = [error] * len(present)
        for one, told in zip(present, heard, strict=True):
            one.tell(told)

    async def _gather(
        self, present: Sequence[_Waiting], at: datetime, *, until: float
    ) -> list[Known]:
        """All that a hearing needs of the world, read beside the event loop."""
        cases = [one.case for one in present]
        reading = asyncio.create_task(self._read_standing(cases))
        evidence = await self._evidence([case.entity_id for case in cases], at, until=until)
        standing = await reading
        return [
            Known(known, stands.after(one.refused))
            for one, known, stands in zip(present, evidence, standing, strict=True)
        ]

    async def _read_standing(self, cases: Sequence[Case]) -> list[Standing]:
        until = asyncio.get_running_loop().time() + RECORDS_WITHIN_SECONDS
        try:
            return await self._records.ask(partial(read_standing, cases, self._desk), until=until)
        except NoAnswerError as error:
            raise RecordsUnavailableError(str(error)) from None

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
    cases: Sequence[Case], desk: Desk, known: Sequence[Known], at: datetime
) -> Sequence[Underwritten | Exception]:
    """What each is told. A case that breaks the sitting breaks itself alone."""
    try:
        return underwrite_all(cases, desk, known, at)
    except Exception:  # noqa: BLE001 - whose fault it is shows when each is heard alone
        return [_heard_alone(case, desk, one, at) for case, one in zip(cases, known, strict=True)]


def _heard_alone(case: Case, desk: Desk, known: Known, at: datetime) -> Underwritten | Exception:
    try:
        [told] = underwrite_all([case], desk, [known], at)
    except Exception as error:  # noqa: BLE001 - it belongs to whoever sent the case
        return error
    return told
