"""Scratch space given back: what nobody asked for in a month, and what killed runs left.

Everything there is kept under a key of what it was made from, and can be made again.
"""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

KEYED = ("sources", "tiles", "historical")  # folders of folders, one a key
SECONDS_A_DAY = 86_400
UNUSED_DAYS, ABANDONED_DAYS = 30, 2


def used(folder: Path) -> None:
    """Note that what lies in `folder`, one of a key's, is still asked for."""
    if folder.exists():
        os.utime(folder)


def tidy_scratch(scratch: Path) -> None:
    """Take away what was neither made nor used for long; what a run works with is younger."""
    today = time.time() / SECONDS_A_DAY
    for path, days in _found(scratch):
        try:
            if path.stat().st_mtime / SECONDS_A_DAY < today - days:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        except FileNotFoundError:
            continue  # another run tidies, too


def _found(scratch: Path) -> Iterator[tuple[Path, int]]:
    for name in KEYED:
        for folder in scratch.glob(f"{name}/*"):
            yield folder, UNUSED_DAYS
            for left in (*folder.glob("*.part"), *folder.glob("registry-*")):
                yield left, ABANDONED_DAYS
    for left in scratch.glob("spill-*"):
        yield left, ABANDONED_DAYS
