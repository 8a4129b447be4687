"""What the simulations of a run took, and how they were measured."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

Done = Sequence[Mapping[str, Any]]
POLICIES = 2  # every request is decided under the candidate and under the current policy
AIM_SECONDS = 6  # for a million requests on two cores
SAID = {
    "platform": "the platform's policy alone",
    "partners": "with the partners' policies in force",
}


def simulation_figures(found: Mapping[str, Done], scalar_seconds: float) -> dict[str, Any]:
    """Medians by arm; `scalar_seconds`: of the scalar loop, scaled to every request once."""
    looped = POLICIES * scalar_seconds
    return {
        "requests": next(iter(found.values()))[0]["requests"],
        "rounds": len(next(iter(found.values()))),
        "scalar_two_policies_seconds": round(looped, 1),
        "arms": {under: _arm(done, looped) for under, done in found.items()},
    }


def _arm(done: Done, looped: float) -> dict[str, Any]:
    whole, evaluation = (
        [round(one[name], 3) for one in done] for name in ("seconds", "evaluation_seconds")
    )
    return {
        "seconds": round(median(whole), 3),
        "evaluation_seconds": round(median(evaluation), 3),
        "seconds_by_round": whole,
        "evaluation_seconds_by_round": evaluation,
        "load_by_round": [one["load_before"] for one in done],
        "peak_memory_mb": max(one["peak_memory_mb"] for one in done),
        "drawing_peak_memory_mb": max(one["drawing_peak_memory_mb"] for one in done),
        "page_kb": done[0]["page_kb"],
        "page_sha256": done[0]["page_sha256"],
        "headline": done[0]["headline"],
        "scalar_to_whole": round(looped / median(whole), 1),
        "scalar_to_evaluation": round(looped / median(evaluation), 1),
    }


def simulation_text(found: Mapping[str, Any]) -> str:
    """The section of the page."""
    rows = "\n".join(_row(under, one) for under, one in found["arms"].items())
    return f"""## A whole simulation

{found["requests"]:,} requests, each under a tightened platform policy and under the current one, \
from columns in memory to figures with intervals and the page, as `vouch policy simulate` makes it.

| in force | seconds | least to most | rounds under {AIM_SECONDS} s | of which evaluation \
| peak memory, MB |
|---|---|---|---|---|---|
{rows}

The scalar loop would take {found["scalar_two_policies_seconds"]} s to decide as many under both \
policies, without any figure: {_times(found)}.
"""


def _row(under: str, one: Mapping[str, Any]) -> str:
    rounds = one["seconds_by_round"]
    under_aim = sum(seconds < AIM_SECONDS for seconds in rounds)
    return (
        f"| {SAID[under]} | {one['seconds']:.2f} | {min(rounds):.2f} to {max(rounds):.2f}"
        f" | {under_aim} of {len(rounds)}"
        f" | {one['evaluation_seconds']:.2f} | {one['peak_memory_mb']:,} |"
    )


def _times(found: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{one['scalar_to_whole']:g} times the simulation, {SAID[under]}"
        f" ({one['scalar_to_evaluation']:g} times its evaluation)"
        for under, one in found["arms"].items()
    )


def simulation_method(found: Mapping[str, Any]) -> str:
    """Its points of the method."""
    loads = [load for one in found["arms"].values() for load in one["load_by_round"]]
    drawing = max(one["drawing_peak_memory_mb"] for one in found["arms"].values())
    rounds = found["rounds"]
    return f"""- Simulations: {rounds} rounds, arms in turn, each in a fresh process, as the \
command has one (in which the evaluator ran once before, for the answers recorded); medians. \
The requests are drawn as above, with every feature of the \
catalogue as a column, and recorded as a journal would: room, answer and the scores of the \
candidates tried then. **Scoring is a look-up in those**: the candidate moves cut-offs alone, so \
no model is asked. **Not measured**: scoring by the model (of counter-offers that only a candidate \
tries), reading and parsing the journal, writing the page to disk. Outcomes, drawn, are known \
of 4 in 10 requests, one protected attribute of all.
- "With the partners' policies in force": all shipped documents are live; some of the requests \
stand under partners' stacks, with the context that their rules ask for.
- *Evaluation* is as the command reports it: dividing the requests by stack, looking up scores, \
and both decisions. Two threads decide; the rest is one thread, but for what Arrow spreads.
- Each simulation is compared with the evaluator asked directly, stack by stack: outcomes counted \
and amounts summed under both policies must be equal, and the current answers those recorded; \
every round must make the same bytes of page. Otherwise the run fails.
- Peak memory is `getrusage` at the end of the simulation, requests included; drawing them alone \
had peaked at {drawing:,} MB. Load before the simulations: {min(loads):g} to {max(loads):g}.
- The scalar loop's time beside a simulation is that of this run, above, twice, for two policies; \
it decides under the platform's policy alone."""
