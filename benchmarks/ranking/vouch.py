"""Vouch on the same rows, by the command that anyone would type."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ranking.rows import TEST_SHARE, Division
from benchmarks.ranking.tables import LABEL

LEAK_SUSPECTED = 1  # the exit code: files are written all the same


def probabilities(division: Division, scratch: Path, *, trials: int | None = None) -> Any:
    """P(bad) of the test rows as `predictions.parquet` has it.

    RuntimeError where the trainer fails or held out other rows than the other tools.
    """
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        out = Path(folder) / "trained"
        done = subprocess.run(
            [*command(division, out), *([] if trials is None else ["--trials", str(trials)])],
            env=os.environ | {"VOUCH_HOME": str(Path(folder) / "home")},
            capture_output=True,
            text=True,
            check=False,
        )
        file = out / "predictions.parquet"
        if done.returncode not in {0, LEAK_SUSPECTED} or not file.is_file():
            raise RuntimeError(f"{division.table.name}: {done.stderr.strip()[-2000:]}")
        rows = pq.read_table(file)
    if not np.array_equal(np.sort(rows["row_id"].to_numpy()), np.sort(division.test)):
        raise RuntimeError(f"{division.table.name}: Vouch held out other rows")
    return rows["probability"].to_numpy()[np.argsort(rows["row_id"].to_numpy())]


def command(division: Division, out: Path) -> list[str]:
    """`vouch train table` for this division."""
    table = division.table
    asked = ["-m", "console.main", "train", "table", str(table.file), "--label", LABEL]
    if table.time is None:
        asked += ["--test-share", str(TEST_SHARE)]
    else:
        asked += ["--time", table.time]
        asked += ["--split-at", table.split_at] if table.split_at else []
    return [sys.executable, *asked, "--seed", str(division.seed), "--out", str(out)]
