"""Files that are there whole or not at all, also after the machine lost its power."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def put(file: Path, write: Callable[[BinaryIO], object]) -> None:
    """`file` as `write` fills it."""
    fresh = fresh_name(file)
    with fresh.open("wb") as stream:
        write(stream)
    into_place(fresh, file)


def fresh_name(target: Path) -> Path:
    """A name beside `target` that no other process writes to."""
    return target.with_name(f"{target.name}.{os.getpid()}.part")


def into_place(fresh: Path, target: Path) -> None:
    """Give a written file, or folder of files, its name: on disk before it has it.

    OSError where the target is a folder that holds something.
    """
    for file in fresh.iterdir() if fresh.is_dir() else ():
        _sync(file)
    _sync(fresh)
    fresh.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
