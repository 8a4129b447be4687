"""What is measured, each as a child process does it: a `Watch`, then arguments as text."""

from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.features.histories import AS_OF, Size, delivered, made

if TYPE_CHECKING:
    from benchmarks.features.child import Watch

NOW = datetime(2026, 9, 1, tzinfo=UTC)  # by which everything has been recorded


def history(watch: "Watch", folder: str, payments: str) -> None:
    """A made-up history of so many payments, and how large its files are."""
    place = made(Path(folder), Size(int(payments)))
    files = list((place / "payments").glob("*.parquet"))
    watch.told["folder"] = str(place)
    watch.told["file_mb"] = round(sum(file.stat().st_size for file in files) / 1e6)


def arm(watch: "Watch", name: str, place: str, out: str) -> None:
    """One arm: `MODULE` or `MODULE:FUNCTION` of `benchmarks.features.arms`."""
    module, _, function = name.partition(":")
    run = getattr(import_module(f"benchmarks.features.arms.{module}"), function or "run")
    with watch.on("work"):
        run(Path(place), Path(out), AS_OF)


def tiles(watch: "Watch", place: str, scratch: str) -> None:
    """Tiles of a history into its scratch space, where training finds them again."""
    from features.kept_tiles import kept_tiles
    from features.sources import open_history

    with (
        watch.on("work"),
        open_history(Path(place), scratch=Path(scratch)) as opened,
        kept_tiles(opened, "merchant"),
    ):
        pass


def spine(watch: "Watch", place: str, scratch: str, rows: str) -> None:
    """Random (merchant, day) pairs of half a year, joined with what was known of each."""
    import ibis.backends.duckdb  # noqa: F401 - before the clock starts
    import numpy as np
    import pyarrow as pa

    from features.sources import open_history
    from features.spine import as_known

    random, many = np.random.default_rng(1), int(rows)
    ids = [f"m{number:06d}" for number in random.integers(0, 20_000, many)]
    ago = random.integers(0, 180, many).tolist()
    days = pa.array([AS_OF - timedelta(days=days) for days in ago], pa.date32())
    asked = pa.table({"entity_id": ids, "as_of": days})
    with watch.on("work"), open_history(Path(place), scratch=Path(scratch)) as opened:
        found = as_known(opened, "merchant", asked)
    watch.told["rows"], watch.told["columns"] = found.num_rows, found.num_columns - 2


def divided(watch: "Watch", place: str, folder: str) -> None:
    """A history as it had been delivered by the end of a day, and the part of the next day."""
    delivered(Path(place), Path(folder), AS_OF)
    watch.told["divided"] = True


def built(watch: "Watch", place: str, home: str, day: str) -> None:
    """A plain build of a day."""
    import ibis.backends.duckdb  # noqa: F401

    from features.snapshot import build
    from features.sources import open_history

    scratch = Path(home) / "scratch"
    with watch.on("work"), open_history(Path(place), scratch=scratch) as opened:
        build(opened, as_of=date.fromisoformat(day), home=Path(home), now=NOW)


def incrementally(watch: "Watch", place: str, home: str, day: str) -> None:
    """A build of a day that reads what is new alone."""
    import ibis.backends.duckdb  # noqa: F401

    from features.incremental import build_incrementally
    from features.sources import open_history

    scratch = Path(home) / "scratch"
    with watch.on("work"), open_history(Path(place), scratch=scratch) as opened:
        done = build_incrementally(opened, as_of=date.fromisoformat(day), home=Path(home), now=NOW)
    watch.told["payments"] = done.payments_new


def command(watch: "Watch", place: str, home: str, day: str) -> None:
    """The whole command, `vouch features build --incremental`, check and online store too."""
    import os
    import subprocess
    import sys
    import time

    vouch = str(Path(sys.executable).with_name("vouch"))
    asked = [vouch, "features", "build", "--data", place, "--as-of", day, "--incremental", "--json"]
    settings = {"VOUCH_HOME": home, "VOUCH_NOW": NOW.isoformat()}
    began = time.perf_counter()
    subprocess.run(asked, env=os.environ | settings, check=True, stdout=subprocess.DEVNULL)
    watch.told["work_seconds"] = round(time.perf_counter() - began, 3)


def walked(watch: "Watch", place: str, home: str, first: str, last: str) -> None:
    """Snapshots of every day of a stretch, in one walk; the first day's time is told apart."""
    import ibis.backends.duckdb  # noqa: F401

    from features.backfill import backfill
    from features.sources import open_history

    days = {"home": Path(home), "now": NOW}
    days |= {"first": date.fromisoformat(first), "last": date.fromisoformat(last)}
    with watch.on("work"), open_history(Path(place), scratch=Path(home) / "scratch") as opened:
        backfill(opened, **days)
