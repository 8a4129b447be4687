"""Where a process may die: each point is a function of ours, wrapped from outside.

A death is SIGKILL to itself at the n-th pass: nothing is flushed, closed or rolled back.
"""

import os
import signal
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from itertools import count
from typing import Any

Function = Callable[..., Any]
Fuse = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Death:
    """A point: `where` is the function (module:name), `put` how death is put around it."""

    where: str
    put: Callable[[Function, Fuse], Function]


def await_death(death: Death, passes: int) -> None:
    """Wrap the point's function: this process dies at its `passes`-th pass."""
    passed = count(1)
    module, _, path = death.where.partition(":")
    owner: Any = import_module(module)
    *owners, name = path.split(".")
    for part in owners:
        owner = getattr(owner, part)
    setattr(owner, name, death.put(getattr(owner, name), lambda: next(passed) == passes))


def die() -> None:
    """The end, at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def before(function: Function, fuse: Fuse) -> Function:
    """Die before it does anything."""

    @wraps(function)
    def dying(*args: Any, **named: Any) -> Any:
        if fuse():
            die()
        return function(*args, **named)

    return dying


def after(function: Function, fuse: Fuse) -> Function:
    """Die when it has done all of it."""

    @wraps(function)
    def dying(*args: Any, **named: Any) -> Any:
        done = function(*args, **named)
        if fuse():
            die()
        return done

    return dying


def at_the_end_of(block: Function, fuse: Fuse) -> Function:
    """Die when a with-block has ended well, its exit included."""

    @contextmanager
    def dying(*args: Any, **named: Any) -> Any:
        with block(*args, **named) as given:
            yield given
        if fuse():
            die()

    return dying


def half_a_line(function: Function, fuse: Fuse) -> Function:
    """Die with half a line written to the file that it was given."""

    @wraps(function)
    def dying(file: Any) -> None:
        function(file)
        if fuse():
            file.write(b'{"batch": 7, "seq": 2')
            file.flush()
            die()

    return dying


DEATHS = {
    "before the transaction": Death("records.store:Records.writing", before),
    "with the writers' lock": Death("records.store:lock_head", after),
    "with the line taken": Death("records.claims:take_all", after),
    "between a hold's move and its line's": Death("records.lines:move", before),
    "with the rows written, before the seal": Death(
        "records.transaction:Transaction._seal", before
    ),
    "after the seal, before the commit": Death("records.transaction:Transaction.close", after),
    "after the commit, before the answer": Death("records.store:Records.writing", at_the_end_of),
    "in the middle of an expiry": Death("records.holds:expired", after),
    "with half an anchor noted": Death("records.anchors:_drop_what_was_cut_short", half_a_line),
    "during the first migration": Death("records.migrations.kept:keep", before),
}
