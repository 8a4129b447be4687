"""`vouch models`: the registry; promotion goes through the gate."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.output import Json, refuse, show
from serving.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.release import Promotion

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
    from training.release import promote as through_gate

    _ask(through_gate, ref, who=who, as_json=as_json)


@app.command()
def challenge(
    ref: Annotated[str, typer.Argument(help="The candidate to score beside the champion.")],
    *,
    who: As = "local",
    as_json: Json = False,
) -> None:
    """Let a candidate score every decision beside the champion: recorded, never answered."""
    from training.release import challenge as through_gate

    _ask(through_gate, ref, who=who, as_json=as_json)


@app.command()
def withdraw(
    product: Annotated[str, typer.Argument(help="merchant-loan or deposit-waiver.")],
    *,
    who: As = "local",
    as_json: Json = False,
) -> None:
    """End the challenge to a product's champion."""
    from models.registry import Registry

    settings = read_settings()
    ref = Registry(settings.home).withdraw(product, by=who, at=settings.now())
    show({"withdrawn": str(ref)}, [f"{ref} no longer challenges"], as_json=as_json)


@app.command()
def trust(
    file: Annotated[Path, typer.Argument(help="A public key: PEM, Ed25519.")],
    *,
    as_json: Json = False,
) -> None:
    """Believe the models that another home's key signed."""
    from models.keys import home_keys

    known = home_keys(read_settings().home).trust(file)
    show({"key_id": known}, [f"models signed with key {known} are believed"], as_json=as_json)


@app.command("import")
def import_(
    directory: Annotated[Path, typer.Argument(help="What a training wrote: --out DIR.")],
    *,
    as_json: Json = False,
) -> None:
    """Register a model that was trained elsewhere, signed with a trusted key."""
    from models.registry import Registry

    ref = Registry(read_settings().home).register(directory)
    show({"registered": str(ref)}, [f"{ref} is registered"], as_json=as_json)


@app.command()
def rollback(
    product: Annotated[str, typer.Argument(help="merchant-loan or deposit-waiver.")],
    *,
    who: As = "local",
    as_json: Json = False,
) -> None:
    """Put the champion before this one back into service."""
    from models.registry import Registry
    from training.release import rolled_back

    settings = read_settings()
    ref = rolled_back(Registry(settings.home), product, by=who, at=settings.now())
    show({"champion": str(ref)}, [f"{product}: {ref} is champion again"], as_json=as_json)


def _ask(through_gate: "Callable[..., Promotion]", ref: str, *, who: str, as_json: bool) -> None:
    """Asks the gate, shows what came of it, and ends 1 where it refused."""
    from models.registry import Registry

    settings = read_settings()
    result = through_gate(Registry(settings.home), ref, by=who, at=settings.now())
    show(result, result.lines(), as_json=as_json)
    refuse(found_wanting=bool(result.failures))
