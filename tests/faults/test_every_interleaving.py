"""No order of steps, and no crash, breaks the ledger's protocol; the same search finds what would.

Three holds on a line with room for two, two workers, every client asking again until it is told;
see `interleavings.py` for what a step is. Found traces are shown as the search tells them.
"""

import sys

import pytest

from tests.faults.interleavings import (
    AMOUNT,
    LIMIT,
    OPENED,
    WRONGS,
    Protocol,
    Request,
    WithWritersLock,
    answered_otherwise,
    search,
)

AUTHORISE = tuple(Request("authorise", order) for order in range(3))
CAPTURE, RELEASE, EXPIRE = Request("capture", 0, 1), Request("release", 0), Request("expire", 0)
RACES = {
    "last capture and expiry": (CAPTURE._replace(complete=True), EXPIRE),
    "capture, release and expiry": (CAPTURE, RELEASE, EXPIRE),
}
LONG_RACES = {
    "capture and release": (CAPTURE, RELEASE),
    "two captures, release and expiry": (CAPTURE, Request("capture", 0, 2), RELEASE, EXPIRE),
    "capture and expiry of one, release and expiry of another": (
        CAPTURE,
        EXPIRE,
        Request("release", 1),
        Request("expire", 1),
    ),
    "three moves of one, release and expiry of another": (
        CAPTURE,
        RELEASE,
        EXPIRE,
        Request("release", 1),
        Request("expire", 1),
    ),
    "a release of each": tuple(Request("release", order) for order in range(3)),
    "an expiry of each, and a last capture": (
        CAPTURE._replace(complete=True),
        *(Request("expire", order) for order in range(3)),
    ),
}


@pytest.fixture
def show(capsys):
    """Prints what a search came to, also where all is well."""

    def told(name, found):
        with capsys.disabled():
            came = f"{found.worlds:,} worlds, {found.wrong or 'nothing wrong'}"
            sys.stdout.write(f"\n  {name}: {came}\n")
        return "\n".join((found.wrong, *found.trace))

    return told


@pytest.fixture
def races(runs):
    """What is raced: all of it in `make acceptance`, the two shortest in any other run."""
    return RACES | (LONG_RACES if runs(full=1, short=0) else {})


def test_no_interleaving_and_no_crash_breaks_the_ledger_even_without_the_writers_lock(races, show):
    for name, race in races.items():
        found = search(Protocol(AUTHORISE + race))
        assert not found.wrong, show(name, found)
        show(name, found)


def test_under_the_writers_lock_a_doubled_request_is_told_what_was_done(races, show):
    for name, race in races.items():
        found = search(WithWritersLock(AUTHORISE + race), (*WRONGS, answered_otherwise))
        assert not found.wrong, show(name, found)
        show(f"{name}, locked", found)


def test_without_the_lock_a_doubled_request_may_hear_a_refusal_of_what_was_done(show):
    """Nothing is lost by it, but a client is told wrongly: this is what the lock is for."""
    found = search(Protocol((*AUTHORISE, RELEASE)), (answered_otherwise,))
    assert found.wrong == "answered_otherwise", show("doubled", found)
    assert found.trace[-2].endswith("reads ('CLOSED', 0, 2): ORDER_ALREADY_CLOSED")


class RoomReadThenWritten(Protocol):
    """Looks whether there is room, and then takes it without asking again."""

    def take(self, world, me, worker):
        if world.used + AMOUNT > LIMIT:
            yield from super().take(world, me, worker)
        else:
            yield f"sees {world.used} of {LIMIT} used", self._with(world, me, worker, "write_line")

    def write_line(self, world, me, worker):
        if not self._line_is_locked(world, me):
            yield self._taken(world, me, worker)


class AnswerKeptAfterwards(Protocol):
    """Commits the hold first and keeps the answer in a transaction of its own."""

    def insert_hold(self, world, me, worker):
        yield "inserts the hold", self._with(world, me, worker, "commit", hold=OPENED)

    def commit(self, world, me, worker):
        step = "answer" if worker.key else "keep"
        yield "commits", self._committed(world, me, worker, step)


class HoldWrittenBlindly(Protocol):
    """Writes a hold without asking whether it is still as it was read."""

    def update_hold(self, world, me, worker):
        if not self._hold_is_locked(world, me, self.requests[worker.request].order):
            yield self._updated(world, me, worker)


def test_room_that_is_read_and_then_written_is_overdrawn(show):
    found = search(RoomReadThenWritten(AUTHORISE))
    assert found.wrong == "overdrawn", show("room read, then written", found)
    show(f"room read, then written, in {len(found.trace)} steps", found)
    told = "\n".join(found.trace)
    assert [told.count(part) for part in ("sees", "takes 2", "commits")] == [3, 3, 3], told
    assert "takes 2 where 4 of 5 are used" in told, told


def test_an_answer_that_is_kept_after_its_effect_doubles_a_hold(show):
    found = search(AnswerKeptAfterwards(AUTHORISE))
    assert found.wrong == "doubled", show("answer kept afterwards", found)
    show(f"answer kept afterwards, in {len(found.trace)} steps", found)
    assert len({line.split(", ")[1].split(":")[0] for line in found.trace}) == 1, found.trace
    assert sum(line.endswith("commits") for line in found.trace) == 2, found.trace


@pytest.mark.parametrize("race", [(CAPTURE, RELEASE), (RELEASE, EXPIRE)])
def test_a_hold_that_is_written_blindly_gives_back_what_it_has_not(race, show):
    found = search(HoldWrittenBlindly(AUTHORISE + race))
    assert found.wrong == "not_conserved", show("hold written blindly", found)
    assert sum("gives" in line for line in found.trace) == 2, found.trace
