"""`vouch policy stop`, `resume`, `stops`: kill switches, obeyed by every worker within a second."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from console.output import Json, on_one_line, refuse, show
from console.records_at_hand import records_if_any, seeded_records
from console.who import As, actor, tell_refused
from credit.contract import DECIDED
from credit.errors import InputError
from serving.settings import read_settings

if TYPE_CHECKING:
    from credit.policy.documents import Document
    from records.switches import Switch

Product = Annotated[str, typer.Option(help=f"Only {' or '.join(DECIDED)}.")]
Partner = Annotated[str, typer.Option(help="Only requests of this partner.")]
Scene = Annotated[str, typer.Option(help="Only requests in this scene.")]
Why = Annotated[str, typer.Option(metavar="TEXT", help="What the record shall say of it.")]


def stop(
    *,
    why: Why,
    product: Product = "",
    partner: Partner = "",
    scene: Scene = "",
    name: As = None,
    as_json: Json = False,
) -> None:
    """Refer instead of deciding, and waive nothing, wherever all that is named fits.

    It holds through restarts, until `vouch policy resume` with the same words.
    """
    from credit.policy.powers import may_switch
    from records import switches
    from records.publishing import documents_at

    named, by = _named(product=product, partner=partner, scene=scene), actor(name)
    refused = may_switch(by, partner)
    if refused is not None:
        tell_refused(refused, as_json=as_json)
    settings = read_settings()
    with seeded_records(settings) as records, records.writing() as transaction:
        thrown = switches.stop(transaction, **named, reason=_said(why), by=str(by))
        documents = documents_at(transaction.connection, transaction.now)
    unheard = _unheard(thrown, documents.values(), serves=settings.partner)
    show(thrown, [_line(thrown), *unheard], as_json=as_json)


def resume(
    *,
    why: Why,
    product: Product = "",
    partner: Partner = "",
    scene: Scene = "",
    name: As = None,
    as_json: Json = False,
) -> None:
    """Let a switch go that was thrown with the same words; exit 1 where there is none."""
    from credit.policy.powers import may_switch, parse_actor
    from records import switches

    named, by = _named(product=product, partner=partner, scene=scene), actor(name)
    with seeded_records(read_settings()) as records, records.writing() as transaction:
        found = switches.find(transaction.connection, **named)
        refused = may_switch(by, partner, parse_actor(found.by) if found else None)
        if refused is None:
            switches.resume(transaction, **named, reason=_said(why), by=str(by))
    if refused is not None:
        tell_refused(refused, as_json=as_json)
    told = f"decides again: {found.words}" if found else "no such switch is thrown"
    show({"resumed": found}, [told], as_json=as_json)
    refuse(found_wanting=found is None)


def stops(*, as_json: Json = False) -> None:
    """The switches that are thrown: what they stop, since when, by whom and why."""
    from records import switches

    thrown: tuple[Switch, ...] = ()
    with records_if_any(read_settings()) as records:
        if records is not None:
            with records.reading() as connection:
                thrown = switches.stopped(connection)
    show({"stops": thrown}, [_line(one) for one in thrown] or ["nothing"], as_json=as_json)


def _named(*, product: str, partner: str, scene: str) -> dict[str, str]:
    if product and product not in DECIDED:
        raise InputError(f"--product is {product!r}", f"use one of {', '.join(DECIDED)}")
    named = {"product": product, "partner": partner, "scene": scene}
    if not any(named.values()):
        raise InputError("nothing is named", "use --product, --partner or --scene")
    return named


def _unheard(thrown: "Switch", documents: Iterable["Document"], *, serves: str) -> Iterator[str]:
    """What a switch names and no policy in force does: it may have been spelled wrong."""
    partners, scenes = {serves, ""}, {""}
    for one in documents:
        partners.add(one.head.name)
        scenes |= {one.head.scene, *one.stated.get("waiver", {}).get("scenes", {})}
    for kind, name, known in (
        ("partner", thrown.partner, partners),
        ("scene", thrown.scene, scenes),
    ):
        if name not in known:
            yield f"  no policy in force names the {kind} {on_one_line(name)!r}: is it spelled so?"


def _said(why: str) -> str:
    if not why.strip():
        raise InputError("--why is blank", "say why, for those who come after")
    return why


def _line(thrown: "Switch") -> str:
    since = thrown.at.isoformat(timespec="seconds")
    words, reason = on_one_line(thrown.words), on_one_line(thrown.reason)
    return f"{words}: stopped since {since} by {thrown.by}: {reason}"
