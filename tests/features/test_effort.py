"""A run says what it cost: rows read, entities, seconds, and the most memory it held."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from console.done import done_lines
from console.output import plain
from features.effort import peak_memory_mb, rows_read
from features.publication import Done, Summary

AT = datetime(2026, 7, 1, tzinfo=UTC)


def test_memory_that_was_held_for_a_moment_counts_for_ever():
    before = peak_memory_mb()
    np.ones(60_000_000)  # 480 MB, given back at once
    held = peak_memory_mb()
    assert held >= max(before, 480)
    assert peak_memory_mb() == held


def test_a_small_process_of_a_large_one_is_small():
    """What the parent held before it became another program is the parent's."""
    np.ones(60_000_000)
    code = "from features.effort import peak_memory_mb; print(peak_memory_mb())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(said.stdout) < 300 < peak_memory_mb()


def test_rows_are_counted_with_every_version_and_repetition(opened, made_up):
    tables = made_up(1)
    tables["payments"] = pd.concat([tables["payments"], tables["payments"].head(7)])
    assert rows_read(opened(tables)) == sum(map(len, tables.values()))


def test_entities_are_counted_once_however_many_days_there_are():
    days = (Done("merchant", AT, 5, 96, written=True), Done("merchant", AT, 6, 96, written=True))
    summary = Summary((*days, Done("user", AT, 10, 100, written=False)), 2.5, rows_read=1_234)
    assert summary.entities == 16
    last = list(done_lines(summary))[-1]
    assert last.startswith("1,234 rows read, 16 entities, 2.5 s, at most ")
    said = json.loads(json.dumps(plain(summary)))
    assert {"rows_read": 1_234, "entities": 16, "seconds": 2.5}.items() <= said.items()
    assert said["peak_memory_mb"] > 0
    assert said["done"][2]["rows"] == 10
