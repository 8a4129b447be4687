"""`vouch policy publish`, `approve`, `withdraw`, `rollback`: who moves which version where."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.output import Json, refuse, show
from console.policy_files import is_file, name_and_version, read_file
from console.records_at_hand import seeded_records
from console.who import As, actor, tell_refused
from credit.errors import InputError
from credit.ledger.lifecycle import Refused
from credit.policy.life import APPROVAL_AWAITED, Event, State
from serving.settings import read_settings

if TYPE_CHECKING:
    from credit.policy.documents import Document
    from credit.policy.powers import Actor
    from records.policy_versions import Version
    from records.publishing import Proposed, Published
    from records.store import Records

_UNAPPROVED = (State.CHECKED, State.SIMULATED)
Note = Annotated[str, typer.Option(help="What the record shall say of it.")]
Target = Annotated[str, typer.Argument(metavar="NAME@VERSION", help="A version on record.")]


@dataclass(frozen=True, slots=True)
class Order:
    """What a publisher asks for."""

    by: "Actor"
    how: Event
    since: datetime | None
    note: str


def publish(
    target: Annotated[
        str, typer.Argument(metavar="FILE|NAME@VERSION", help="A document, or a version on record.")
    ],
    *,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Let it decide beside the live one, unanswered.")
    ] = False,
    starts: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Live from then on (UTC).")
    ] = None,
    name: As = None,
    note: Note = "",
    as_json: Json = False,
) -> None:
    """Put a version in force, in every worker within a second; exit 1 where it awaits approval.

    A document is put on record and checked first. A partner publishes its own, a lead partner its
    industry's; what must be approved waits for somebody else.
    """
    order = Order(actor(name), _how(shadow=shadow, starts=starts), _instant(starts), note)
    with seeded_records(read_settings()) as records:
        if is_file(target):
            result = _publish_file(records, read_file(Path(target)), order)
        else:
            result = _publish_version(records, *name_and_version(target), order)
    _tell_published(result, as_json=as_json)


def approve(
    target: Target,
    *,
    unsimulated: Annotated[
        str, typer.Option(metavar="WHY", help="Why it needs no simulation before.")
    ] = "",
    name: As = None,
    note: Note = "",
    as_json: Json = False,
) -> None:
    """Approve a version that somebody else wrote; `vouch policy publish` then puts it in force."""
    from records import publishing
    from records.rehearsal import rehearsed_version

    (policy, version), by = name_and_version(target), actor(name)
    with seeded_records(read_settings()) as records:
        rehearsal = rehearsed_version(records, policy, version)
        with records.writing() as transaction:
            result = publishing.approve(
                transaction,
                name=policy,
                version=version,
                by=by,
                rehearsal=rehearsal,
                unsimulated=unsimulated,
                note=note,
            )
    _tell_moved(result, f"vouch policy publish {target} puts it in force", as_json=as_json)


def withdraw(target: Target, *, name: As = None, note: Note = "", as_json: Json = False) -> None:
    """Take back a version that is not live: a draft, what is in shadow, what is scheduled."""
    from records import publishing

    policy, version = name_and_version(target)
    with seeded_records(read_settings()) as records, records.writing() as transaction:
        result = publishing.withdraw(
            transaction, name=policy, version=version, by=actor(name), note=note
        )
    _tell_moved(result, as_json=as_json)


def rollback(
    policy: Annotated[str, typer.Argument(metavar="NAME", help="A policy in force.")],
    *,
    name: As = None,
    note: Note = "",
    as_json: Json = False,
) -> None:
    """Return to the version that was live before, in every worker within a second."""
    from records import publishing
    from records.rehearsal import rehearsed_rollback

    by = actor(name)
    with seeded_records(read_settings()) as records:
        rehearsal = rehearsed_rollback(records, policy)
        with records.writing() as transaction:
            result = publishing.roll_back(
                transaction, name=policy, by=by, rehearsal=rehearsal, note=note
            )
    _tell_published(result, as_json=as_json)


def _publish_file(
    records: "Records", document: "Document", order: Order
) -> "Proposed | Published | Refused":
    from credit.policy.powers import FORBIDDEN
    from records import publishing
    from records.rehearsal import rehearsed

    rehearsal = rehearsed(records, document)
    with records.writing() as transaction:
        proposed = publishing.propose(
            transaction, document, by=order.by, rehearsal=rehearsal, note=order.note
        )
        if isinstance(proposed, Refused):
            return proposed
        result = publishing.publish(
            transaction,
            name=document.head.name,
            version=document.head.version,
            by=order.by,
            how=order.how,
            since=order.since,
            rehearsal=rehearsal,
            note=order.note,
        )
    waits = isinstance(result, Refused) and result.code in {APPROVAL_AWAITED, FORBIDDEN}
    return proposed if waits and proposed.version.state in _UNAPPROVED else result


def _publish_version(
    records: "Records", name: str, version: str, order: Order
) -> "Published | Refused":
    from records import publishing
    from records.rehearsal import rehearsed_version

    rehearsal = rehearsed_version(records, name, version)
    with records.writing() as transaction:
        return publishing.publish(
            transaction,
            name=name,
            version=version,
            by=order.by,
            how=order.how,
            since=order.since,
            rehearsal=rehearsal,
            note=order.note,
        )


def _how(*, shadow: bool, starts: str | None) -> Event:
    if shadow and starts:
        raise InputError("--shadow and --from", "use one: what is in shadow is live at no time")
    return Event.SHADOWED if shadow else Event.SCHEDULED if starts else Event.PUBLISHED


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InputError(f"--from is {text!r}", "use a time such as 2026-07-01T00:00") from None


def _tell_published(result: "Proposed | Published | Refused", *, as_json: bool) -> None:
    from records.publishing import Proposed

    if isinstance(result, Refused):
        tell_refused(result, as_json=as_json)
        return
    version = result.version
    told = {"ref": version.ref, "state": version.state, "sha256": version.sha256}
    if isinstance(result, Proposed):
        waits = f"{version.ref} is {version.state.value} and waits: {result.wanted}"
        approval = f"vouch policy approve {version.ref} --as SOMEBODY-ELSE"
        show({**told, "waits": str(result.wanted)}, [f"{waits}; {approval}"], as_json=as_json)
        refuse(found_wanting=True)
        return
    bounded = [one.problem for one in result.bounded]
    lines = (f"  held to its bound: {one}" for one in bounded)
    head = f"{version.ref} is {version.state.value}"
    show({**told, "bounded": bounded}, [head, *lines], as_json=as_json)


def _tell_moved(result: "Version | Refused", mend: str = "", *, as_json: bool) -> None:
    if isinstance(result, Refused):
        tell_refused(result, as_json=as_json)
        return
    told = {"ref": result.ref, "state": result.state, "sha256": result.sha256}
    line = f"{result.ref} is {result.state.value}"
    show(told, [f"{line}; {mend}" if mend else line], as_json=as_json)
