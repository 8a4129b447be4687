"""Durable holds per second: commits shared by all who wait, against one commit for each hold.

    python -m benchmarks.ledger.run [--rounds N] [--seconds S]

64 clients on SQLite and on a PostgreSQL of our own, the same holds in every arm, arms in
turn, with a commit that costs 3 ms more and with the bare disk. Writes
benchmarks/results/ledger.json and .md.
"""

import argparse
import json
import os
import platform
import tempfile
from contextlib import ExitStack, closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.ledger.arms import WAYS, Arm, measure, work_ms
from benchmarks.ledger.cluster import postgresql
from benchmarks.ledger.disk import fdatasync_ms
from benchmarks.ledger.report import figures, line, text
from records.store import Records, open_records

RESULTS = Path(__file__).resolve().parents[1] / "results"
COMMITS_MS = (3.0, 0.0)
LIBRARIES = ("sqlalchemy", "pysqlite3", "psycopg")


def compare(records: Records, rounds: int, seconds: float) -> dict[str, Any]:
    """All arms on one database, in turn."""
    arms = [Arm(way, commit_ms) for commit_ms in COMMITS_MS for way in _ways(records)]
    for arm in arms:
        measure(records, arm, 0.5)  # warm
    measured = []
    for number in range(rounds):
        for arm in arms:
            measured.append(measure(records, arm, seconds))
            print(f"  {records.database.name} {number + 1}: {line(measured[-1])}", flush=True)
    work = {"in_groups_of_64": work_ms(records, holds=64), "alone": work_ms(records, holds=1)}
    return figures(measured) | {
        "version": _version(records),
        "work_ms": {name: round(it, 3) for name, it in work.items()},
    }


def _ways(records: Records) -> list[str]:
    """Who contends for SQLite's lock polls for it: a lock of our own before it is faster."""
    return [way for way in WAYS if way != "pool" or records.database.name == "postgresql"]


def _version(records: Records) -> str:
    asked = {"sqlite": "SELECT sqlite_version()", "postgresql": "SHOW server_version"}
    with records.reading() as connection:
        return str(connection.exec_driver_sql(asked[records.database.name]).scalar_one())


def machine(folder: Path) -> dict[str, Any]:
    """What it was measured on, and how busy that was."""
    return {
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "fdatasync_ms": fdatasync_ms(folder),
    }


def main() -> None:
    """The command line."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--seconds", type=float, default=3.0)
    options = asked.parse_args()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vouch-bench-")))
        on = machine(scratch)
        urls = [f"sqlite:///{scratch}/records.db", stack.enter_context(postgresql())]
        databases = {}
        for url in urls:
            with closing(open_records(url)) as records:
                name = records.database.name
                databases[name] = compare(records, options.rounds, options.seconds)
    on["load_after"] = round(os.getloadavg()[0], 2)
    found = {"rounds": options.rounds, "seconds_a_round": options.seconds, "machine": on}
    found["databases"] = databases
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "ledger.json").write_text(json.dumps(found, indent=1) + "\n")
    (RESULTS / "ledger.md").write_text(text(found))
    print(text(found))


if __name__ == "__main__":
    main()
