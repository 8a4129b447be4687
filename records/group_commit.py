"""Group commit: many works, one durable transaction, and no answer before it is on disk."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, TypeVar

from records.store import Records, RecordsUnavailableError, Transaction

Result = TypeVar("Result")
GROUP_MAX = 256


@dataclass(frozen=True, slots=True)
class _Work(Generic[Result]):
    do: Callable[[Transaction], Result]
    answer: Future[Result]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a work came to, held back until its group is on disk."""

    result: Any = None
    error: BaseException | None = None


class GroupCommit:
    """Writes for many callers at once: what waits while one commit syncs shares the next.

    A work is a function of a transaction, run on the writer's thread. Where one of a group fails,
    by its own defect or because another took what it wanted, the whole transaction is undone
    and each goes again alone: its caller gets the exception, its neighbours are not touched.
    So a work must do nothing but read and write through its transaction. When the database fails,
    every caller of the group gets RecordsUnavailableError.

    A class of works may have a static `together(transaction, works) -> results`, which does many
    in fewer statements: `records.decisions.Recording` has.
    """

    def __init__(self, records: Records, *, group_max: int = GROUP_MAX) -> None:
        self._records = records
        self._group_max = group_max
        self._waiting: queue.SimpleQueue[_Work[Any] | None] = queue.SimpleQueue()
        self._closed = False
        self._door = threading.Lock()
        self._writer = threading.Thread(target=self._run, name="group-commit", daemon=True)
        self._writer.start()

    async def submit(self, work: Callable[[Transaction], Result]) -> Result:
        """What `work` returned, once it is durable; or what it raised."""
        return await asyncio.wrap_future(self.hand_in(work))

    def hand_in(self, work: Callable[[Transaction], Result]) -> Future[Result]:
        """The same for callers without an event loop."""
        answer: Future[Result] = Future()
        with self._door:
            if self._closed:
                raise RecordsUnavailableError("the records are closing")
            self._waiting.put(_Work(work, answer))
        return answer

    def close(self) -> None:
        """Write what was handed in, answer it, and stop. Later works are refused."""
        with self._door:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._writer.join()

    def _run(self) -> None:
        while group := self._next_group():
            # Who went away while waiting is not written for; later it is too late to go.
            wanted = [work for work in group if work.answer.set_running_or_notify_cancel()]
            if wanted:
                _answer(wanted, self._commit(wanted))

    def _next_group(self) -> list[_Work[Any]]:
        """The works of the next transaction; empty where the door was closed."""
        first = self._waiting.get()
        if first is None:
            return []
        group = [first]
        while len(group) < self._group_max:
            try:
                further = self._waiting.get_nowait()
            except queue.Empty:
                break
            if further is None:
                self._waiting.put(None)  # for the next turn: this group is still to be written
                break
            group.append(further)
        return group

    def _commit(self, group: list[_Work[Any]]) -> list[_Outcome]:
        try:
            with self._records.writing() as transaction:
                results = _done(transaction, group)
        except RecordsUnavailableError as error:
            return [_Outcome(error=error)] * len(group)
        except Exception as error:  # noqa: BLE001 - it belongs to one of the group: each goes alone
            if len(group) == 1:
                return [_Outcome(error=error)]
            return [outcome for work in group for outcome in self._commit([work])]
        return [_Outcome(result=result) for result in results]


def _done(transaction: Transaction, group: list[_Work[Any]]) -> list[Any]:
    """Each work's result, in order. Neighbours of a class that has `together` are done by it."""
    results: list[Any] = []
    for together, works in groupby(group, lambda work: getattr(work.do, "together", None)):
        doing = [work.do for work in works]
        results += together(transaction, doing) if together else [do(transaction) for do in doing]
    return results


def _answer(group: list[_Work[Any]], outcomes: list[_Outcome]) -> None:
    for work, outcome in zip(group, outcomes, strict=True):
        if outcome.error is None:
            work.answer.set_result(outcome.result)
        else:
            work.answer.set_exception(outcome.error)
