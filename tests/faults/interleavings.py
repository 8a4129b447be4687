"""Every order in which two workers can carry out the ledger's protocol, with a crash at any step.

A world is what is committed, what clients were told, and how far each worker has come in its
transaction; it is a tuple of tuples, so that worlds met before are known. One step is one
statement under READ COMMITTED: a read sees what is committed, an update waits for the row's lock,
judges its condition on what is committed then, and keeps the lock to the end. The writers' lock
that the records hold on top of all this is left out: the protocol must stand without it.

Amounts and states come from `credit.ledger` itself.
"""

from collections import deque
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from credit.ledger.hold import Hold, HoldMove, HoldState, moved
from credit.ledger.lifecycle import Refused

AMOUNT, LIMIT = 2, 5  # room for two holds of three
ENDS_AT = datetime(2026, 7, 1, tzinfo=UTC)
EARLY = ENDS_AT - timedelta(hours=1)
NOTHING = ()
CRASHES = "crashes"


class Request(NamedTuple):
    """What a client sends under one key until it is told something; `expire` has no client."""

    what: str
    order: int
    amount: int = 0  # 0: all there is
    complete: bool = False

    def __str__(self):
        return f"{self.what} {self.order}"


class Worker(NamedTuple):
    """A transaction on its way: what it has read, and what it has written but not committed."""

    request: int
    step: str
    late: bool
    answer: str = ""
    read: tuple = NOTHING  # the hold as it was
    wants: tuple = NOTHING  # the hold as it shall be
    hold: tuple = NOTHING  # written, its row locked
    line: int = 0  # added to the line, its row locked
    key: str = ""  # the answer inserted under the key


class World(NamedTuple):
    """`used` of the line; the holds of each order; by request: answer kept, effects, told."""

    late: bool
    used: int
    holds: tuple
    ends: tuple
    kept: tuple
    effects: tuple
    told: tuple
    workers: tuple


@cache
def after(hold, what, amount, complete, late):
    """A hold (state, captured, released) after a move; the code of the refusal as text."""
    was = Hold(
        authorized_minor=AMOUNT,
        captured_minor=hold[1],
        released_minor=hold[2],
        state=HoldState(hold[0]),
        expires_at=ENDS_AT,
    )
    now = moved(
        was,
        HoldMove(what),
        at=ENDS_AT if late else EARLY,
        amount_minor=amount or None,
        complete=complete,
    )
    if isinstance(now, Refused):
        return now.code
    return (now.state.value, now.captured_minor, now.released_minor)


@cache
def exposure(hold):
    return Hold(
        authorized_minor=AMOUNT, captured_minor=hold[1], released_minor=hold[2], expires_at=ENDS_AT
    ).exposure_minor


OPENED = (HoldState.AUTHORIZED.value, 0, 0)


def put(values, place, value):
    return (*values[:place], value, *values[place + 1 :])


