"""`vouch policy simulate`: what a policy would change, before anybody is decided by it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.histories import open_clean
from console.output import Json, progress_bar, show
from console.policy_commands import meant
from console.policy_files import AtHand, at_hand
from console.records_at_hand import records_if_any
from console.who import As, actor
from credit.errors import InputError
from credit.progress import Progress
from serving.settings import Settings, read_settings

if TYPE_CHECKING:
    from credit.policy.documents import Document
    from monitoring.simulation.contest import Contest
    from monitoring.simulation.figures import Figures
    from monitoring.simulation.result import Simulated
    from monitoring.simulation.run import Ground
    from records.store import Records

JOURNAL = "journal"


def simulate(
    candidate: Annotated[
        str, typer.Argument(metavar="CANDIDATE", help="A file, NAME@VERSION or NAME.")
    ],
    *,
    on: Annotated[str, typer.Option(metavar="journal|DIR", help="On what it is simulated.")],
    against: Annotated[
        str | None,
        typer.Option(metavar="CURRENT", help="A file, NAME@VERSION or NAME; what is live."),
    ] = None,
    outcomes: Annotated[
        Path | None, typer.Option(help="Data directory that tells what came of the journal's.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where the page goes (HTML).")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap: same seed, same bytes.")] = 0,
    name: As = None,
    as_json: Json = False,
) -> None:
    """What a policy would change: rates, volume, loss, profit, who is swapped; as a page.

    A version on record is noted as simulated, so that it may be approved.
    """
    settings, started = read_settings(), time.perf_counter()
    if outcomes is not None and on != JOURNAL:
        raise InputError("--outcomes goes with --on journal", f"{on} tells its own; leave it out")
    with records_if_any(settings) as records, progress_bar(quiet=as_json) as progress:
        contest = _contest(candidate, against, at_hand(records, settings), records)
        ground = _ground(on, outcomes, records, settings, progress)
        result = _simulated(contest, ground, settings, seed=seed, at=started, progress=progress)
        page = out or _page_of(settings, contest)
        _write(page, result.page)
        noted = _noted(records, contest.candidate, result, by=str(actor(name)))
    told = {
        "simulation": result.simulation,
        "page": page,
        "page_sha256": result.page_sha256,
        "noted": noted,
        "cost": result.cost,
    }
    show(told, [*_lines(result), f"page: {page}", *([noted] if noted else [])], as_json=as_json)


def _contest(
    candidate: str, against: str | None, found: AtHand, records: "Records | None"
) -> "Contest":
    from monitoring.simulation.contest import contest_of

    ours = meant(candidate, found, records)
    theirs = meant(against, found, records) if against else None
    return contest_of(ours, theirs, found.in_force, found.shipped)


def _ground(
    on: str,
    outcomes: Path | None,
    records: "Records | None",
    settings: Settings,
    progress: Progress | None,
) -> "Ground":
    from monitoring.simulation.run import data_ground, journal_ground

    now = settings.now()
    if on != JOURNAL:
        with open_clean(Path(on), settings, progress, with_inbox=False) as history:
            return data_ground(history, settings.home, now=now, progress=progress)
    if records is None:
        raise InputError(f"there is no journal in {settings.home}", "decide some, or name a DIR")
    if outcomes is None:
        return journal_ground(records, None, now=now, progress=progress)
    with open_clean(outcomes, settings, progress, with_inbox=False) as history:
        return journal_ground(records, history, now=now, progress=progress)


def _simulated(
    contest: "Contest",
    ground: "Ground",
    settings: Settings,
    *,
    seed: int,
    at: float,
    progress: Progress | None,
) -> "Simulated":
    from monitoring.simulation.run import simulate as run

    return run(contest, ground, settings.home, seed=seed, started=at, progress=progress)


def _page_of(settings: Settings, contest: "Contest") -> Path:
    head = contest.candidate.head
    name = f"{head.name}-{contest.candidate.sha256[:12]}.html"
    return settings.home / "simulations" / name


def _write(page: Path, text: str) -> None:
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        partial = page.with_name(f".{page.name}.partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(page)
    except OSError as error:
        raise InputError(f"--out {page} cannot be written ({error})", "name another") from None


def _noted(
    records: "Records | None", candidate: "Document", result: "Simulated", *, by: str
) -> str | None:
    """Notes the simulation on the version that was simulated, where it is on record and open."""
    from credit.ledger.lifecycle import Refused
    from credit.policy.life import Event
    from records.policy_moves import moved
    from records.policy_versions import version_by_hash

    if records is None:
        return None
    with records.writing() as transaction:
        version = version_by_hash(transaction.connection, candidate.sha256)
        if version is None:
            return None
        detail = _detail(result)
        after = moved(transaction, version, Event.SIMULATED, by=by, detail=detail)
    if isinstance(after, Refused):
        return f"not noted: {after.problem}"
    return f"{after.ref} is {after.state.value}: {_NEXT}"


_NEXT = "the simulation is on record"


def _detail(result: "Simulated") -> dict[str, Any]:
    simulation = result.simulation
    return {
        "headline": simulation.headline,
        "on": simulation.source,
        "against": simulation.current,
        "page_sha256": result.page_sha256,
    }


def _lines(result: "Simulated") -> Iterator[str]:
    simulation, cost = result.simulation, result.cost
    yield f"{simulation.candidate} against {simulation.current}, on {simulation.source}"
    yield simulation.headline
    yield from (f"  beware: {one}" for one in simulation.warnings)
    for one in simulation.products.values():
        yield from _figures_lines(one)
    yield (
        f"{cost.rows:,} requests in {cost.seconds:.1f} s ({cost.evaluation_seconds:.1f} s to read,"
        f" score and decide), {cost.peak_memory_mb:,} MB at most"
    )


def _figures_lines(figures: "Figures") -> Iterator[str]:
    from monitoring.simulation.page import told_plainly
    from monitoring.simulation.tables import rows_in_text

    yield f"{figures.product}:"
    yield from (f"  {row}" for row in rows_in_text(figures))
    yield from (f"  {one}" for one in told_plainly(figures))
