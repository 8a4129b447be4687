"""Files put in their place whole: on disk before they have their name."""

import os
from pathlib import Path


def into_place(fresh: Path, target: Path) -> None:
    """Give a written file its name, in the same folder; whole or not at all, also after a crash."""
    _sync(fresh)
    fresh.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
