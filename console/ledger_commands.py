"""`vouch ledger`: is it whole, how does it stand, copies of it, names forgotten, events told."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from console.output import Json, plain, progress_bar, refuse, show
from console.records_at_hand import one_line, records_at
from credit.contract import ENTITY_OF
from credit.errors import InputError
from serving.settings import read_settings

app = typer.Typer(help="The ledger: lines, holds, loans and the journal of all that was done.")
EVENTS_A_PAGE = 1_000


@app.command()
def verify(*, as_json: Json = False) -> None:
    """Hold the ledger against what was written, and add it up again; exit 1 for any fault.

    Recomputes the journal's hash chain from every row, compares it with the anchors that the
    service noted in VOUCH_HOME/anchors.jsonl, and holds names, holds, loans and lines against it.
    """
    from records.anchors import Anchors
    from records.verification.verify import verify as hold_against_itself

    settings = read_settings()
    with records_at(settings) as records, progress_bar(quiet=as_json) as progress:
        report = hold_against_itself(records, anchors=Anchors(settings.anchors), progress=progress)
    show({"holds": report.holds, "checks": report.checks}, report.lines(), as_json=as_json)
    refuse(found_wanting=not report.holds)


@app.command()
def status(*, as_json: Json = False) -> None:
    """Lines, holds and loans by state, and where the journal ends."""
    from records.standing import standing

    with records_at(read_settings()) as records, records.reading() as connection:
        found = standing(connection)
    show(found, found.told(), as_json=as_json)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The copy to make.")], *, as_json: Json = False
) -> None:
    """Copy the records while they serve. A copy of SQLite is verified before it has its name."""
    from records.backup import back_up

    with records_at(read_settings()) as records, progress_bar(quiet=as_json) as progress:
        copy = back_up(records, file, progress=progress)
    told = f"{file}: the journal to seq {copy.head.seq:,}"
    proven = "verified" if copy.report else "at least; a restore verifies it"
    show(
        {"file": file, "head": copy.head, "verified": bool(copy.report)},
        [f"{told} ({proven})"],
        as_json=as_json,
    )


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A copy that `vouch ledger backup` made.")],
    *,
    to: Annotated[
        str | None, typer.Option(help="Another database URL than VOUCH_DATABASE_URL.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put a copy back into records that hold nothing, and verify it; exit 1 if it does not hold.

    Stop the service first. Anchors noted of what was lost are kept under another name.
    """
    from records.anchors import Anchors
    from records.backup import restore as put_back

    settings = read_settings()
    with one_line(), progress_bar(quiet=as_json) as progress:
        copy = put_back(file, to or settings.database_url, progress=progress)
    assert copy.report is not None  # noqa: S101 - what was restored is always verified
    lines = [*copy.report.lines(), f"restored: the journal to seq {copy.head.seq:,}"]
    aside = Anchors(settings.anchors).set_aside(settings.now()) if to is None else None
    if aside:
        lines.append(f"earlier anchors are kept as {aside}")
    result = {"holds": copy.report.holds, "head": copy.head, "checks": copy.report.checks}
    show(result, lines, as_json=as_json)
    refuse(found_wanting=not copy.report.holds)


@app.command()
def erase(
    kind: Annotated[str, typer.Argument(help="merchant or user.")],
    name: Annotated[str, typer.Argument(metavar="ID", help="Whose name to forget, for good.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Forget a name for good: what was decided stays, nobody's, and the ledger still verifies.

    Outside the records the name stands until what holds it is made anew without it: data
    directories, VOUCH_HOME's inbox, scratch and features, backups.
    """
    from records.erasure import erase as forget
    from serving.postroom import export_inbox

    if kind not in ENTITY_OF.values():
        raise InputError(f"kind is {kind!r}", f"use one of {', '.join(ENTITY_OF.values())}")
    if not yes:
        typer.confirm(f"Forget {kind} {name} for good?", abort=True)
    settings = read_settings()
    export_inbox(settings)  # rows that name them are the lender's, and go no other way
    with records_at(settings) as records:
        erased = forget(records, partner=settings.partner, kind=kind, entity_id=name)
    told = f"{kind} {name} is forgotten" if erased else f"no {kind} {name} is known"
    show({"erased": erased}, [told], as_json=as_json)
    refuse(found_wanting=not erased)


@app.command()
def events(
    *,
    after: Annotated[int, typer.Option(min=0, help="Only events with a greater seq.")] = 0,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Mark what was printed as received.")
    ] = False,
) -> None:
    """Events that nobody has confirmed, the oldest first, as JSON lines for downstream systems."""
    from records.outbox import delivered, waiting

    with records_at(read_settings()) as records:
        while True:
            with records.reading() as connection:
                page = waiting(connection, after=after, limit=EVENTS_A_PAGE)
            for event in page:
                sys.stdout.write(json.dumps(plain(event), ensure_ascii=False) + "\n")
            sys.stdout.flush()
            if confirm and page:
                with records.writing() as transaction:
                    delivered(transaction, [event.seq for event in page])
            if len(page) < EVENTS_A_PAGE:
                return
            after = page[-1].seq
