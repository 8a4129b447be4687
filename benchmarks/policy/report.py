"""What the rounds say: medians, and ratios taken round by round."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.policy.simulation_report import simulation_method, simulation_text

Round = Mapping[str, float]


def line(one: Round) -> str:
    """A round, for a person who waits."""
    return "  ".join(f"{arm} {seconds:.3f} s" for arm, seconds in one.items())


def figures(rounds: Sequence[Round], sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Seconds by arm, the scalar loop's scaled to all decisions, and the ratios."""
    scale = sizes["decisions"] / sizes["sample"]
    return {
        "rounds": len(rounds),
        "seconds": {arm: round(median(one[arm] for one in rounds), 4) for arm in rounds[0]},
        "seconds_by_round": [{arm: round(s, 4) for arm, s in one.items()} for one in rounds],
        "scalar_scaled_seconds": round(scale * median(one["scalar"] for one in rounds), 1),
        "scalar_to_columns_2": _spread(
            [scale * one["scalar"] / one["columns_2"] for one in rounds]
        ),
        "scalar_to_columns_1": _spread(
            [scale * one["scalar"] / one["columns_1"] for one in rounds]
        ),
        "engine_to_gate": _spread([one["engine"] / one["gate"] for one in rounds]),
    }


def _spread(ratios: Sequence[float]) -> dict[str, float]:
    return {
        "median": round(median(ratios), 1),
        "least": round(min(ratios), 1),
        "most": round(max(ratios), 1),
    }


def _told(ratio: Mapping[str, float]) -> str:
    return f"{ratio['median']:g} times ({ratio['least']:g} to {ratio['most']:g} by round)"


def text(found: Mapping[str, Any]) -> str:
    """The page: method beside figures."""
    seconds, machine = found["seconds"], found["machine"]
    count, sample, table = found["decisions"], found["sample"], found["table"]
    libraries = ", ".join(f"{name} {number}" for name, number in machine["libraries"].items())
    return f"""# Decisions in columns

`python -m benchmarks.policy.run` (or `make bench`); the figures are in `policy.json`.

**{count:,} decisions in {seconds["columns_2"]:.2f} s on two threads: \
{_told(found["scalar_to_columns_2"])} the scalar loop.**

| arm | decisions | seconds | microseconds a decision |
|---|---|---|---|
{_row("columns, 2 threads", count, seconds["columns_2"])}
{_row("columns, 1 thread", count, seconds["columns_1"])}
{_row("scalar loop, 1 thread", sample, seconds["scalar"])}

The scalar loop would take {found["scalar_scaled_seconds"]} s for all; on one thread the \
columns are {_told(found["scalar_to_columns_1"])} as fast.

{simulation_text(found["simulation"])}
## Beside a rules engine

The same {table:,} waivers through a decision table of zen-engine (GoRules) and through our \
evaluator, one thread each: ours takes 1/{found["engine_to_gate"]["median"]:g} of the time \
({found["engine_to_gate"]["least"]:g} to {found["engine_to_gate"]["most"]:g} by round).

| arm | decisions | seconds | microseconds a decision |
|---|---|---|---|
{_row("zen-engine, decision table", table, seconds["engine"])}
{_row("columns, reduced policy", table, seconds["gate"])}

## Method

- {found["rounds"]} rounds after a warm-up, arms in turn; medians over rounds, ratios are \
medians of each round's own ratio. Cases are drawn once from a seed, under the shipped \
platform policy.
- Half of the decisions are loans, each with its grid of candidates (on average \
{found["candidates_a_loan"]:g}, found within the time measured) and a probability for every \
one; half are waivers. 96 in 100 have fresh evidence, the others stale, none or no history. \
Scoring, reading and writing are not measured.
- The columns answer outcome, every reason, score, band, limit, all offers with rates and \
fees, credit and deposit due. **The scalar loop does more**: it writes the trace and the \
schedules of offers. It decides the first {sample:,} of the same cases, values made before, \
and every answer is compared: another outcome, amount or loan's reason fails the run.
{simulation_method(found["simulation"])}
- The rules engine holds the part that a decision table can: scene, size and length of the \
order, knock-outs, cut-off and band, to an outcome and a share of the deposit. It has no \
reasons in order of precedence, no ceilings, rooms or open deposits, no stale evidence. Ours \
decides under the same policy with those made neutral, and does its whole work all the same. \
Table compiled once, contexts made before, asked in batches of 1,000, its quickest door; both \
answer all cases alike, or the run fails. It takes and gives Python dictionaries, ours takes \
columns: that is part of the difference.
- {machine["cores"]} cores; load before the run {machine["load_before"]}, after it \
{machine["load_after"]}. Trust ratios, not absolutes.
- {machine["system"]}, Python {machine["python"]}, {libraries}.
"""


def _row(arm: str, count: int, seconds: float) -> str:
    return f"| {arm} | {count:,} | {seconds:.3f} | {seconds / count * 1e6:.2f} |"
