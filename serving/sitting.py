"""A sitting: cases that arrive while the desk is busy are heard together."""

import asyncio

from records.journal import Entry
from serving.desk import Case, Desk
from serving.problems import RequestError
from serving.underwrite import underwrite, underwrite_all

# Enough to share the calls' cost; few enough that one sitting's entries are synced to disk while
# the next is heard.
CASES_MAX = 16


class Sitting:
    """Hears cases on the event loop's thread, those that wait at one time in one go.

    Reading features and calling the model cost mostly by the call: under load sittings fill, and
    nobody waits for one to fill.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: list[tuple[Case, asyncio.Future[Entry]]] = []

    async def hear(self, case: Case) -> Entry:
        """The entry of one case; RequestError where it is refused."""
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[Entry] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._hear_all)
        self._waiting.append((case, outcome))
        return await outcome

    def _hear_all(self) -> None:
        waiting, self._waiting = self._waiting[:CASES_MAX], self._waiting[CASES_MAX:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._hear_all)
        try:
            outcomes = underwrite_all([case for case, _ in waiting], self._desk)
        except Exception:  # noqa: BLE001 - one case broke the sitting: the others are heard alone
            for case, outcome in waiting:
                self._hear_alone(case, outcome)
            return
        for (_, outcome), told in zip(waiting, outcomes, strict=True):
            if outcome.done():
                continue  # who asked went away
            if isinstance(told, RequestError):
                outcome.set_exception(told)
            else:
                outcome.set_result(told)

    def _hear_alone(self, case: Case, outcome: asyncio.Future[Entry]) -> None:
        if outcome.done():
            return
        try:
            outcome.set_result(underwrite(case, self._desk))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever sent the case
            outcome.set_exception(error)
