"""How much memory two million rows of 60 features take: `vouch train table`, as anyone would type.

`python -m benchmarks.size.run` writes the table (540 MB), trains on it in a child process and
writes benchmarks/results/size.json and .md. The figure is the child's peak resident memory as
the kernel counted it (`ru_maxrss`). `--rows` and `--trials` make it smaller or longer.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.size.table import LABEL, TIME, write_table

RESULTS = Path(__file__).resolve().parents[1] / "results"
ROWS, TRIALS, SEED = 2_000_000, 0, 0
BUDGET_MB = 3000
KEPT = ("test", "sampled", "fit", "split")


def main() -> None:
    """Writes, trains, measures and records."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=ROWS)
    asked.add_argument("--trials", type=int, default=TRIALS)
    asked.add_argument("--table", type=Path, help="a table written before, to use again")
    told = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = told.table or write_table(Path(folder) / "table.parquet", rows=told.rows, seed=SEED)
        found = _measured(file, Path(folder), trials=told.trials)
    (RESULTS / "size.json").write_text(json.dumps(found, indent=1) + "\n")
    (RESULTS / "size.md").write_text(_page(found))


def _measured(file: Path, folder: Path, *, trials: int) -> dict[str, Any]:
    """What training took, and what it said of itself."""
    out = folder / "out"
    vouch = str(Path(sys.executable).with_name("vouch"))
    command = [vouch, "train", "table", str(file), "--label", LABEL]
    command += ["--time", TIME, "--monotone", "number_0=+1", "--out", str(out)]
    command += ["--trials", str(trials), "--seed", str(SEED)]
    environment = os.environ | {"VOUCH_HOME": str(folder / "home")}
    started = time.monotonic()
    process = os.posix_spawn(vouch, command, environment)
    _, status, used = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"training ended {os.waitstatus_to_exitcode(status)}")
    metrics = json.loads((out / "metrics.json").read_text())
    meta = pq.read_metadata(file)
    return {
        "rows": meta.num_rows,
        "features": len(json.loads((out / "manifest.json").read_text())["features"]),
        "file_mb": round(file.stat().st_size / 1e6),
        "trials": trials,
        "seconds": round(time.monotonic() - started, 1),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_mb": round(used.ru_maxrss * 1024 / 1e6),  # Linux counts in KiB
        "processors": os.cpu_count(),
        **{name: metrics.get(name) for name in KEPT},
    }


def _page(found: dict[str, Any]) -> str:
    test, sampled = found["test"], found["sampled"] or {}
    kept = "within" if found["peak_mb"] <= BUDGET_MB else "over"
    drawn = "".join(f"| {name.replace('_', ' ')} | {rows:,} |\n" for name, rows in sampled.items())
    return f"""# Two million rows

`python -m benchmarks.size.run` (or `make bench`); the figures are in `size.json`.

**{found["rows"]:,} rows of {found["features"]} features trained in {found["peak_mb"]:,} MB at the \
peak, {kept} {BUDGET_MB:,} MB.**

| what | figure |
|---|---|
| parquet file, MB | {found["file_mb"]:,} |
| peak resident memory of the whole process, MB | {found["peak_mb"]:,} |
| seconds, and seconds of processor | {found["seconds"]:,} and {found["processor_seconds"]:,} |
| trials | {found["trials"]} |
| processors | {found["processors"]} |
{drawn}| test AUC, Brier, ECE | {test["auc"]:.4f}, {test["brier"]:.4f}, {test["ece"]:.4f} |

The table is made by `benchmarks/size/table.py`: 44 numbers (float32), 12 counts (int32), 4 columns
of 30 words, a day to split by, about 12% bads. One feature has a direction. The command is
`vouch train table`, report and all; the child's peak is the kernel's `ru_maxrss`.
"""


if __name__ == "__main__":
    main()
