"""What the rounds say: medians, tails, and ratios taken round by round."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.ledger.arms import CLIENTS, Round
from benchmarks.ledger.holds import ORDERS_A_USER

GROUPED = "grouped"


def line(one: Round) -> str:
    """A round, for a person who waits."""
    return (
        f"{one.arm.way:8} commit +{one.arm.commit_ms:g} ms {one.per_second:7.0f}/s  "
        f"p50 {_percentile(one, 0.5):7.1f} ms  p99 {_percentile(one, 0.99):7.1f} ms"
    )


def figures(rounds: Sequence[Round]) -> dict[str, Any]:
    """One database's figures by cost of a commit and by arm, and the ratios between arms."""
    costs: dict[float, dict[str, list[Round]]] = {}
    for one in rounds:
        costs.setdefault(one.arm.commit_ms, {}).setdefault(one.arm.way, []).append(one)
    return {
        f"commit_{cost:g}_ms": {
            "arms": {way: _figures(these) for way, these in ways.items()},
            "ratio": _ratio(ways),
        }
        for cost, ways in costs.items()
    }


def _figures(rounds: Sequence[Round]) -> dict[str, Any]:
    return {
        "per_second": round(median(one.per_second for one in rounds), 1),
        "p50_ms": round(median(_percentile(one, 0.5) for one in rounds), 1),
        "p99_ms": round(median(_percentile(one, 0.99) for one in rounds), 1),
        "holds_a_commit": round(median(len(one.latencies_ms) / one.commits for one in rounds), 1),
        "per_second_by_round": [round(one.per_second, 1) for one in rounds],
    }


def _percentile(one: Round, share: float) -> float:
    return one.latencies_ms[int(len(one.latencies_ms) * share)]


def _ratio(ways: Mapping[str, Sequence[Round]]) -> dict[str, float]:
    """Group commit to whichever other way was the fastest in the same round."""
    others = [these for way, these in ways.items() if way != GROUPED]
    fastest = [max(one.per_second for one in these) for these in zip(*others, strict=True)]
    ratios = [ours.per_second / theirs for ours, theirs in zip(ways[GROUPED], fastest, strict=True)]
    return {
        "median": round(median(ratios), 2),
        "least": round(min(ratios), 2),
        "most": round(max(ratios), 2),
    }


def text(found: Mapping[str, Any]) -> str:
    """The page: method beside figures."""
    machine = found["machine"]
    disk = machine["fdatasync_ms"]
    libraries = ", ".join(f"{name} {number}" for name, number in machine["libraries"].items())
    databases = "\n".join(_database(name, it) for name, it in found["databases"].items())
    return f"""# Durable holds per second

`python -m benchmarks.ledger.run` (or `make bench`); the figures are in `ledger.json`.

{databases}
## Method

- {CLIENTS} clients, each asks for its next hold when the last is acknowledged; nothing is \
acknowledged before it is on disk. {found["rounds"]} rounds of {found["seconds_a_round"]:g} s an \
arm, in turn, after a warm-up. Medians over rounds; ratios are medians of each round's own ratio. \
After each round the holds on record are counted: as many as were acknowledged, or the run fails.
- A hold is `records.decisions.record` with all its writes: key, order and subject looked up, the \
line taken by the one conditional update, the hold, its operation and the decision (about 6 kB, \
made by the shipped policy on 90 values) journalled and chained, two outbox events, the \
idempotent answer. Every client has its own users; every {ORDERS_A_USER}th hold is a new user's.
- **grouped**: group commit, clients as tasks of one event loop before the one writer's thread, as \
in the service. **each**: the very same with one hold a transaction. **lock**: {CLIENTS} threads \
that write for themselves, one transaction each, one at a time. **pool** (PostgreSQL): the same \
threads on the connection pool, waiting in the database for the journal's head.
- The ratio is that of *grouped* to whichever other arm was the fastest in the same round.
- *A commit of 3 ms*: every transaction of every arm sleeps 3 ms before its commit, the writers' \
lock held, and then commits to the disk besides. *Bare disk*: without it.
- *Work*: what one hold costs a single writer before its commit, with nobody else asking.
- SQLite: WAL, synchronous=FULL. PostgreSQL: a cluster of its own with default settings, on the \
same machine, so it shares its cores with the clients.
- The disk: appending 4 kB and fdatasync takes {disk["p50"]} ms (p99 {disk["p99"]} ms). \
{machine["cores"]} cores; load before the run {machine["load_before"]}, after it \
{machine["load_after"]}. Trust ratios, not absolutes.
- {machine["system"]}, Python {machine["python"]}, {libraries}.
"""


def _database(name: str, found: Mapping[str, Any]) -> str:
    slow, bare, work = found["commit_3_ms"], found["commit_0_ms"], found["work_ms"]
    title = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[name]
    return f"""## {title} {found["version"]}

**With a commit of 3 ms: {_told(slow["ratio"])}; on the bare disk: {_told(bare["ratio"])}.** \
Work: {work["in_groups_of_64"]} ms a hold in groups of 64, {work["alone"]} ms alone.

| arm | commit | holds/s | p50 ms | p99 ms | holds a commit |
|---|---|---|---|---|---|
{_rows(slow["arms"], "3 ms")}
{_rows(bare["arms"], "bare disk")}
"""


def _told(ratio: Mapping[str, float]) -> str:
    return f"{ratio['median']} times ({ratio['least']} to {ratio['most']} by round)"


def _rows(arms: Mapping[str, Any], commit: str) -> str:
    return "\n".join(
        f"| {way} | {commit} | {it['per_second']:,.0f} | {it['p50_ms']} | {it['p99_ms']} "
        f"| {it['holds_a_commit']} |"
        for way, it in arms.items()
    )
