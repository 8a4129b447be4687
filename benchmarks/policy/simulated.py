"""One whole simulation in a process of its own: what `vouch policy simulate` does once it has read.

    python -m benchmarks.policy.simulated [--requests N] [--under platform|partners]

`platform`: no partner has a policy of its own. `partners`: those shipped are in force, so that
parts of the requests stand under stacks of their own. Prints one line of JSON. A process each, as
the command has, so that the peak of memory is the simulation's own.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.policy.people import Documents, Drawn, answers, merchants, shipped, users
from credit.policy.decision import Outcome
from credit.policy.documents import Document, read_document
from monitoring.simulation.contest import contest_of
from monitoring.simulation.run import Ground, Simulated, simulate

PLATFORM, PARTNERS = UNDER = ("platform", "partners")  # which policies are in force
NOWHERE = Path("no-home-is-read")  # every candidate is recorded: no model is asked
TIGHTER = (
    ("approve_probability_max = 0.12\nrefer_probability_max = 0.16", "0.08", "0.14"),
    ("approve_probability_max = 0.06\nrefer_probability_max = 0.06", "0.04", "0.04"),
)
KIB_A_MB = 1024 * 1024 if sys.platform == "darwin" else 1024


def tightened(platform: Document) -> Document:
    """The platform's policy with lower cut-offs for loans and for waivers."""
    text = re.sub(r'version = ".*"', 'version = "tighter"', platform.text, count=1)
    for before, approve, refer in TIGHTER:
        assert text.count(before) == 1, before
        after = f"approve_probability_max = {approve}\nrefer_probability_max = {refer}"
        text = text.replace(before, after)
    return read_document(text)


def refuse_unequal(drawn: list[Drawn], done: Simulated, sides: dict[str, Documents]) -> None:
    """The run fails unless the figures are what the evaluator answers, counted."""
    for one in drawn:
        figures = done.simulation.products[one.people.product]
        told = figures.same_as_recorded
        assert told == {"answered": len(one.cases), "same": len(one.cases)}, told
        for side, found in sides.items():
            outcome, given = answers(one, found)
            for word in Outcome:
                said = getattr(figures.rates[word.word], side).value
                assert said == (outcome == word).sum() / len(outcome), (side, word)
            assert getattr(figures.given_minor, side).value == given.sum(), side
        assert figures.swap[1].requests > 0, "the candidate changes nothing"


def protected(drawn: list[Drawn]) -> dict[str, dict[str, str]]:
    """One attribute of every applicant, for adverse impact."""
    everyone = sorted(set().union(*(one.people.entity_id for one in drawn)))
    return {"sex": {one: "female" if place % 2 else "male" for place, one in enumerate(everyone)}}


def measured(requests: int, under: str) -> dict[str, Any]:
    """Draws the requests, simulates once, compares; only the simulation is timed."""
    random, found = np.random.default_rng(20260630), shipped()
    if under == PLATFORM:
        found = {PLATFORM: found[PLATFORM]}
    drawn = [merchants(random, requests // 2, found), users(random, requests // 2, found)]
    candidate = tightened(found[PLATFORM])
    ground = Ground(
        "a drawn journal", [one.people for one in drawn], protected(drawn), outcomes_given=True
    )
    load, before = (
        os.getloadavg()[0],
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIB_A_MB,
    )
    done = simulate(contest_of(candidate, None, found, found), ground, NOWHERE)
    refuse_unequal(drawn, done, {"candidate": {**found, PLATFORM: candidate}, "current": found})
    return {
        "requests": done.cost.rows,
        "load_before": round(load, 2),
        "seconds": done.cost.seconds,
        "evaluation_seconds": done.cost.evaluation_seconds,
        "peak_memory_mb": done.cost.peak_memory_mb,
        "drawing_peak_memory_mb": before,
        "page_kb": round(len(done.page.encode()) / 1024),
        "page_sha256": done.page_sha256,
        "headline": done.simulation.headline,
    }


def in_own_process(requests: int, under: str) -> dict[str, Any]:
    """The same in a process of its own.

    Call it while this process is small: on Linux a child's peak begins at its parent's.
    """
    told = [sys.executable, "-m", __spec__.name, "--requests", str(requests), "--under", under]
    ended = subprocess.run(told, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def main() -> None:
    """The command line."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--requests", type=int, default=1_000_000)
    asked.add_argument("--under", choices=UNDER, default=PARTNERS)
    options = asked.parse_args()
    print(json.dumps(measured(options.requests, options.under)))


if __name__ == "__main__":
    main()
