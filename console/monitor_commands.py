"""`vouch monitor`: drift, calibration, performance, and whether to retrain."""

from pathlib import Path
from typing import Annotated

import typer

from console.output import Json, progress_bar, refuse, show
from console.parse import parse_day
from credit.contract import MERCHANT_LOAN
from serving.settings import read_settings

app = typer.Typer(help="Watch what was decided against what came of it.")


@app.command()
def run(
    *,
    product: Annotated[
        str | None, typer.Option(help="One product; all decided, if absent.")
    ] = None,
    outcomes: Annotated[Path | None, typer.Option(help="Data directory with outcomes.")] = None,
    since: Annotated[str | None, typer.Option(help="First day of the window.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day of the window.")] = None,
    as_json: Json = False,
) -> None:
    """Compare recorded decisions with the training reference; exit 1 for drift."""
    from monitoring.run import decided_products, monitor
    from records.store import open_records

    settings = read_settings()
    records = open_records(settings.database_url)
    with progress_bar(quiet=as_json) as progress:
        results = [
            monitor(
                settings.home,
                records,
                one,
                outcomes_path=outcomes,
                since=parse_day(since, "--since") if since else None,
                until=parse_day(until, "--until") if until else None,
                now=settings.now(),
                progress=progress,
            )
            for one in ([product] if product else decided_products(records))
        ]
    show(results, [line for result in results for line in result.lines()], as_json=as_json)
    refuse(found_wanting=any(result.found_drift for result in results))


@app.command()
def report(
    *,
    product: Annotated[str, typer.Option(help="merchant-loan or deposit-waiver.")] = MERCHANT_LOAN,
) -> None:
    """Where the latest report lies."""
    from monitoring.run import latest

    typer.echo(latest(read_settings().home, product).report)


@app.command()
def status(*, as_json: Json = False) -> None:
    """The latest verdict of each product."""
    from monitoring.run import status as latest_verdicts

    verdicts = latest_verdicts(read_settings().home)
    lines = [f"{name}: {verdict}" for name, verdict in verdicts.items()]
    show(verdicts, lines or ["nothing monitored yet: vouch monitor run"], as_json=as_json)
