"""Vouch on the same rows, by the command that anyone would type, with a clock on its fits."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ranking.rows import TEST_SHARE, Division
from benchmarks.ranking.tables import LABEL

LEAK_SUSPECTED = 1  # the exit code: files are written all the same


@dataclass(frozen=True, slots=True)
class Spent:
    """What one training took: `fit_seconds` are those with at least one fit of tuning running.

    A core's seconds tell more than the clock's where other work shares the machine.
    """

    seconds: float
    cpu_seconds: float
    fits: int
    fit_seconds: float
    fit_cpu_seconds: float
    peak_gb: float
    load: float

    @property
    def overhead(self) -> float:
        """A core's seconds in all that is no fit of tuning, as a share of those in fits."""
        return self.cpu_seconds / self.fit_cpu_seconds - 1

    def as_json(self) -> dict[str, Any]:
        """Rounded, with the overhead."""
        told = {name: round(value, 2) for name, value in asdict(self).items()}
        return told | {"overhead": round(self.overhead, 3)}


def trained(division: Division, scratch: Path, *, trials: int | None = None) -> tuple[Any, Spent]:
    """P(bad) of the test rows as `predictions.parquet` has it, and what that took.

    RuntimeError where the trainer fails or held out other rows than the other tools.
    """
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        out = Path(folder) / "trained"
        asked = [*_asked(division, out), *([] if trials is None else ["--trials", str(trials)])]
        spent = _run(division, asked, Path(folder))
        rows = pq.read_table(out / "predictions.parquet")
    if not np.array_equal(np.sort(rows["row_id"].to_numpy()), np.sort(division.test)):
        raise RuntimeError(f"{division.table.name}: Vouch held out other rows")
    return rows["probability"].to_numpy()[np.argsort(rows["row_id"].to_numpy())], spent


def _run(division: Division, asked: list[str], folder: Path) -> Spent:
    clock, before = folder / "clock.json", resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.ranking.fits", str(clock), *asked],
        env=os.environ | {"VOUCH_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    written = (folder / "trained" / "predictions.parquet").is_file()
    if done.returncode not in {0, LEAK_SUSPECTED} or not written:
        raise RuntimeError(f"{division.table.name}: {done.stderr.strip()[-2000:]}")
    told = json.loads(clock.read_text())
    return Spent(
        seconds=seconds,
        cpu_seconds=_cpu(after) - _cpu(before),
        fits=told["fits"],
        fit_seconds=told["fit_seconds"],
        fit_cpu_seconds=told["fit_cpu_seconds"],
        peak_gb=after.ru_maxrss / 1e6,
        load=os.getloadavg()[0],
    )


def _cpu(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


def _asked(division: Division, out: Path) -> list[str]:
    """`vouch train table` for this division."""
    table = division.table
    asked = ["train", "table", str(table.file), "--label", LABEL]
    if table.time is None:
        asked += ["--test-share", str(TEST_SHARE)]
    else:
        asked += ["--time", table.time]
        asked += ["--split-at", table.split_at] if table.split_at else []
    return [*asked, "--seed", str(division.seed), "--out", str(out)]
