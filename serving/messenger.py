"""A messenger: carries questions to what may be slow or stuck, and is not waited for long."""

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class NoAnswerError(Exception):
    """No answer by the time that was given; or none can come, as an earlier question is stuck."""


@dataclass(frozen=True, slots=True)
class _Question(Generic[Result]):
    put: Callable[[], Result]
    answer: asyncio.Future[Result]
    loop: asyncio.AbstractEventLoop


class Messenger:
    """Puts one question at a time to what is for one thread, on a thread of its own.

    A question that was given up runs on until it ends. Until then every further one is refused at
    once: nobody waits behind what is stuck. When it ends, questions are put again.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._questions: queue.SimpleQueue[_Question[Any] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._pending = False

    async def ask(self, question: Callable[[], Result], *, until: float) -> Result:
        """What `question` returns or raises; NoAnswerError where `until` (loop time) comes first.

        One asker at a time: a second one is refused as if the first were stuck.
        """
        if self._pending:
            raise NoAnswerError(f"{self._name} is stuck")
        if self._thread is None:
            self._thread = self._start()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()
        self._pending = True
        self._questions.put(_Question(question, answer, loop))
        try:
            async with asyncio.timeout_at(until):
                return await answer
        except TimeoutError:
            if answer.done() and not answer.cancelled():
                raise  # the question's own
            raise NoAnswerError(f"{self._name} did not answer in time") from None

    def close(self) -> None:
        """Let the thread end after what it is at; nothing waits for it."""
        self._questions.put(None)

    def _start(self) -> threading.Thread:
        # A daemon: a source that is stuck for good must not keep the process from ending.
        thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        while question := self._questions.get():
            try:
                tell = partial(_settle, question.answer, question.put())
            except Exception as error:  # noqa: BLE001 - it belongs to whoever asked
                tell = partial(_fail, question.answer, error)
            self._pending = False
            _tell(question.loop, tell)


def _tell(loop: asyncio.AbstractEventLoop, tell: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(tell)
    except RuntimeError:
        return  # the loop is closed: nobody waits any more


def _settle(answer: asyncio.Future[Any], result: object) -> None:
    if not answer.done():
        answer.set_result(result)


def _fail(answer: asyncio.Future[Any], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
