"""`vouch data`: synthetic histories, the contract's check, importers of public data."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from console.output import Json, progress_bar, refuse, show
from console.parse import parse_day
from serving.settings import read_settings

app = typer.Typer(help="Payment histories in the data contract.")
DEFAULT_END = date(2026, 6, 30)


@app.command()
def generate(
    *,
    out: Annotated[Path, typer.Option(help="Directory to write; must not hold anything yet.")],
    merchants: Annotated[int, typer.Option(min=1, help="Number of merchants.")] = 5_000,
    users: Annotated[int, typer.Option(min=1, help="Number of consumers.")] = 50_000,
    months: Annotated[int, typer.Option(min=1, help="Months of history.")] = 24,
    end: Annotated[str, typer.Option(help="Last day of the histories.")] = DEFAULT_END.isoformat(),
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 0,
    scenario: Annotated[str, typer.Option(help="What happens: see docs/synthetic.md.")] = "calm",
    fault: Annotated[
        list[str] | None, typer.Option(help="duplicates, wash-trading or missing-feed; repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write synthetic histories in the data contract, with truth/ beside them."""
    from data.synthetic.write import generate as write

    with progress_bar(quiet=as_json) as progress:
        summary = write(
            out,
            merchants=merchants,
            users=users,
            months=months,
            end=parse_day(end, "--end"),
            seed=seed,
            scenario=scenario,
            faults=tuple(fault or ()),
            progress=progress,
        )
    rows = (f"  {name:<14}{count:>12,}" for name, count in summary.rows.items())
    show(summary, [f"{out}: {scenario}, seed {seed}", *rows], as_json=as_json)


@app.command()
def check(
    directory: Annotated[Path, typer.Argument(help="Directory of tables.")],
    *,
    with_inbox: Annotated[
        bool, typer.Option("--with-inbox", help="With the rows that were accepted over HTTP.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Hold every table against the contract; exit 1 for violations."""
    from data.check import check as hold

    settings = read_settings()
    also = (settings.inbox,) if with_inbox else ()
    if with_inbox:
        from serving.postroom import export_inbox

        export_inbox(settings)
    with progress_bar(quiet=as_json) as progress:
        report = hold(directory, now=settings.now(), progress=progress, also=also)
    show(report, report.lines(), as_json=as_json)
    refuse(found_wanting=bool(report.violations))


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="taiwan, superlender or onlineretail.")],
    files: Annotated[list[Path], typer.Argument(help="The data set's files, in any order.")],
    *,
    out: Annotated[Path, typer.Option(help="Directory to write.")],
    as_json: Json = False,
) -> None:
    """Bring real public data into the contract."""
    from data.importers import import_data

    with progress_bar(quiet=as_json) as progress:
        summary = import_data(source, files, out, progress=progress)
    rows = (f"  {name:<14}{count:>12,}" for name, count in summary.rows.items())
    show(summary, [f"{out}: {source}", *rows], as_json=as_json)
