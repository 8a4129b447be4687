"""Processes that take turns at what only one may do at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def in_turn(lock: Path) -> Iterator[None]:
    """Wait until nobody else is between here and the end of the block.

    `lock` is a file that stays. The system lets go with the process: whoever is killed has, too.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
