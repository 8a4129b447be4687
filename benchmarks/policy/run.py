"""A million decisions in columns, against the scalar loop, and beside a rules engine.

    python -m benchmarks.policy.run [--rounds N] [--decisions N] [--sample N] [--table N]
        [--simulations N]

Half loans with their whole grid of candidates, half waivers, under the shipped platform policy; and
a whole simulation of as many requests, from columns in memory to its page.
Writes benchmarks/results/policy.json and .md.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.policy.population import AT, loan_risks, loan_rows, loans, waiver_rows, waivers
from benchmarks.policy.reduced import Table, contexts, fresh, reduced, refuse_different
from benchmarks.policy.report import figures, line, text
from benchmarks.policy.simulated import UNDER, in_own_process
from benchmarks.policy.simulation_report import simulation_figures
from credit.policy.decide import decide_loan, decide_waiver
from credit.policy.many import (
    LoanAnswers,
    LoanCases,
    WaiverAnswers,
    WaiverCases,
    candidates_many,
    decide_loans,
    decide_waivers,
)
from credit.policy.offers import candidates
from credit.policy.terms import Policy, parse_policy

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
THREADS = 2


@dataclass(frozen=True, slots=True)
class Work:
    """What every round decides, made once and not measured."""

    policy: Policy
    loans: LoanCases
    waivers: WaiverCases
    loan_rows: list[tuple[Any, ...]]
    waiver_rows: list[tuple[Any, ...]]
    table: Table
    gate: Policy
    gated: WaiverCases
    contexts: list[dict[str, Any]]


def work(decisions: int, sample: int, table: int) -> Work:
    """Everything from one seed."""
    policy = parse_policy((ROOT / "partners" / "platform.toml").read_text(encoding="utf-8"))
    random = np.random.default_rng(20260630)
    asked = loans(random, decisions // 2, policy)
    grid = candidates_many(asked, policy, threads=THREADS)
    asked = asked.scored(grid, loan_risks(random, asked, grid))
    orders = waivers(random, decisions // 2, policy)
    gate, gated = reduced(policy), fresh(orders, min(table, len(orders)))
    return Work(
        policy,
        asked,
        orders,
        loan_rows(asked, policy, sample // 2),
        waiver_rows(orders, policy, sample // 2),
        Table(gate.waiver),
        gate,
        gated,
        contexts(gated, gate.waiver),
    )


def in_columns(it: Work, threads: int) -> tuple[LoanAnswers, WaiverAnswers]:
    """Every decision, grids included: they are found again, as a scorer would ask for them."""
    candidates_many(it.loans, it.policy, threads=threads)
    return (
        decide_loans(it.loans, it.policy, threads=threads),
        decide_waivers(it.waivers, it.policy, threads=threads),
    )


def one_by_one(it: Work) -> tuple[list[Any], list[Any]]:
    """The sample through the scalar evaluator, grids included."""
    lent = []
    for asked, evidence, room, scored in it.loan_rows:
        candidates(asked, evidence, it.policy, room)
        lent.append(decide_loan(asked, evidence, scored, policy=it.policy, room=room, at=AT))
    waived = [
        decide_waiver(asked, evidence, scored, policy=it.policy, room=room, at=AT)
        for asked, evidence, room, scored in it.waiver_rows
    ]
    return lent, waived


def refuse_unequal(
    columns: tuple[LoanAnswers, WaiverAnswers], singly: tuple[list[Any], list[Any]]
) -> None:
    """The run fails unless the sample is answered alike."""
    for row, one in enumerate(singly[0]):
        offers = [offer.amount_minor for offer in one.offers]
        made = columns[0].offers.amount_minor[row, : len(offers)].tolist()
        assert (columns[0].outcome[row], made) == (one.outcome, offers), row
        assert columns[0].given_at(row) == tuple(reason.code for reason in one.reasons), row
    for row, one in enumerate(singly[1]):
        answer = (columns[1].outcome[row], columns[1].credit_minor[row])
        assert answer == (one.outcome, one.credit_minor), row


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    began = perf_counter()
    found = run()
    return perf_counter() - began, found


def one_round(it: Work) -> dict[str, float]:
    """Every arm once, in turn; seconds by arm."""
    both, columns = timed(lambda: in_columns(it, THREADS))
    alone, _ = timed(lambda: in_columns(it, 1))
    scalar, singly = timed(lambda: one_by_one(it))
    refuse_unequal(columns, singly)
    engine, theirs = timed(lambda: it.table.answers(it.contexts))
    gate, ours = timed(lambda: decide_waivers(it.gated, it.gate, threads=1))
    refuse_different(it.gated, ours, theirs)
    return {"columns_2": both, "columns_1": alone, "scalar": scalar, "engine": engine, "gate": gate}


def simulations(decisions: int, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Whole simulations, arms in turn, each in a process of its own."""
    found: dict[str, list[dict[str, Any]]] = {under: [] for under in UNDER}
    for number in range(rounds):
        for under, done in found.items():
            done.append(in_own_process(decisions, under))
            told = {"whole": done[-1]["seconds"], "evaluation": done[-1]["evaluation_seconds"]}
            print(f"  {number + 1}: simulation, {under}: {line(told)}", flush=True)
            assert done[-1]["page_sha256"] == done[0]["page_sha256"], "another page"
    return found


def main() -> None:
    """The command line."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--decisions", type=int, default=1_000_000)
    asked.add_argument("--sample", type=int, default=20_000)
    asked.add_argument("--table", type=int, default=100_000)
    asked.add_argument("--simulations", type=int, default=3)
    options = asked.parse_args()
    machine = {
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in ("numpy", "pyarrow", "zen-engine")},
    }
    simulated = simulations(options.decisions, options.simulations)  # while this process is small
    it = work(options.decisions, options.sample, options.table)
    one_round(it)  # warm
    rounds = []
    for number in range(options.rounds):
        rounds.append(one_round(it))
        print(f"  {number + 1}: {line(rounds[-1])}", flush=True)
    machine["load_after"] = round(os.getloadavg()[0], 2)
    assert it.loans.grid is not None
    found = {
        "decisions": options.decisions,
        "sample": 2 * len(it.loan_rows),
        "table": len(it.gated),
        "candidates_a_loan": round(float(it.loans.grid.valid.sum(axis=1).mean()), 2),
        "machine": machine,
    }
    found |= figures(rounds, found)
    found["simulation"] = simulation_figures(simulated, found["scalar_scaled_seconds"])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "policy.json").write_text(json.dumps(found, indent=1) + "\n")
    (RESULTS / "policy.md").write_text(text(found))
    print(text(found))


if __name__ == "__main__":
    main()
