"""What the disk itself takes to keep a page: the floor under every commit."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

PAGE = b"\x5a" * 4_096
TIMES = 300


def fdatasync_ms(folder: Path) -> Mapping[str, float]:
    """Appending a page and waiting for it: median and 99th percentile."""
    took = []
    with (folder / "page").open("wb", buffering=0) as file:
        for _ in range(TIMES):
            began = time.perf_counter()
            file.write(PAGE)
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1_000)
    took.sort()
    return {"p50": round(median(took), 3), "p99": round(took[int(TIMES * 0.99)], 3)}
