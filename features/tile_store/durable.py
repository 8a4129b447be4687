"""One run at a time in a folder of kept files."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from credit.errors import InputError
from features.tile_store.manifest import LOCK, Kept


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """The only run in `folder`; InputError where another one is at work."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            who = lock.read().strip() or "unknown"
            what = f"another incremental run (process {who}) is at work in {folder}"
            raise InputError(what, "wait until it ends, or end it") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield  # the system frees the lock with the file, also when we are killed


def remove_unnamed(folder: Path, kept: Kept) -> None:
    """Take away what a killed run left, and what was merged into other files since."""
    named = set(kept.named())
    for file in folder.iterdir():
        if file.is_file() and file.name not in named:
            file.unlink(missing_ok=True)
