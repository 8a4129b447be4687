"""Questions go off the event loop, answers come back, and what is stuck is not waited for."""

import asyncio
import threading
import time

import pytest

from serving.messenger import Messenger, NoAnswerError


@pytest.fixture
def messenger():
    made = Messenger("test")
    yield made
    made.close()


def ask(messenger, question, *, within=5.0):
    async def once():
        return await messenger.ask(question, until=asyncio.get_running_loop().time() + within)

    return asyncio.run(once())


def test_a_question_is_put_on_one_thread_that_is_not_the_callers(messenger):
    threads = {ask(messenger, threading.get_ident) for _ in range(5)}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("error", [OSError("away"), TimeoutError("its own")])
def test_what_a_question_raises_reaches_who_asked(messenger, error):
    def fails():
        raise error

    with pytest.raises(type(error), match=str(error)):
        ask(messenger, fails)
    assert ask(messenger, lambda: "well") == "well"


def test_while_a_question_is_stuck_further_ones_are_refused_at_once_and_then_answered(messenger):
    let_go = threading.Event()
    with pytest.raises(NoAnswerError, match="in time"):
        ask(messenger, lambda: let_go.wait(60), within=0.01)
    started = time.monotonic()
    with pytest.raises(NoAnswerError, match="stuck"):
        ask(messenger, lambda: "never put", within=60)
    assert time.monotonic() - started < 1
    let_go.set()
    assert eventually(lambda: ask(messenger, lambda: "well") == "well")


def test_who_goes_away_leaves_nothing_behind(messenger):
    let_go = threading.Event()

    async def leave():
        asked = asyncio.create_task(messenger.ask(lambda: let_go.wait(60), until=float("inf")))
        await asyncio.sleep(0.01)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(leave())
    let_go.set()
    assert eventually(lambda: ask(messenger, lambda: "well") == "well")


def test_a_messenger_that_is_stuck_for_good_keeps_no_process_alive(messenger):
    with pytest.raises(NoAnswerError):
        ask(messenger, lambda: threading.Event().wait(60), within=0.01)
    assert all(one.daemon for one in threading.enumerate() if one.name == "test")


def eventually(holds):
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            return holds()
        except NoAnswerError:
            time.sleep(0.01)
    return False
