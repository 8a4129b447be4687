"""How quickly a day goes online, in how much memory, and what readers feel meanwhile.

`python -m benchmarks.features.online` makes three days of synthetic users (every feature of the
catalogue; on the second day 2% of them changed, on the third all), brings one after the other into
Redis and into SQLite by `features.store.materialize` in a process of its own, reads at a steady
rate from another before and beside the third, and writes benchmarks/results/features_online.json
and .md.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.features.online_days import publish_days
from benchmarks.features.online_page import page
from tests.stand.redis_server import RedisServer

RESULTS = Path(__file__).resolve().parents[1] / "results"
ENTITIES, CHANGED_SHARE = 500_000, 0.02
DAYS = {
    "first_day": date(2026, 6, 14),
    "next_day": date(2026, 6, 15),
    "rewritten": date(2026, 6, 16),
}
ALONE_SECONDS, READS_A_SECOND = 20, 100


def main() -> None:
    """Makes the days, measures both stores and records."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--entities", type=int, default=ENTITIES)
    asked.add_argument("--out", type=Path, default=RESULTS)
    told = asked.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="vouch-online-") as folder:
        snapshots = Path(folder) / "days"
        features = publish_days(snapshots, list(DAYS.values()), told.entities, CHANGED_SHARE)
        found = {
            "entities": told.entities,
            "features": features,
            "changed_share": CHANGED_SHARE,
            "processors": os.cpu_count(),
            "load_before": round(load, 2),
            "reads_a_second": READS_A_SECOND,
            "stores": {
                "redis": _on_redis(snapshots, Path(folder)),
                "sqlite": _measured(_home(snapshots, Path(folder) / "sqlite"), "sqlite"),
            },
        }
    told.out.mkdir(exist_ok=True)
    (told.out / "features_online.json").write_text(json.dumps(found, indent=1) + "\n")
    (told.out / "features_online.md").write_text(page(found))


def _on_redis(snapshots: Path, folder: Path) -> dict[str, Any]:
    server = RedisServer(folder)
    server.start()
    try:
        found = _measured(_home(snapshots, folder / "redis"), server.url)
        with server.client() as client:
            memory, spent = client.info("memory"), client.info("cpu")
        store = {
            "store_processor_seconds": round(spent["used_cpu_user"] + spent["used_cpu_sys"], 1),
            "store_mb": round(memory["used_memory"] / 1e6),
            "store_peak_mb": round(memory["used_memory_peak"] / 1e6),
        }
        return found | store
    finally:
        server.stop()


def _home(snapshots: Path, home: Path) -> Path:
    """A home of the published days' files, linked."""
    shutil.copytree(snapshots, home, copy_function=os.link)
    return home


def _measured(home: Path, store: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, day in list(DAYS.items())[:-1]:
        found[name] = _materialized(home, store, day)
    reader = _Reader(home, store)
    time.sleep(ALONE_SECONDS)
    found["reads_alone"] = reader.ends()
    reader = _Reader(home, store)
    found["rewritten"] = _materialized(home, store, DAYS["rewritten"])
    found["reads_beside"] = reader.ends()
    if store == "sqlite":
        files = (home / "features").glob("online.db*")
        found["store_mb"] = round(sum(file.stat().st_size for file in files) / 1e6)
    return found


def _materialized(home: Path, store: str, day: date) -> dict[str, Any]:
    """What it took a process of its own, Feast's import aside; its peak is the kernel's."""
    now = f"{day + timedelta(days=1)}T00:00:00+00:00"
    words = [sys.executable, "-m", "benchmarks.features.online_write", str(home), store, now]
    told, tell = os.pipe()
    started = time.monotonic()
    process = os.posix_spawn(
        sys.executable, words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, tell, 1)]
    )
    os.close(tell)
    with os.fdopen(told) as said:
        summary = json.loads(said.read())
    _, status, used = os.wait4(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return summary | {
        "process_seconds": round(time.monotonic() - started, 1),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_mb": round(used.ru_maxrss * 1024 / 1e6),  # Linux counts in KiB
    }


class _Reader:
    """A process that reads one user after another at a steady rate until it is told to end."""

    def __init__(self, home: Path, store: str) -> None:
        words = [sys.executable, "-m", "benchmarks.features.online_read"]
        words += [str(home), store, DAYS["rewritten"].isoformat(), str(READS_A_SECOND)]
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "reads\n"

    def ends(self) -> dict[str, float]:
        """How long its reads took, in milliseconds."""
        said, _ = self._process.communicate("")
        return dict(json.loads(said))


if __name__ == "__main__":
    main()
