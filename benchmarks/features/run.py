"""Features measured: beside other ways to compute them, and as a history grows.

    python -m benchmarks.features.run [--parts arms,spine,day,year,growth,spark]
        [--payments 10e6,50e6] [--rounds 3,2] [--growth 1e6,3e6,10e6,30e6,100e6] [--histories DIR]

Every piece of work has a process of its own, and arms take turns. Parts and sizes that are not
asked for keep the figures that they have. Writes benchmarks/results/features.json and .md, the
curves in docs/images, and the figures in docs/scale.md. `--histories` keeps what is made up, some
20 bytes a payment.
"""

import argparse
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.features.child import ROOT, measured
from benchmarks.features.comparing import refuse_different
from benchmarks.features.histories import AS_OF
from benchmarks.features.pages import write_pages

RESULTS = ROOT / "benchmarks" / "results"
ARMS = {
    "vouch": "vouch",
    "pandas": "by_pandas",
    "polars": "by_polars",
    "sql": "by_hand",
    "sql_uncorrected": "by_hand:run_uncorrected",
    "scan": "scan",
}
UNLIKE = ("vouch", "scan", "sql_uncorrected")  # not held against Vouch's values
WORKS = "benchmarks.features.works"
LIBRARIES = ("duckdb", "ibis-framework", "pandas", "polars", "pyarrow", "numpy")
WALK_DAYS, BUILDS = 30, 6


@dataclass(frozen=True, slots=True)
class Bench:
    """Where histories lie, and how much is asked for."""

    histories: Path
    scratch: Path
    payments: tuple[int, ...]
    rounds: tuple[int, ...]
    growth: tuple[int, ...]

    def history(self, payments: int) -> tuple[str, int]:
        """A history's folder, made where it is not there, and its size in MB."""
        found = measured(f"{WORKS}:history", self.histories, payments)
        return found["folder"], found["file_mb"]

    def empty(self, name: str) -> Path:
        """A folder for one piece of work."""
        folder = self.scratch / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


