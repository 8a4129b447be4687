"""The pages that the results are told on: written from the figures, and nowhere else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.features.child import ROOT
from benchmarks.features.curves import drawing
from benchmarks.features.figures import (
    AIMS,
    Found,
    arms_at,
    day_to_build,
    growth,
    largest,
    loads,
    paper,
    ratios,
    spine,
    work,
    year,
)

RESULTS, SCALE = ROOT / "benchmarks" / "results", ROOT / "docs" / "scale.md"
CURVES = ROOT / "docs" / "images" / "features-growth.svg"
BEGIN = "<!-- written by benchmarks.features.run -->"
NOT_MEASURED = "Not measured yet."
CROWD = 1.5  # of the cores
Aim = tuple[str, str, str, bool]  # what, aim, found, kept
END = "<!-- end of what benchmarks.features.run writes -->"
ARMS = {
    "vouch": "Vouch (DuckDB), 96 features",
    "pandas": "pandas, 55",
    "polars": "polars, streaming, 55",
    "sql": "SQL by hand (DuckDB), 55",
    "sql_uncorrected": "the same, corrections ignored: wrong values",
    "scan": "bare scan: no features",
}


def write_pages(found: Found) -> None:
    """Results, curves and the figures in docs/scale.md."""
    (RESULTS / "features.md").write_text(text(found), encoding="utf-8")
    CURVES.write_text(drawing(growth(found)), encoding="utf-8")
    SCALE.write_text(with_section(SCALE.read_text(encoding="utf-8"), found), encoding="utf-8")


def with_section(page: str, found: Found) -> str:
    """`page` with what stands between the two marks written anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{section(found)}\n{END}{after}"


def section(found: Found) -> str:
    """The part of docs/scale.md that has figures."""
    return "\n".join(
        [
            aims_table(found) + crowded(found),
            "Seconds and peak memory of a build's work, merchants, against payments:",
            "",
            "![Seconds and peak memory against payments](images/features-growth.svg)",
            "",
            growth_table(found),
            "On paper, 10,000,000,000 payments on Spark (see below):",
            "",
            paper_table(found) if "spark" in found else NOT_MEASURED,
        ]
    ).rstrip()


def aims_table(found: Found) -> str:
    """What is aimed at, and what was found."""
    rows = "".join(
        f"| {what} | {aim} | {figure} | {'yes' if kept else '**no**'} |\n"
        for what, aim, figure, kept in _aims(found)
    )
    return f"| what | aim | found | kept |\n|---|---|---|---|\n{rows}"


def _aims(found: Found) -> Iterator[Aim]:
    most = largest(found["arms"])
    yield from _ratio_aims(ratios(found, most), _millions(most))
    for part, aim in {"spine": _spine_aim, "day": _day_aim, "year": _year_aim}.items():
        if part in found:
            yield from aim(found)


def _spine_aim(found: Found) -> Iterator[Aim]:
    for size in found["spine"]:
        took = spine(found, size)
        seconds, memory = took["spine_seconds"], took["spine_mb"]
        what = f"a training spine of 50,000 rows from tiles, {_millions(size)}"
        kept = seconds < AIMS["spine_seconds"] and memory < AIMS["spine_mb"]
        yield what, "8 s, 1,000 MB", f"{seconds:.1f} s, {memory:,.0f} MB", kept


def _day_aim(found: Found) -> Iterator[Aim]:
    size = _millions(found["day"]["payments"])
    builds = {
        "first_run": "the first `--incremental`, a build and all that is kept",
        "plain_build": "a plain build",
    }
    for name, share in day_to_build(found).items():
        what = f"one more day, seconds over those of {builds[name]}, {size}"
        yield what, "1/50", f"1/{1 / share:.0f}", share <= AIMS["day_to_build"]


def _year_aim(found: Found) -> Iterator[Aim]:
    times, size = year(found)["work_processor_seconds_ratio"], found["year"]["payments"]
    what = f"365 builds over a year in one walk, processor seconds, {_millions(size)}"
    yield what, "8 times", f"{times:.1f} times", times >= AIMS["year_to_walk"]


def _millions(payments: str | int) -> str:
    return f"{int(payments) / 1e6:g} million payments"


def crowded(found: Found) -> str:
    """What to think of the seconds where other work ran beside: an arm alone loads every core."""
    taken = [one for at in found["arms"].values() for arm in at["arms"].values() for one in arm]
    if max(one["load"] for one in taken) <= CROWD * found["machine"]["cores"]:
        return "\n"
    return (
        f"\n**The machine was crowded**: load {loads(taken)} on {found['machine']['cores']} cores"
        " while the arms ran, and not the same for each. Seconds are then no comparison, processor"
        " seconds a rough one; peak memory and equal values do not depend on it. To be measured"
        " again where nothing else runs.\n\n"
    )


def _ratio_aims(found: dict[str, float], size: str) -> Iterator[Aim]:
    said = {
        "wall_to_pandas": "seconds over those of pandas",
        "memory_to_pandas": "peak memory over that of pandas",
        "processor_to_sql": "processor seconds over those of SQL by hand",
    }
    for name, what in said.items():
        aim, figure = f"at most {AIMS[name]:g}", f"{found[name]:.2f}"
        yield f"{what}, {size}", aim, figure, found[name] <= AIMS[name]


def growth_table(found: Found) -> str:
    """Seconds and memory by size."""
    by_size = growth(found).items()
    rows = "".join(_growth_row(size, at) for size, at in sorted(by_size, key=_number))
    head = "| payments | parquet, MB | seconds | processor seconds | peak memory, MB |"
    return f"{head} of a bare scan: seconds | peak, MB |\n|{'---|' * 7}\n{rows}"


def _number(item: tuple[str, Any]) -> int:
    return int(item[0])


def _sizes(by_payments: Any) -> list[str]:
    return sorted(by_payments, key=int)


def _growth_row(size: str, at: Any) -> str:
    vouch, scan = at["vouch"], at["scan"]
    return (
        f"| {int(size):,} | {at['file_mb']:,} | {vouch['work_seconds']:.1f} |"
        f" {vouch['work_processor_seconds']:.1f} | {vouch['peak_mb']:,.0f} |"
        f" {scan['work_seconds']:.1f} | {scan['peak_mb']:,.0f} |\n"
    )


def paper_table(found: Found) -> str:
    """What a small build on Spark says of one ten billion payments long, multiplied."""
    part, at = found["spark"], paper(found)
    rows = {
        f"measured: {part['payments']:,} payments inside this machine": (
            f"{part['build']['task_processor_seconds']:,.0f} processor seconds of tasks,"
            f" {part['build']['jobs_ended']} of {part['build']['jobs']} jobs ended"
        ),
        "measured: bytes that tasks send one another, a payment": f"{at['shuffle_bytes']:.0f}",
        "a year of files": f"{at['parquet_tb']:.2f} TB of parquet",
        "shuffled by a build of one day": f"{at['shuffle_tb']:.2f} TB",
        "shuffle partitions of 200 MB": f"{at['partitions']:,.0f}",
        "core hours, twice those measured": f"{at['core_hours']:,.0f}",
        "executors of 4 cores, to be done in an hour": f"{max(1, at['executors']):,.0f}",
        "money, at 0.05 USD a core hour": f"{at['dollars']:,.0f} USD, in order of magnitude",
    }
    told = "| what | figure |\n|---|---|\n" + "".join(f"| {k} | {v} |\n" for k, v in rows.items())
    whole = part["build"]["jobs_ended"] == part["build"]["jobs"]
    return told + ("" if whole else "\nThe run was stopped before its end: figures are at least.\n")


def arms_table(found: Found, payments: str) -> str:
    """Arms at one size."""
    arms = arms_at(found, payments)
    vouch = arms["vouch"]["seconds"]
    rows = "".join(
        f"| {ARMS[name]} | {arm['seconds']:.1f} | {arm['processor']:.1f} |"
        f" {arm['peak_mb']:,.0f} | {vouch / arm['seconds']:.2f} |"
        f" {loads(found['arms'][payments]['arms'][name])} |\n"
        for name, arm in arms.items()
    )
    head = (
        "| arm | seconds | processor seconds | peak memory, MB | Vouch's seconds over its | load |"
    )
    return f"{head}\n|---|---|---|---|---|---|\n{rows}"


def _arms(found: Found) -> Iterator[str]:
    for size in _sizes(found["arms"]):
        at = found["arms"][size]
        taken = [one for arm in at["arms"].values() for one in arm]
        yield f"### {int(size):,} payments"
        yield (
            f"{at['file_mb']:,} MB of parquet; rounds: {len(at['arms']['vouch'])}, arms in turn;"
            f" load {loads(taken)}. {at['values_compared']:,} values of each arm compared."
        )
        yield arms_table(found, size)


