"""`vouch demo`: the main job from nothing: histories, features, models, service, two answers."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from console.demo_requests import loan_request, waiver_request
from console.demo_service import HOST, ask, running_service
from console.output import progress_bar
from credit.contract import PRODUCTS
from credit.progress import Progress
from serving.settings import Settings, read_settings

MERCHANTS = 1_000
USERS = 10_000
MONTHS = 18
TRIALS = 0  # the fixed ways alone: a first look must not take minutes


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop after the two answers.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 3000,
) -> None:
    """Histories in, decisions out: everything Vouch does, on this machine, in one command."""
    settings = read_settings()
    yesterday = settings.now().date() - timedelta(days=1)
    histories = _histories(settings, yesterday)
    _features(settings, histories, yesterday)
    for product in PRODUCTS:
        _champion(settings, product, histories)
    with running_service(settings, port=port):
        _answers(port, histories, yesterday)
        if not once:
            url = f"http://{HOST}:{port}"
            typer.echo(f"\nServing on {url} (docs at {url}/docs). Ctrl-C stops.")
            _until_interrupted()


def _histories(settings: Settings, end: date) -> Path:
    from data.synthetic.write import generate

    out = settings.home / "demo" / f"histories-{end}"
    if out.exists():
        typer.echo(f"1/5 Payment histories up to {end}: reused")
        return out
    with _step(f"1/5 Payment histories of {MERCHANTS:,} merchants up to {end}") as progress:
        generate(
            out,
            merchants=MERCHANTS,
            users=USERS,
            months=MONTHS,
            end=end,
            seed=7,
            scenario="calm",
            progress=progress,
        )
    return out


def _features(settings: Settings, histories: Path, as_of: date) -> None:
    from console.histories import open_clean
    from features.publication import read_online
    from features.snapshot import build
    from features.store import materialize

    online = read_online(settings.home).values()
    if online and all(entity.event_time.date() > as_of for entity in online):
        typer.echo(f"2/5 Features as of {as_of}: reused")
        return
    with _step(f"2/5 Features as of {as_of}, offline and online") as progress:
        history = open_clean(histories, settings, progress)
        build(history, as_of=as_of, home=settings.home, now=settings.now(), progress=progress)
        materialize(
            settings.home,
            now=settings.now(),
            online_store=settings.online_store,
            progress=progress,
        )


def _champion(settings: Settings, product: str, histories: Path) -> None:
    from models.registry import Registry

    registry = Registry(settings.home)
    number = 3 + PRODUCTS.index(product)
    if registry.champion(product) is not None:
        typer.echo(f"{number}/5 Model for {product}: reused")
        return
    with _step(f"{number}/5 Model for {product}") as progress:
        test = _train_and_promote(settings, product, histories, progress)
    typer.echo(f"    test Gini {test['gini']:.3f}, ECE {test['ece']:.3f}, {test['rows']:,} rows")


def _train_and_promote(
    settings: Settings, product: str, histories: Path, progress: Progress | None
) -> dict[str, float]:
    from models.registry import Registry
    from training.product import train_product
    from training.release import promote

    result = train_product(
        product,
        histories,
        home=settings.home,
        now=settings.now(),
        trials=TRIALS,
        seed=0,
        utc_offset_minutes=settings.utc_offset_minutes,
        engine=settings.engine,
        progress=progress,
    )
    promotion = promote(Registry(settings.home), str(result.ref), by="demo", at=settings.now())
    if promotion.failures:
        typer.echo("\n".join(promotion.lines()), err=True)
        raise typer.Exit(1)
    return dict(result.metrics["test"])


def _answers(port: int, histories: Path, as_of: date) -> None:
    typer.echo(f"5/5 Service on http://{HOST}:{port}")
    for title, request in (
        ("May this merchant have a loan?", loan_request(histories, as_of)),
        ("May this customer skip the deposit?", waiver_request(histories, as_of)),
    ):
        answer, milliseconds = ask(port, request)
        typer.echo(f"\n{title}")
        for line in (*request.lines(), *_told(answer), f"  answered in {milliseconds:.1f} ms"):
            typer.echo(line)


def _told(answer: dict[str, object]) -> Iterator[str]:
    shown = ("outcome", "probability", "score", "band", "limit_minor", "apr", "term_days")
    shown += ("credit_minor", "deposit_due_minor", "decision_id")
    for name in shown:
        if name in answer:
            yield f"  {name:<18}{answer[name]}"
    hold = answer.get("hold")
    if isinstance(hold, dict):
        told = f"{hold['rest_minor']} until {hold['expires_at'][:16]}Z, auth_no {hold['auth_no']}"
        yield f"  {'hold':<18}{told}"
    reasons = answer["reasons"]
    if isinstance(reasons, list) and reasons:
        yield f"  {'reasons':<18}{', '.join(reason['code'] for reason in reasons)}"


@contextmanager
def _step(title: str) -> Iterator[Callable[[str, float], None] | None]:
    """One step with its bar, then one line with the seconds it took."""
    start = time.perf_counter()
    with progress_bar() as progress:
        yield progress
    typer.echo(f"{title}: {time.perf_counter() - start:.0f} s")
    sys.stdout.flush()


def _until_interrupted() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        typer.echo("stopped")
