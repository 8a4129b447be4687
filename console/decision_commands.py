"""`vouch serve`, `decide` and `replay`: answers, and answers given again."""

from pathlib import Path
from typing import Annotated

import typer

from console.output import Json, progress_bar, refuse, show
from console.parse import parse_day
from serving.settings import read_settings


def serve(
    *,
    host: Annotated[
        str, typer.Option(help="Loopback only, until partners have keys.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 3000,
    workers: Annotated[int, typer.Option(min=1, max=64)] = 1,
) -> None:
    """Serve decisions over HTTP."""
    from serving.run import serve as run

    run(read_settings(), host=host, port=port, workers=workers)


def decide(
    file: Annotated[Path, typer.Argument(help="The body of a request, as JSON.")],
    *,
    what_would_change: Annotated[
        bool,
        typer.Option(
            "--what-would-change",
            help="Say what change of what the applicant can change would have it approved.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """One decision in-process, with its whole trace."""
    import json

    from serving.in_process import decide_file, explain_file

    if not what_would_change:
        answer = decide_file(read_settings(), file)
        show(answer, [json.dumps(answer, ensure_ascii=False, indent=2)], as_json=as_json)
        return
    answer, change = explain_file(read_settings(), file)
    told = answer | {"what_would_change": change.to_json()}
    lines = [json.dumps(answer, ensure_ascii=False, indent=2), *change.lines()]
    show(told, lines, as_json=as_json)


def replay(
    *,
    since: Annotated[str | None, typer.Option(help="First day to replay.")] = None,
    limit: Annotated[int | None, typer.Option(min=1)] = None,
    as_json: Json = False,
) -> None:
    """Recompute recorded decisions from what was recorded; exit 1 if any differs."""
    from monitoring.replay import replay as recompute
    from records.store import open_records

    settings = read_settings()
    with progress_bar(quiet=as_json) as progress:
        result = recompute(
            open_records(settings.database_url),
            settings.home,
            since=parse_day(since, "--since") if since else None,
            limit=limit,
            progress=progress,
        )
    show(result, [f"{result.checked:,} replayed, {result.differing:,} differ"], as_json=as_json)
    refuse(found_wanting=bool(result.differing))
