"""How long a training takes by default, and how much of that is not the fits themselves."""

import json
import os
import resource
import subprocess
import time
from pathlib import Path
from typing import Any

from benchmarks.ranking.rows import Division
from benchmarks.ranking.vouch import LEAK_SUSPECTED, command

MINUTES = {"taiwan": 4, "gmsc": 8}  # what each may take on two cores
OVERHEAD_MAX = 0.3


def spent(division: Division, scratch: Path) -> dict[str, Any]:
    """Wall seconds of the command, those with a fit running, the rest as a share of them."""
    scratch.mkdir(parents=True, exist_ok=True)
    clock = scratch / "clock.json"
    python, _, _, *asked = command(division, scratch / "timed")
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [python, "-m", "benchmarks.ranking.fits", str(clock), *asked],
        env=os.environ | {"VOUCH_HOME": str(scratch / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in {0, LEAK_SUSPECTED}:
        raise RuntimeError(f"{division.table.name}: {done.stderr.strip()[-2000:]}")
    told = json.loads(clock.read_text())
    return {
        "table": division.table.name,
        "seconds": round(wall, 1),
        "seconds_max": 60 * MINUTES[division.table.name],
        "cpu_seconds": round(_cpu(after) - _cpu(before), 1),
        "fits": told["fits"],
        "fit_seconds": round(told["fit_seconds"], 1),
        "overhead": round(wall / told["fit_seconds"] - 1, 3),
        "peak_gb": round(after.ru_maxrss / 1e6, 2),
        "load": round(os.getloadavg()[0], 2),
    }


def _cpu(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime
