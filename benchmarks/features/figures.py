"""What was measured, as the pages say it: medians, and ratios beside what is aimed at."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

PAPER_PAYMENTS = 10_000_000_000
CLUSTER_FACTOR = 2  # a cluster's network, stragglers and storage, beside one machine's cores
PARTITION_BYTES, EXECUTOR_CORES, DOLLARS_A_CORE_HOUR = 200e6, 4, 0.05

GROWN = ("vouch", "scan")

Found = Mapping[str, Any]
Taken = Sequence[Mapping[str, Any]]

AIMS = {
    "wall_to_pandas": 0.8,
    "memory_to_pandas": 0.5,
    "processor_to_sql": 1.5,
    "spine_seconds": 8.0,
    "spine_mb": 1000.0,
    "day_to_build": 1 / 50,
    "year_to_walk": 8.0,
}


def middle(taken: Taken, name: str) -> float:
    """The median of one figure."""
    return median(one[name] for one in taken)


def work(taken: Taken) -> dict[str, float]:
    """Seconds, processor seconds and peak memory: medians."""
    return {
        "seconds": middle(taken, "work_seconds"),
        "processor": middle(taken, "work_processor_seconds"),
        "peak_mb": middle(taken, "peak_mb"),
    }


def arms_at(found: Found, payments: str) -> dict[str, dict[str, float]]:
    """Every arm's medians at one size."""
    return {name: work(taken) for name, taken in found["arms"][payments]["arms"].items()}


def largest(by_payments: Mapping[str, Any]) -> str:
    """The largest size there is."""
    return max(by_payments, key=int)


def ratios(found: Found, payments: str) -> dict[str, float]:
    """Vouch against pandas and SQL, of medians."""
    arms = arms_at(found, payments)
    vouch, pandas, sql = arms["vouch"], arms["pandas"], arms["sql"]
    return {
        "wall_to_pandas": vouch["seconds"] / pandas["seconds"],
        "memory_to_pandas": vouch["peak_mb"] / pandas["peak_mb"],
        "processor_to_sql": vouch["processor"] / sql["processor"],
    }


def spine(found: Found, payments: str) -> dict[str, float]:
    """A training spine from tiles that are there."""
    taken = work(found["spine"][payments]["spine"])
    return {"spine_seconds": taken["seconds"], "spine_mb": taken["peak_mb"]}


def day_to_build(found: Found) -> dict[str, float]:
    """One more day's seconds over those of a full build: the first incremental, and a plain one."""
    more = work(found["day"]["one_more_day"])["seconds"]
    return {
        "first_run": more / found["day"]["first_run"]["work_seconds"],
        "plain_build": more / work(found["day"]["plain_build"])["seconds"],
    }


def year(found: Found) -> dict[str, float]:
    """A year by builds and by a walk, in processor seconds and in seconds, from the sample."""
    part = found["year"]
    told = {}
    for name in ("work_seconds", "work_processor_seconds"):
        start = part["walk_of_one_day"][name]
        each = (part["walk"][name] - start) / (part["walk_days"] - 1)
        builds = 365 * sum(one[name] for one in part["builds"]) / len(part["builds"])
        walk = start + 364 * each
        told |= {f"{name}_start": start, f"{name}_day": each, f"{name}_builds": builds}
        told |= {f"{name}_walk": walk, f"{name}_ratio": builds / walk}
    return told


def paper(found: Found) -> dict[str, float]:
    """What a small build on Spark comes to for ten billion payments, multiplied."""
    part, build = found["spark"], found["spark"]["build"]
    times = PAPER_PAYMENTS / part["payments"]
    hours = times * build["task_processor_seconds"] / 3600 * CLUSTER_FACTOR
    return {
        "shuffle_bytes": build["shuffle_bytes"] / part["payments"],
        "parquet_tb": times * part["file_mb"] / 1e6,
        "shuffle_tb": times * build["shuffle_bytes"] / 1e12,
        "partitions": times * build["shuffle_bytes"] / PARTITION_BYTES,
        "core_hours": hours,
        "executors": hours / EXECUTOR_CORES,
        "dollars": hours * DOLLARS_A_CORE_HOUR,
    }


def growth(found: Found) -> dict[str, Any]:
    """Builds and scans by size: those of the part `growth`, and the arms' at their sizes."""
    arms = {
        size: {"file_mb": at["file_mb"]} | {name: _one(at["arms"][name]) for name in GROWN}
        for size, at in found["arms"].items()
    }
    return arms | found.get("growth", {})


def _one(taken: Taken) -> dict[str, float]:
    names = ("work_seconds", "work_processor_seconds", "peak_mb", "load")
    return {name: middle(taken, name) for name in names}


def loads(taken: Sequence[Mapping[str, Any]]) -> str:
    """The load that was measured under, from least to most."""
    all_of = [one["load"] for one in taken]
    return f"{min(all_of):g} to {max(all_of):g}"
