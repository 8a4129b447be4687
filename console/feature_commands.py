"""`vouch features`: published snapshots, the online store, and the proof that they agree."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from console.done import done_lines
from console.histories import open_clean
from console.one_more_day import build_one_more_day
from console.output import Json, progress_bar, refuse, show
from console.parse import parse_day
from console.priority import give_way
from credit.errors import InputError
from serving.settings import read_settings, with_engine

ENGINES = ("duckdb", "spark")
app = typer.Typer(help="Features: build, publish online, look at, verify.")
Data = Annotated[Path, typer.Option(help="Directory of histories in the data contract.")]


@app.command()
def build(
    *,
    data: Data,
    as_of: Annotated[str, typer.Option(help="Last day whose records count.")],
    since: Annotated[
        str | None, typer.Option(help="First day: every day from it on gets its snapshot.")
    ] = None,
    incremental: Annotated[
        bool, typer.Option("--incremental", help="Read only new payments; bring changes online.")
    ] = False,
    engine: Annotated[
        str | None, typer.Option(help="duckdb or spark; VOUCH_ENGINE where not said.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Build and publish feature snapshots as known on a day, or on every day of a stretch."""
    said = {"--incremental": incremental, "--since": since is not None, "--engine": bool(engine)}
    if len(both := [option for option, there in said.items() if there]) > 1:
        raise InputError(f"{both[0]} and {both[1]} exclude each other", "use one of them")
    if incremental:
        build_one_more_day(data, as_of, as_json=as_json)
        return
    from features.backfill import backfill
    from features.effort import rows_read
    from features.snapshot import build as publish

    settings = with_engine(read_settings(), engine)
    day = parse_day(as_of, "--as-of")
    first = None if since is None else parse_day(since, "--since")
    with progress_bar(quiet=as_json) as progress:
        history = open_clean(data, settings, progress)
        how = {"home": settings.home, "now": settings.now(), "progress": progress}
        if first is None:
            summary = publish(history, as_of=day, **how)
        else:
            summary = backfill(history, first=first, last=day, **how)
        worked = any(done.written for done in summary.done)
        summary = replace(summary, rows_read=rows_read(history) if worked else 0)
    show(summary, done_lines(summary), as_json=as_json)


@app.command()
def materialize(*, as_json: Json = False) -> None:
    """Bring the latest snapshots into the online store."""
    from features.store import materialize as publish

    give_way()
    settings = read_settings()
    with progress_bar(quiet=as_json) as progress:
        summary = publish(
            settings.home,
            now=settings.now(),
            online_store=settings.online_store,
            progress=progress,
        )
    show(summary, done_lines(summary), as_json=as_json)


@app.command()
def get(
    entity: Annotated[str, typer.Argument(help="merchant or user.")],
    entity_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    as_json: Json = False,
) -> None:
    """One entity's online features: value, event time, age, and whether it is stale."""
    from console.feature_reading import reading_of
    from features.store import OnlineFeatures

    if entity not in {"merchant", "user"}:
        raise InputError(f"entity is {entity!r}", "use merchant or user")
    settings = read_settings()
    online = OnlineFeatures(
        settings.home,
        entity,
        max_age=timedelta(hours=settings.features_max_age_hours),
        online_store=settings.online_store,
    )
    now = settings.now()
    [evidence] = online.read([entity_id], now=now)
    reading = reading_of(entity, entity_id, evidence, now=now)
    show(reading, reading.lines(), as_json=as_json)
    refuse(found_wanting=evidence.as_of is None)


@app.command()
def verify(
    *,
    data: Data,
    sample: Annotated[int, typer.Option(min=1, help="Entities to compare.")] = 200,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    engine: Annotated[
        list[str] | None, typer.Option(help="duckdb, spark; repeatable. Both, where there are.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Prove on this data: offline = online, and nothing depends on what was recorded later."""
    from features.verify import verify as prove

    for name in engine or ():
        if name not in ENGINES:
            raise InputError(f"engine is {name!r}", f"use {' or '.join(ENGINES)}")
    settings = read_settings()
    with progress_bar(quiet=as_json) as progress:
        history = open_clean(data, settings, progress)
        scratch = settings.home / "scratch"
        report = prove(
            history,
            sample=sample,
            seed=seed,
            scratch=scratch,
            online_store=settings.online_store,
            engines=tuple(engine or ENGINES),
            progress=progress,
        )
    show(report, report.lines(), as_json=as_json)
    refuse(found_wanting=not report.holds)


@app.command()
def catalogue(
    *,
    out: Annotated[
        Path | None, typer.Option(help="Page to write (default: under VOUCH_HOME).")
    ] = None,
    lang: Annotated[str, typer.Option(help="en or zh.")] = "en",
    as_json: Json = False,
) -> None:
    """Write every feature's definition and distribution as a page (HTML)."""
    from features.catalogue_page.write import write_catalogue

    home = read_settings().home
    file = out or home / "features" / f"catalogue.{lang}.html"
    with progress_bar(quiet=as_json) as progress:
        written = write_catalogue(home, out=file, language=lang, progress=progress)
    show(written, written.lines(), as_json=as_json)
