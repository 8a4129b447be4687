"""A wall clock that a test moves while a child process reads it."""

import os
from dataclasses import dataclass
from pathlib import Path

from tests.stand.presence import missing

SLEEP_MENDED = Path(__file__).parent / "under_faketime"


@dataclass(frozen=True, slots=True)
class FalseClock:
    """`environ` makes a process read its wall clock with `file`'s offset; `move` changes that."""

    file: Path
    library: Path

    @property
    def environ(self) -> dict[str, str]:
        """For a child's environment. Its monotonic clock and the times of files stay true."""
        path = [str(SLEEP_MENDED), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {
            "LD_PRELOAD": str(self.library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "PYTHONPATH": os.pathsep.join(path),
        }

    def move(self, seconds: float) -> None:
        """From now on the child's wall clock is so far ahead of the true one (negative: behind)."""
        beside = self.file.with_suffix(".new")
        beside.write_text(f"{seconds:+.6f}\n")
        beside.chmod(0o644)
        beside.replace(self.file)


def false_clock(folder: Path) -> FalseClock:
    """A clock that shows true time until moved; ends the test where libfaketime is absent."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        missing("libfaketime")
    clock = FalseClock(folder / "clock", found[0])
    clock.move(0)
    return clock
