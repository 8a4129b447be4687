"""The figures of `benchmarks.features.online` as a page."""

from collections.abc import Iterator, Mapping
from typing import Any

# What was promised: seconds, and MB of the writing process.
LIMITS = {"redis": (60, 1_500), "sqlite": (120, 1_500)}
SLOWER_MAX = 2.0


def page(found: Mapping[str, Any]) -> str:
    """Markdown: the verdicts, the figures, the method."""
    lines = "\n".join(_rows(found["stores"]))
    return f"""# A day goes online

`python -m benchmarks.features.online` (or `make bench`); the figures are in `features_online.json`.

{found["entities"]:,} users x {found["features"]} features; on the next day \
{found["changed_share"]:.0%} of them changed.

| what | redis | sqlite |
|---|---|---|
{lines}

## Method

- Two published snapshots of synthetic users (counts, amounts, shares, days; a fifth of the values
  missing). `features.store.materialize` in a process of its own that gives way as
  `vouch features materialize` does (niceness 10): seconds are what it says of
  itself (Feast's import, some seconds, aside); peak memory is the kernel's `ru_maxrss` of that
  process. It reads the snapshot, packs each row, asks the store which rows differ, writes these
  beside the published ones, and switches.
- The next day is one on which {found["changed_share"]:.0%} have other values and all others are a
  day older: what rises by 1 a day is kept so that their rows stay as they are.
- Reads: one user at a time, {found["reads_a_second"]} a second, through `OnlineFeatures.read`, by a
  third process, alone and while the whole day is rewritten (every row differs). The machine has
  {found["processors"]} processors for reader, writer and Redis together (load before the run:
  {found["load_before"]}; where it is above {found["processors"]}, seconds are those of a crowd, and
  the processor seconds say more; those of the writer count Feast's import).
- Store: Redis' `used_memory` at the end and at its peak; SQLite's files.
"""


def _rows(stores: Mapping[str, Any]) -> Iterator[str]:
    def row(what: str, tell: Any) -> str:
        return f"| {what} | {tell('redis', stores['redis'])} | {tell('sqlite', stores['sqlite'])} |"

    def seconds(day: str) -> Any:
        return lambda name, it: _verdict(it[day]["seconds"], LIMITS[name][0])

    def memory(day: str) -> Any:
        return lambda name, it: _verdict(it[day]["peak_mb"], LIMITS[name][1])

    yield row("first day, seconds (limit)", seconds("first_day"))
    yield row("first day, peak MB of the writer (limit)", memory("first_day"))
    yield row("first day, processor seconds", lambda _, it: it["first_day"]["processor_seconds"])
    yield row("next day, seconds", lambda _, it: it["next_day"]["seconds"])
    yield row("next day, rows", lambda _, it: it["next_day"]["note"])
    yield row("whole day rewritten, seconds (limit)", seconds("rewritten"))
    yield row("whole day rewritten, peak MB (limit)", memory("rewritten"))
    yield row(
        "Redis itself, processor seconds (three days)",
        lambda _, it: it.get("store_processor_seconds", ""),
    )
    yield row("store, MB", lambda _, it: it["store_mb"])
    yield row("store at its peak, MB", lambda _, it: it.get("store_peak_mb", ""))
    yield row("reads alone, ms p50 / p99", lambda _, it: _reads(it["reads_alone"]))
    yield row("reads beside the writer, ms p50 / p99", lambda _, it: _reads(it["reads_beside"]))
    yield row("p99 beside over alone (limit)", lambda _, it: _slower(it))


def _verdict(figure: float, limit: float) -> str:
    return f"{figure:,} ({limit:,}{'' if figure <= limit else ': MISSED'})"


def _reads(reads: Mapping[str, float]) -> str:
    return f"{reads['p50']:.2f} / {reads['p99']:.2f}"


def _slower(store: Mapping[str, Any]) -> str:
    return _verdict(
        round(store["reads_beside"]["p99"] / store["reads_alone"]["p99"], 2), SLOWER_MAX
    )