class Protocol:
    """The protocol as `records` carries it out. A mutant overrides a step."""

    def __init__(self, requests):
        self.requests = requests
        self.orders = 1 + max(request.order for request in requests)

    def start(self):
        many = len(self.requests)
        return World(
            late=False,
            used=0,
            holds=(NOTHING,) * self.orders,
            ends=(0,) * self.orders,
            kept=("",) * many,
            effects=(0,) * many,
            told=("",) * many,
            workers=(NOTHING, NOTHING),
        )

    def following(self, world):
        """((worker, its request, what happens), the world then) for all that can happen next."""
        if not world.late:
            yield (None, None, "the holds come due"), world._replace(late=True)
        for me, worker in enumerate(world.workers):
            if worker == NOTHING:
                yield from self._starts(world, me)
                continue
            for words, then in getattr(self, worker.step)(world, me, worker):
                yield (me, worker.request, words), then
            yield (me, worker.request, CRASHES), self._idle(world, me)

    def _starts(self, world, me):
        for number, request in enumerate(self.requests):
            if self._may_start(world, me, number, request):
                step = "read_hold" if request.what == "expire" else "recall"
                worker = Worker(number, step, world.late)
                yield (me, number, "begins"), self._with(world, me, worker)

    def _may_start(self, world, me, number, request):
        if world.told[number] or self._is_kept_out(world, me):
            return False
        if request.what == "authorise":
            return True
        holds = world.holds[request.order]
        if request.what == "expire":
            return world.late and any(hold[0] == OPENED[0] for hold in holds)
        opening = self.requests.index(Request("authorise", request.order))
        return world.told[opening] == "held"

    def _is_kept_out(self, _world, _me):
        return False

    def recall(self, world, me, worker):
        kept = world.kept[worker.request]
        if kept:
            yield f"finds the answer {kept!r}", self._with(world, me, worker, "answer", answer=kept)
        elif worker.answer:
            yield "finds nothing, decides again", self._with(world, me, worker, "keep")
        elif self.requests[worker.request].what == "authorise":
            yield "finds no answer", self._with(world, me, worker, "take")
        else:
            yield "finds no answer", self._with(world, me, worker, "read_hold")

    def take(self, world, me, worker):
        if self._line_is_locked(world, me):
            return
        if world.used + AMOUNT > LIMIT:
            refused = Worker(worker.request, "recall", world.late, answer="declined")
            yield "finds no room, rolls back", self._with(world, me, refused)
        else:
            yield self._taken(world, me, worker)

    def _taken(self, world, me, worker):
        words = f"takes {AMOUNT} where {world.used} of {LIMIT} are used"
        return words, self._with(world, me, worker, "insert_hold", line=AMOUNT, answer="held")

    def insert_hold(self, world, me, worker):
        order = self.requests[worker.request].order
        if world.holds[order]:
            yield "finds the order held, rolls back", self._again(world, me, worker)
        elif not self._hold_is_locked(world, me, order):
            yield "inserts the hold", self._with(world, me, worker, "keep", hold=OPENED)

    def read_hold(self, world, me, worker):
        request = self.requests[worker.request]
        hold = world.holds[request.order][0]
        ends = worker.late and hold[0] == OPENED[0]
        if request.what == "expire" and not ends:
            yield "finds it over", self._idle(world, me)
            return
        what, answer = ("expire", "refused") if ends else (request.what, "done")
        wants = after(hold, what, request.amount, request.complete, worker.late)
        if isinstance(wants, str):
            then = self._with(world, me, worker, "answer", answer="refused")
            yield f"reads {hold}: {wants}", then
        else:
            then = self._with(
                world, me, worker, "update_hold", answer=answer, read=hold, wants=wants
            )
            yield f"reads {hold}", then

    def update_hold(self, world, me, worker):
        order = self.requests[worker.request].order
        if self._hold_is_locked(world, me, order):
            return
        if world.holds[order][0] != worker.read:
            yield "finds it changed, rolls back", self._again(world, me, worker)
        else:
            yield self._updated(world, me, worker)

    def _updated(self, world, me, worker):
        then = self._with(world, me, worker, "give_back", hold=worker.wants)
        return f"writes {worker.wants}", then

    def give_back(self, world, me, worker):
        by = exposure(worker.hold) - exposure(worker.read)
        step = "keep" if worker.answer == "done" else "commit"
        if not by:
            yield "moves no exposure", self._with(world, me, worker, step)
        elif not self._line_is_locked(world, me):
            yield f"gives {-by} back to the line", self._with(world, me, worker, step, line=by)

    def keep(self, world, me, worker):
        if world.kept[worker.request]:
            yield "finds its key used, rolls back", self._again(world, me, worker)
        elif not self._key_is_locked(world, me, worker.request):
            kept = self._with(world, me, worker, "commit", key=worker.answer)
            yield f"keeps the answer {worker.answer!r}", kept

    def commit(self, world, me, worker):
        yield "commits", self._committed(world, me, worker, "answer")

    def _committed(self, world, me, worker, step):
        request = self.requests[worker.request]
        order = world.holds[request.order]
        if worker.hold and request.what == "authorise":
            order = (*order, worker.hold)
        elif worker.hold:
            order = put(order, 0, worker.hold)
        effects, ends, kept = world.effects, world.ends, world.kept
        if worker.hold and worker.answer in ("held", "done"):
            effects = put(effects, worker.request, effects[worker.request] + 1)
        if worker.hold and worker.read and worker.hold[0] != worker.read[0]:
            ends = put(ends, request.order, ends[request.order] + 1)
        if worker.key:
            kept = put(kept, worker.request, worker.key)
        then = world._replace(
            used=world.used + worker.line,
            holds=put(world.holds, request.order, order),
            ends=ends,
            kept=kept,
            effects=effects,
        )
        if request.what == "expire":
            return self._idle(then, me)
        done = Worker(worker.request, step, worker.late, answer=worker.answer)
        return self._with(then, me, done)

    def answer(self, world, me, worker):
        told = put(world.told, worker.request, worker.answer)
        yield f"answers {worker.answer!r}", self._idle(world._replace(told=told), me)

    def _with(self, world, me, worker, step=None, **changes):
        if step:
            worker = worker._replace(step=step, **changes)
        return world._replace(workers=put(world.workers, me, worker))

    def _idle(self, world, me):
        return world._replace(workers=put(world.workers, me, NOTHING))

    def _again(self, world, me, worker):
        step = "read_hold" if self.requests[worker.request].what == "expire" else "recall"
        return self._with(world, me, Worker(worker.request, step, world.late))

    def _other(self, world, me):
        return world.workers[1 - me]

    def _line_is_locked(self, world, me):
        other = self._other(world, me)
        return other != NOTHING and other.line != 0

    def _hold_is_locked(self, world, me, order):
        other = self._other(world, me)
        return other != NOTHING and bool(other.hold) and self.requests[other.request].order == order

    def _key_is_locked(self, world, me, request):
        other = self._other(world, me)
        return other != NOTHING and bool(other.key) and other.request == request


