"""A sitting: cases of one product that arrive while the desk is busy are heard together."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from credit.contract import ENTITY_OF
from credit.ledger.exposure import Line
from credit.policy.evidence import Evidence
from records.store import RecordsUnavailableError
from serving.desk import Case, Desk
from serving.evidence import note_slow, read_evidence, unavailable
from serving.messenger import Messenger, NoAnswerError
from serving.underwrite import Known, Underwritten, underwrite_all

# Enough to share the calls' cost; few enough that one sitting's entries are synced to disk while
# the next is heard.
CASES_MAX = 16
# An answer is due within 300 ms, whatever the features do: half of that for reading them, counted
# from when a case came, and half for all the rest, the durable commit above all.
EVIDENCE_WITHIN_SECONDS = 0.15
# Under a rush cases wait for their turn, not for the features: a source that is well is still read.
EVIDENCE_LEAST_SECONDS = 0.05
# Without its line no case can be heard: it is waited for as long as an answer may take in trouble.
LINES_WITHIN_SECONDS = 1.0
SLOW = f"slow: no answer within {EVIDENCE_WITHIN_SECONDS * 1000:.0f} ms"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A case that waits for its hearing, since when (loop time), and where it is told.

    `line`: how its line stands, where a refused claim has just shown it.
    """

    case: Case
    line: Line | None
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

    async def hear(self, case: Case, line: Line | None = None) -> Underwritten:
        """The decision on one case; RequestError where it is refused.

        `line`: how the line stands, where that is known better than it could be read.
        """
        return await self._dockets[case.product].hear(case, line)

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
        self._lines = Messenger(f"{product} lines")
        self._waiting: list[_Waiting] = []
        self._session: asyncio.Task[None] | None = None

    async def hear(self, case: Case, line: Line | None) -> Underwritten:
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[Underwritten] = loop.create_future()
        self._waiting.append(_Waiting(case, line, loop.time(), outcome))
        if self._session is None or self._session.done():
            self._session = loop.create_task(self._sit())
        return await outcome

    def close(self) -> None:
        self._features.close()
        self._lines.close()

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
        entity_ids = [one.case.entity_id for one in present]
        reading = asyncio.create_task(self._read_lines(entity_ids))
        evidence = await self._evidence(entity_ids, at, until=until)
        lines = await reading
        return [
            Known(known, one.line or line)
            for one, known, line in zip(present, evidence, lines, strict=True)
        ]

    async def _read_lines(self, entity_ids: Sequence[str]) -> list[Line]:
        kind = ENTITY_OF[self._product]
        read = partial(self._desk.lines.read, kind=kind, entity_ids=entity_ids)
        until = asyncio.get_running_loop().time() + LINES_WITHIN_SECONDS
        try:
            return await self._lines.ask(read, until=until)
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
