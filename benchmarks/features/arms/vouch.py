"""Vouch itself: `features.snapshot.build` on DuckDB, all 96 features, published."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb  # noqa: F401 - brought in before the clock starts, as in the other arms
import ibis.backends.duckdb  # noqa: F401

from features.publication import day_folder, read_snapshot
from features.snapshot import build
from features.sources import open_history


def run(history: Path, out: Path, day: date) -> None:
    """The published snapshot of `day`, in `out`."""
    with (
        TemporaryDirectory(dir=out.parent) as scratch,
        open_history(history, scratch=Path(scratch) / "scratch") as opened,
    ):
        home = Path(scratch) / "home"
        build(opened, as_of=day, home=home, now=datetime(2026, 7, 2, tzinfo=UTC))
        shutil.move(read_snapshot(day_folder(home, "merchant", day)).file, out)