def told(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """The same with the load that it was measured under, and said to who waits."""
    found = found | {"load": round(os.getloadavg()[0], 2)}
    print(f"  {name}: {found}", flush=True)
    return found


def arms(bench: Bench) -> dict[str, Any]:
    """Every arm at every size, in turn; values compared before anything counts."""
    found = {}
    for payments, rounds in zip(bench.payments, bench.rounds, strict=True):
        place, file_mb = bench.history(payments)
        out = bench.empty("arms")
        taken: dict[str, list[dict[str, Any]]] = {name: [] for name in ARMS}
        compared = 0
        for _ in range(rounds):
            for name, arm in ARMS.items():
                file = out / f"{name}.parquet"
                took = measured(f"{WORKS}:arm", arm, place, file)
                if name not in UNLIKE:
                    compared = refuse_different(out / "vouch.parquet", file)
                taken[name].append(told(f"{payments:,} {name}", took))
        found[str(payments)] = {"file_mb": file_mb, "values_compared": compared, "arms": taken}
    return found


def spine(bench: Bench) -> dict[str, Any]:
    """A training spine of 50,000 rows: tiles made, then joined from another process."""
    found = {}
    for payments in bench.payments:
        place, _ = bench.history(payments)
        scratch = bench.empty("spine")
        made = told("tiles", measured(f"{WORKS}:tiles", place, scratch))
        joined = [
            told("spine", measured(f"{WORKS}:spine", place, scratch, 50_000)) for _ in range(3)
        ]
        found[str(payments)] = {"tiles": made, "spine": joined}
    return found


def day(bench: Bench) -> dict[str, Any]:
    """One more day on a year: a full incremental run, the next day's part, and plain builds."""
    payments = bench.payments[-1]
    place, _ = bench.history(payments)
    folder = bench.empty("day")
    measured(f"{WORKS}:divided", place, folder)
    base, home, next_day = folder / "base", folder / "home", AS_OF + timedelta(days=1)
    first = told("first run", measured(f"{WORKS}:incrementally", base, home, AS_OF))
    (folder / "next.parquet").rename(base / "payments" / "part-next.parquet")
    copies = [shutil.copytree(home, folder / f"home-{n}", symlinks=True) for n in range(4)]
    again = [
        told("one more day", measured(f"{WORKS}:incrementally", base, copy, next_day))
        for copy in copies[:3]
    ]
    command = told("command", measured(f"{WORKS}:command", base, copies[3], next_day))
    plain = [
        told("plain build", measured(f"{WORKS}:built", base, folder / f"plain-{n}", next_day))
        for n in range(2)
    ]
    return {
        "payments": payments,
        "first_run": first,
        "one_more_day": again,
        "command": command,
        "plain_build": plain,
    }


def year(bench: Bench) -> dict[str, Any]:
    """Daily snapshots: single builds spread over the year, and a stretch in one walk."""
    payments = bench.payments[0]
    place, _ = bench.history(payments)
    folder = bench.empty("year")
    days = [AS_OF - timedelta(days=60 * number) for number in range(BUILDS)]
    builds = [
        told(f"build {day}", measured(f"{WORKS}:built", place, folder / f"b-{day}", day))
        for day in days
    ]
    first = AS_OF - timedelta(days=WALK_DAYS)
    walk = f"{WORKS}:walked"
    one = told("walk of 1 day", measured(walk, place, folder / "one", first, first))
    many = told("walk", measured(walk, place, folder / "many", first, AS_OF))
    return {
        "payments": payments,
        "builds": builds,
        "walk_of_one_day": one,
        "walk": many,
        "walk_days": WALK_DAYS + 1,
    }


def growth(bench: Bench) -> dict[str, Any]:
    """A build at every size, and a bare scan beside it."""
    found = {}
    for payments in bench.growth:
        place, file_mb = bench.history(payments)
        out = bench.empty("growth") / "out.parquet"
        taken = {
            name: told(f"{payments:,} {name}", measured(f"{WORKS}:arm", name, place, out))
            for name in ("vouch", "scan")
        }
        found[str(payments)] = {"file_mb": file_mb} | taken
    return found


def spark(bench: Bench) -> dict[str, Any]:
    """A build on Spark inside this machine: what its tasks send one another."""
    payments = bench.payments[0]
    place, file_mb = bench.history(payments)
    work = "benchmarks.features.shuffles:built_on_spark"
    took = measured(work, place, bench.empty("spark"), AS_OF)
    return {"payments": payments, "file_mb": file_mb, "build": told("spark", took)}


PARTS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "arms": arms,
    "spine": spine,
    "day": day,
    "year": year,
    "growth": growth,
    "spark": spark,
}


def machine() -> dict[str, Any]:
    """What it was measured on."""
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def sizes(text: str) -> tuple[int, ...]:
    """Numbers by comma, 10e6 among them."""
    return tuple(int(float(each)) for each in text.split(","))


def main() -> None:
    """The command line."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--parts", default=",".join(PARTS))
    asked.add_argument("--payments", type=sizes, default=sizes("10e6,50e6"))
    asked.add_argument("--rounds", type=sizes, default=(3, 2))
    asked.add_argument("--growth", type=sizes, default=sizes("1e6,3e6,10e6,30e6,100e6"))
    asked.add_argument("--histories", type=Path)
    asked.add_argument("--results", type=Path, default=RESULTS / "features.json")
    options = asked.parse_args()
    file = options.results
    found = json.loads(file.read_text()) if file.exists() else {}
    with tempfile.TemporaryDirectory(dir=options.histories) as scratch:
        histories = options.histories or Path(scratch) / "histories"
        bench = Bench(histories, Path(scratch), options.payments, options.rounds, options.growth)
        for name in options.parts.split(","):
            found[name] = found.get(name, {}) | PARTS[name](bench)
            found["machine"] = machine()
            file.write_text(json.dumps(found, indent=1) + "\n")
    if file.parent == RESULTS and "arms" in found:
        write_pages(found)


if __name__ == "__main__":
    main()