def overdrawn(world, _):
    return world.used > LIMIT


def not_conserved(world, _):
    return world.used != sum(exposure(hold) for order in world.holds for hold in order)


def doubled(world, _):
    return any(len(order) > 1 for order in world.holds) or any(n > 1 for n in world.effects)


def lost(world, protocol):
    """Something a client was told of is not there."""
    return any(
        told in ("held", "done") and not (effect and world.holds[request.order])
        for told, effect, request in zip(world.told, world.effects, protocol.requests, strict=True)
    )


def ended_twice(world, _):
    return any(ends > 1 for ends in world.ends)


def answered_otherwise(world, _):
    """A client was told one thing, and its key remembers another."""
    pairs = zip(world.told, world.kept, strict=True)
    return any(kept and told not in ("", kept) for told, kept in pairs)


# These hold without the writers' lock, by conditions and unique keys alone.
WRONGS = (overdrawn, not_conserved, doubled, lost, ended_twice)


class WithWritersLock(Protocol):
    """As the records run it: nobody begins while another's transaction is open."""

    def _is_kept_out(self, world, me):
        other = world.workers[1 - me]
        return other != NOTHING and other.step != "answer"


class Found(NamedTuple):
    """What a search came to: worlds seen, and the shortest way to a wrong, if there is one."""

    worlds: int
    wrong: str = ""
    trace: tuple = ()


def search(protocol, wrongs=WRONGS):
    """Breadth first over all worlds; ends at the first wrong, whose way is then the shortest.

    Which worker is called the first makes no world another one.
    """
    first = protocol.start()
    came_from = {first: None}
    waiting = deque([first])
    while waiting:
        world = waiting.popleft()
        following = list(protocol.following(world))
        wrong = next((it.__name__ for it in wrongs if it(world, protocol)), "")
        if wrong or _is_stuck(world, following):
            way = _way(came_from, world)
            return Found(len(came_from), wrong or "deadlocked", _told(protocol, way))
        for then in dict.fromkeys(_in_order(then) for _, then in following):
            if then not in came_from:
                came_from[then] = world
                waiting.append(then)
    return Found(len(came_from))


def _in_order(world):
    one, other = world.workers
    return world if one >= other else world._replace(workers=(other, one))


def _is_stuck(world, following):
    """Both workers wait for each other: nothing can happen to them but a crash."""
    if NOTHING in world.workers:
        return False
    return all(words == CRASHES for (me, _, words), _ in following if me is not None)


def _way(came_from, world):
    way = [world]
    while came_from[way[-1]]:
        way.append(came_from[way[-1]])
    return way[::-1]


def _told(protocol, way):
    """The way in words; a worker keeps its letter, though worlds call either the first."""
    lines, letters = [], "AB"
    for world, then in pairwise(way):
        following = protocol.following(world)
        (me, number, words), one = next(it for it in following if _in_order(it[1]) == then)
        doing = "" if me is None else f"{letters[me]}, {protocol.requests[number]}: "
        lines.append(doing + words)
        letters = letters if one == then else letters[::-1]
    return tuple(lines)
