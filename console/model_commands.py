"""`vouch models`: the registry; promotion goes through the gate."""

from typing import Annotated

import typer

from console.output import Json, refuse, show
from serving.settings import read_settings

app = typer.Typer(help="The registry of models.")
As = Annotated[str, typer.Option("--as", help="Who does this; it is recorded.")]


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """Every registered model and its stage."""
    from models.registry import Registry

    entries = Registry(read_settings().home).list()
    lines = [entry.line() for entry in entries] or ["no models yet: vouch train merchant-loan"]
    show(entries, lines, as_json=as_json)


@app.command("show")
def show_(
    ref: Annotated[str, typer.Argument(help="PRODUCT:VERSION, PRODUCT:champion or :latest.")],
    *,
    as_json: Json = False,
) -> None:
    """One model: its stage, data, performance and hashes."""
    from models.registry import Registry

    entry = Registry(read_settings().home).show(ref)
    show(entry, entry.lines(), as_json=as_json)


@app.command()
def promote(
    ref: Annotated[str, typer.Argument(help="The candidate to put into service.")],
    *,
    who: As = "local",
    as_json: Json = False,
) -> None:
    """Make a candidate the champion, if it passes the gate."""
    from models.registry import Registry
    from training.release import promote as through_gate

    settings = read_settings()
    result = through_gate(Registry(settings.home), ref, by=who, at=settings.now())
    show(result, result.lines(), as_json=as_json)
    refuse(found_wanting=bool(result.failures))


@app.command()
def rollback(
    product: Annotated[str, typer.Argument(help="merchant-loan or deposit-waiver.")],
    *,
    who: As = "local",
    as_json: Json = False,
) -> None:
    """Put the champion before this one back into service."""
    from models.registry import Registry

    settings = read_settings()
    ref = Registry(settings.home).rollback(product, by=who, at=settings.now())
    show({"champion": str(ref)}, [f"{product}: {ref} is champion again"], as_json=as_json)