def _spine(found: Found) -> Iterator[str]:
    yield "| payments | tiles made: seconds | MB | 50,000 rows joined: seconds | MB | load |"
    yield "|---|---|---|---|---|---|"
    for size in _sizes(found["spine"]):
        at = found["spine"][size]
        joined, made = work(at["spine"]), at["tiles"]
        yield (
            f"| {int(size):,} | {made['work_seconds']:.1f} | {made['peak_mb']:,} |"
            f" {joined['seconds']:.1f} | {joined['peak_mb']:,.0f} |"
            f" {loads([made, *at['spine']])} |"
        )


def _day(found: Found) -> Iterator[str]:
    part = found["day"]
    more, plain = work(part["one_more_day"]), work(part["plain_build"])
    rows = {
        "first `--incremental`, the whole year": work([part["first_run"]]),
        f"one more day: {part['one_more_day'][0]['payments']:,} new rows": more,
        "a plain build of that day": plain,
    }
    yield "| work | seconds | processor seconds | peak memory, MB |"
    yield "|---|---|---|---|"
    for what, took in rows.items():
        figures = f"{took['seconds']:.2f} | {took['processor']:.2f} | {took['peak_mb']:,.0f}"
        yield f"| {what} | {figures} |"
    yield f"| the whole command for one more day | {part['command']['work_seconds']:.2f} | | |"
    yield ""
    taken = [part["first_run"], *part["one_more_day"], *part["plain_build"], part["command"]]
    yield f"{part['payments']:,} payments; load {loads(taken)}."


def _year(found: Found) -> Iterator[str]:
    part, told = found["year"], year(found)
    yield "| | seconds | processor seconds |"
    yield "|---|---|---|"
    said = {
        "builds": f"365 builds, by {len(part['builds'])} of them",
        "walk": "a walk of 365 days",
        "start": "of which its start and first day",
        "day": "and each further day",
    }
    for name, what in said.items():
        wall, processor = (
            told[f"{figure}_{name}"] for figure in ("work_seconds", "work_processor_seconds")
        )
        yield f"| {what} | {wall:,.2f} | {processor:,.2f} |"
    taken = [*part["builds"], part["walk_of_one_day"], part["walk"]]
    ratio = told["work_processor_seconds_ratio"], told["work_seconds_ratio"]
    yield ""
    yield (
        f"{ratio[0]:.1f} times cheaper in processor seconds, {ratio[1]:.1f} in seconds;"
        f" {part['payments']:,} payments of 20,000 merchants; a walk of {part['walk_days']} days"
        f" was measured, in {part['walk']['peak_mb']:,} MB; load {loads(taken)}."
    )


def text(found: Found) -> str:
    """benchmarks/results/features.md: method beside figures."""
    machine = found["machine"]
    libraries = ", ".join(f"{name} {number}" for name, number in machine["libraries"].items())
    told = "\n\n".join(
        f"## {name}\n\n{_joined(lines(found)) if part in found else NOT_MEASURED}"
        for part, (name, lines) in PARTS.items()
    )
    foot = (
        f"- {machine['cores']} cores, {machine['system']}, Python {machine['python']}, {libraries}."
        " Trust ratios, not absolutes; a load above the cores is somebody else's."
    )
    head = "`python -m benchmarks.features.run` (or `make bench`); the figures are in"
    return (
        f"# Features\n\n{head} `features.json`.\n\n{aims_table(found)}{crowded(found)}{told}\n\n"
        f"## Method\n\n{METHOD}{foot}\n"
    )


def _joined(lines: Iterator[str]) -> str:
    """Lines of a table stay together; all else is a paragraph."""
    told = ""
    for line in lines:
        told += line + ("\n" if line.startswith("|") or not line else "\n\n")
    return told.rstrip("\n")


def _growth(found: Found) -> Iterator[str]:
    taken = [at[name] for at in growth(found).values() for name in ("vouch", "scan")]
    yield growth_table(found)
    yield f"\nOne run each, medians where arms were measured; load {loads(taken)}."


PARTS = {
    "arms": ("Beside other ways", _arms),
    "spine": ("A training spine", _spine),
    "day": ("One more day", _day),
    "year": ("A year of daily snapshots", _year),
    "growth": ("Growth", _growth),
    "spark": ("Spark, on paper", lambda found: iter([paper_table(found)])),
}


METHOD = Path(__file__).with_name("method.md").read_text(encoding="utf-8")
