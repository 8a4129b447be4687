"""One piece of work in a process of its own, and what it took.

`measured(work, ...)` starts `python -m benchmarks.features.child WORK ARGUMENTS...`; the last line
that the child prints is what it measured, as JSON.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from features.effort import peak_memory_mb

ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Watch:
    """Seconds and processor seconds of what was done, by what it is called."""

    told: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        """Time the block."""
        began, used = time.perf_counter(), processor_seconds()
        yield
        self.told[f"{name}_seconds"] = round(time.perf_counter() - began, 3)
        self.told[f"{name}_processor_seconds"] = round(processor_seconds() - used, 3)


def processor_seconds() -> float:
    """User and system time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measured(work: str, *arguments: object) -> dict[str, Any]:
    """What `MODULE:FUNCTION`, given the arguments as text and a `Watch`, took in a new process."""
    command = [sys.executable, "-m", "benchmarks.features.child", work, *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(ended.stdout.splitlines()[-1])


def main(work: str, *arguments: str) -> None:
    """Import first, then work: what is imported is not timed."""
    module, _, name = work.partition(":")
    function: Callable[..., None] = getattr(import_module(module), name)
    watch = Watch()
    function(watch, *arguments)
    print(json.dumps(watch.told | {"peak_mb": round(peak_memory_mb())}))


if __name__ == "__main__":
    main(*sys.argv[1:])
