"""A simulation from its population to its figures and its page."""

import resource
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from credit.contract import MERCHANT_LOAN, PRODUCTS
from credit.errors import InputError
from credit.progress import Progress
from monitoring.simulation.contest import Contest
from monitoring.simulation.deciding import Decided, decided
from monitoring.simulation.figures import FEW, Figures, figures_of
from monitoring.simulation.headline import headline_of
from monitoring.simulation.outcomes import Known, read_outcomes, read_protected
from monitoring.simulation.page import render
from monitoring.simulation.result import Cost, Simulated, Simulation
from monitoring.simulation.scoring import Scoring

if TYPE_CHECKING:
    from features.sources import History
    from monitoring.simulation.population import Population
    from records.store import Records


@dataclass(frozen=True, slots=True)
class Ground:
    """What is simulated on: `source` in words, the populations, protected attributes.

    `currency`: the requests' own; None where it is the policy's, or nothing says any.
    """

    source: str
    populations: "Sequence[Population]"
    protected: Mapping[str, Mapping[str, str]]
    outcomes_given: bool
    currency: str | None = None


def journal_ground(
    records: "Records", outcomes: "History | None", *, now: datetime, progress: Progress | None
) -> Ground:
    """Recorded decisions, with outcomes and protected attributes of a data directory, if any.

    InputError where nothing was decided.
    """
    from monitoring.simulation.journal_population import journal_populations

    known = _known(outcomes, now)
    found = journal_populations(records, known, progress=progress)
    if not found:
        raise InputError(
            "the journal holds no decisions", "serve or decide some, or simulate --on DIR"
        )
    given = any(one.is_given for one in known.values())
    return Ground("the journal", found, read_protected(outcomes), given)


def data_ground(
    history: "History", home: Path, *, now: datetime, progress: Progress | None
) -> Ground:
    """The applications of a data directory, scored by the champions of a home.

    InputError where there are none, or no champion could score them.
    """
    from models.registry import Registry
    from monitoring.simulation.data_population import data_populations

    registry = Registry(home)
    found = {product: registry.champion(product) for product in PRODUCTS}
    champions = {product: one.manifest_sha256 for product, one in found.items() if one}
    if not champions:
        raise InputError(f"{home} has no champion to score with", "vouch models promote REF")
    known = _known(history, now)
    populations = data_populations(
        history, known, champions=champions, scratch=home / "scratch", progress=progress
    )
    given = any(one.is_given for one in known.values())
    protected = read_protected(history)
    return Ground(str(history.path), populations, protected, given, history.currency)


def simulate(
    contest: Contest,
    ground: Ground,
    home: Path,
    *,
    seed: int = 0,
    started: float | None = None,
    progress: Progress | None = None,
) -> Simulated:
    """What the candidate of a contest would change on a ground.

    `started`: when reading began (`time.perf_counter`). InputError where the candidate covers none
    of the requests.
    """
    started = time.perf_counter() if started is None else started
    currency = contest.alone().policy.currency
    if ground.currency not in {None, currency}:
        raise InputError(
            f"{ground.source} is in {ground.currency}", f"the candidate lends in {currency}"
        )
    decisions = [
        found
        for one in ground.populations
        if (found := decided(one, contest, Scoring(home, progress)))
    ]
    if not decisions:
        rows = sum(map(len, ground.populations))
        raise InputError(
            f"{ground.source} holds {rows:,} requests, none of which {contest.candidate.head.name}"
            f" decides ({contest.covers})",
            "simulate on data that has some, or approve with --unsimulated WHY",
        )
    evaluated = time.perf_counter()
    products = _figures(decisions, ground, seed)
    simulation = _simulation(contest, ground, products)
    page = render(simulation)
    return Simulated(simulation, page, _cost(decisions, started, evaluated))


def _figures(decisions: Sequence[Decided], ground: Ground, seed: int) -> dict[str, Figures]:
    """Those of one product beside the other's: NumPy lets go of the interpreter meanwhile."""

    def made(one: Decided) -> Figures:
        return figures_of(one, ground.protected, seed=seed, notes=_notes(one, ground))

    with ThreadPoolExecutor(len(decisions)) as pool:
        return dict(
            zip((it.people.product for it in decisions), pool.map(made, decisions), strict=True)
        )


def _simulation(contest: Contest, ground: Ground, products: Mapping[str, Figures]) -> Simulation:
    candidate, current = contest.names
    stack = contest.alone()
    return Simulation(
        candidate=candidate,
        candidate_sha256=contest.candidate.sha256,
        current=current,
        current_sha256=contest.current.sha256 if contest.current else None,
        source=ground.source,
        covers=contest.covers,
        currency=stack.policy.currency,
        headline=headline_of(products.values(), stack.policy.currency),
        warnings=_warnings(contest, products),
        products=products,
    )


def _warnings(contest: Contest, products: Mapping[str, Figures]) -> tuple[str, ...]:
    bounded = (f"held to its bound: {one.line()}" for one in contest.alone().loosenings)
    few = (
        f"{name}: only {one.requests} requests; read the intervals, not the figures"
        for name, one in products.items()
        if one.requests < FEW
    )
    return (*few, *bounded)


def _notes(found: Decided, ground: Ground) -> tuple[str, ...]:
    """What a reader must know of one product's figures."""
    told = []
    if not ground.outcomes_given:
        told.append("no outcomes were given: realised bad rates are not known")
    if found.scoring.made and found.people.room.is_kept:
        told.append(f"{found.scoring.made:,} loans that nobody scored then were scored now")
    if found.scoring.fell_back:
        told.append(
            f"{found.scoring.fell_back:,} times a candidate's model was gone from the registry: the"
            " request's own recorded P(bad) stands in for the candidate's"
        )
    if found.people.product == MERCHANT_LOAN:
        told.append(
            "profit: interest on the mean time that principal is owed, and fees, less funding,"
            " expected loss and operating cost, by each policy's own parameters, for its best offer"
        )
    else:
        told.append("expected loss: P(bad) x the part waived; the rest of a deposit is paid ahead")
    return tuple(told)


def _known(history: "History | None", now: datetime) -> dict[str, Known]:
    return {product: read_outcomes(history, product, now=now) for product in PRODUCTS}


def _cost(decisions: Sequence[Decided], started: float, evaluated: float) -> Cost:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    in_mb = 1024 * 1024 if sys.platform == "darwin" else 1024
    now = time.perf_counter()
    return Cost(
        rows=sum(len(one.people) for one in decisions),
        seconds=round(now - started, 3),
        evaluation_seconds=round(evaluated - started, 3),
        peak_memory_mb=peak // in_mb,
    )
