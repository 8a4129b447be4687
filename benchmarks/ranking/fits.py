"""`vouch`, with a clock on every fit: what a training spends on fits and what on all else.

    python -m benchmarks.ranking.fits CLOCK.json train table FILE ...

Fits are those that tuning asks for: LightGBM's, the scorecard's and the linear model's, while
the trainer searches, blends and fits; those that look for leaks or are benchmarks are not.
"""

import importlib
import json
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

FITS = (
    ("lightgbm", "train"),
    ("training.ranking.scorecard", "fit_scorecard"),
    ("training.ranking.linear", "fit_linear"),
)
NOT_TUNING = frozenset({"leakage", "alone", "benchmarks", "less_discriminatory", "rejects"})


@dataclass(slots=True)
class Clock:
    """Seconds during which at least one fit was running, and what fits cost a core."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    fits: int = 0
    _running: int = 0
    _since: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """A fit begins."""
        with self._lock:
            if not self._running:
                self._since = time.perf_counter()
            self._running += 1
            self.fits += 1

    def end(self, *, cpu_seconds: float) -> None:
        """A fit ends that cost its own thread so much."""
        with self._lock:
            self._running -= 1
            self.cpu_seconds += cpu_seconds
            if not self._running:
                self.seconds += time.perf_counter() - self._since


def main() -> None:
    """The command line."""
    clock, began = Clock(), time.perf_counter()
    for module, name in FITS:
        _put_clock_on(clock, module, name)
    from console.main import main as vouch

    file = Path(sys.argv.pop(1))
    try:
        vouch()
    finally:
        told = {"seconds": time.perf_counter() - began, "fits": clock.fits}
        told |= {"fit_seconds": clock.seconds, "fit_cpu_seconds": clock.cpu_seconds}
        file.write_text(json.dumps(told))


def _put_clock_on(clock: Clock, module: str, name: str) -> None:
    found = importlib.import_module(module)
    fit: Callable[..., Any] = getattr(found, name)

    def clocked(*args: Any, **kwargs: Any) -> Any:
        if not _tuning():
            return fit(*args, **kwargs)
        clock.begin()
        began = time.thread_time()
        try:
            return fit(*args, **kwargs)
        finally:
            clock.end(cpu_seconds=time.thread_time() - began)

    setattr(found, name, clocked)


def _tuning() -> bool:
    """Whether the main thread, which waits for those that fit, is not at something else."""
    frame: FrameType | None = sys._current_frames()[threading.main_thread().ident or 0]  # noqa: SLF001  # how a debugger looks, too
    while frame is not None:
        if frame.f_globals.get("__name__", "").rpartition(".")[2] in NOT_TUNING:
            return False
        frame = frame.f_back
    return True


if __name__ == "__main__":
    main()
