"""A disk of a few megabytes, to be filled."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def tmpfs(megabytes: int) -> Iterator[Path]:
    """A mounted folder with that much room, gone afterwards. A loud skip where mounting is refused.

    No package mends a refusal (it takes root, and a container that may mount), so it is a skip
    under CI too.
    """
    with tempfile.TemporaryDirectory(prefix="vouch-disk-") as around:
        Path(around).chmod(0o755)
        folder = Path(around, "small")
        folder.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "small", str(folder)]
        refused = subprocess.run(words, capture_output=True, text=True, check=False)
        if refused.returncode:
            pytest.skip(f"SKIPPED LOUDLY: no small disk ({refused.stderr.strip()})")
        try:
            yield folder
        finally:
            # Lazily: a process that a failed test left behind must not keep the folder busy.
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
