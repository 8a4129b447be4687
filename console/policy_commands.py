"""`vouch policy check`, `show`, `diff`, `history`: what policies say, and what became of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.output import Json, on_one_line, show
from console.policy_files import (
    AT,
    AtHand,
    at_hand,
    documents_in,
    is_file,
    name_and_version,
    read_file,
)
from console.records_at_hand import records_if_any
from credit.errors import InputError
from serving.settings import read_settings

if TYPE_CHECKING:
    from credit.policy.documents import Document
    from credit.policy.listing import Line, Listed
    from credit.policy.publication import Proof
    from records.policy_versions import Happened
    from records.store import Records

app = typer.Typer(help="The rules of lending as reviewed text, in layers that only tighten.")
GAP = "  "


@app.command("check")
def check_policies(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...|FOLDER", help="Policy documents (TOML)."),
    ],
    *,
    as_json: Json = False,
) -> None:
    """Prove that documents can be used, and that no layer is looser than those above it.

    Parents are looked for among what is given, then among what is live, then among what is shipped.
    """
    from credit.policy.publication import proven

    settings = read_settings()
    given = documents_in(paths)
    with records_if_any(settings) as records:
        found = at_hand(records, settings)
    told = [_checked(proven(one, [found.with_given_but(one, given)]), found) for one in given]
    lines = (line for one in told for line in _check_lines(one))
    show({"documents": told}, lines, as_json=as_json)


def _checked(proof: "Proof", found: AtHand) -> dict[str, Any]:
    from credit.policy.powers import Actor, owner_of, wanted
    from credit.policy.publication import heads_of

    head, heads = proof.document.head, heads_of(found.in_force)
    owner = Actor(owner_of(head, heads) or head.lead, "owner")
    needed = wanted(owner, head, heads, proof.awaiting)
    return {
        "name": head.name,
        "version": head.version,
        "layer": head.layer,
        "sha256": proof.document.sha256,
        "under": [f"{one.name}@{one.version}" for one in proof.stack.policy.layers[:-1]],
        "approval": str(needed) if needed else None,
        "awaiting": list(needed.of) if needed else [],
        "bounded": [one.problem for one in proof.bounded],
    }


def _check_lines(told: Mapping[str, Any]) -> Iterator[str]:
    under = f" under {' > '.join(told['under'])}" if told["under"] else ""
    yield f"{told['name']} {told['version']}: holds{under} ({told['sha256']})"
    if told["approval"]:
        yield f"{GAP}to publish it {told['approval']}"
    yield from (f"{GAP}would be held to its bound: {one}" for one in told["bounded"])


@app.command("show")
def show_policy(
    name: Annotated[str, typer.Argument(metavar="NAME[.SCENE]", help="A policy in force.")],
    *,
    as_json: Json = False,
) -> None:
    """The policy that decides under a name: each value, and the layer that it came from."""
    from credit.policy.layers import above, stacked
    from credit.policy.listing import effective_lines

    settings = read_settings()
    with records_if_any(settings) as records:
        found = at_hand(records, settings)
    document, scene = _named(found, name)
    policy = stacked(above(found.in_force, document))
    if scene and scene not in policy.waiver.scenes:
        known = ", ".join(policy.waiver.scenes) or "none"
        raise InputError(f"{document.head.name} has no scene {scene!r}", f"use one of {known}")
    rows = list(effective_lines(policy, scene=scene))
    result = {"name": name, "sha256": policy.sha256, "layers": policy.layers, "fields": rows}
    head = " > ".join(f"{one.name}@{one.version}" for one in policy.layers)
    show(result, [head, "", *_table(rows)], as_json=as_json)


def _named(found: AtHand, name: str) -> tuple["Document", str | None]:
    """The lowest document that a name means, and the scene that is asked for."""
    partner, dot, scene = name.partition(".")
    if not dot:
        return found.named(name), None
    return found.in_force.get(name) or found.named(partner), scene


def _table(rows: Sequence["Line"]) -> Iterator[str]:
    """Field, the layer that set it, and its value, in columns."""
    fields = max(len(one.path) for one in rows)
    layers = max(len(one.layer) for one in rows)
    for one in rows:
        told = f"{one.value} {_UNITS.get(one.unit, '')}".rstrip()
        yield f"{one.path:<{fields}}{GAP}{one.layer:<{layers}}{GAP}{told}"


_UNITS = {"share of 1 a year": "a year"} | {
    unit: unit for unit in ("minor units", "times", "days", "hours", "minutes")
}


@app.command("diff")
def diff_policies(
    before: Annotated[str, typer.Argument(metavar="A", help="NAME, NAME@VERSION or a file.")],
    after: Annotated[str, typer.Argument(metavar="B", help="NAME, NAME@VERSION or a file.")],
    *,
    stated: Annotated[
        bool, typer.Option("--stated", help="Compare what the documents state, not what decides.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Field by field, how two policies differ, and whether the second is looser or tighter."""
    from credit.policy.comparison import differences

    settings = read_settings()
    with records_if_any(settings) as records:
        found = at_hand(records, settings)
        both = [meant(word, found, records) for word in (before, after)]
    old, new = (_fields(one, found, stated=stated) for one in both)
    told = differences(old, new)
    lines = [one.line() for one in told] or ["they do not differ"]
    show({"before": before, "after": after, "differences": told}, lines, as_json=as_json)


def meant(word: str, found: AtHand, records: "Records | None") -> "Document":
    """The document that a file, NAME or NAME@VERSION means."""
    if is_file(word):
        return read_file(Path(word))
    return on_record(records, word) if AT in word else found.named(word)


def on_record(records: "Records | None", target: str) -> "Document":
    """The document of a version on record."""
    from credit.policy.documents import read_document
    from records import policies
    from records.policy_versions import version_of

    name, version = name_and_version(target)
    if records is not None:
        with records.reading() as connection:
            found = version_of(connection, name, version)
            text = policies.read(connection, found.sha256) if found else None
        if text is not None:
            return read_document(text)
    raise InputError(f"{target} is not on record", "vouch policy history lists what is")


def _fields(document: "Document", found: AtHand, *, stated: bool) -> Sequence["Listed"]:
    from credit.policy import listing
    from credit.policy.layers import above, stacked

    if stated:
        return listing.stated(document)
    return listing.listed(stacked(above(found.with_given([document]), document)))


@app.command("history")
def history_of_policies(
    name: Annotated[str | None, typer.Argument(help="One policy; all where absent.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """What happened to policies and switches: who did what, when; the oldest first."""
    from records.policy_versions import history

    with records_if_any(read_settings()) as records:
        told: Sequence[Happened] = ()
        if records is not None:
            with records.reading() as connection:
                told = history(connection, name)
    show({"events": told}, _told(told), as_json=as_json)


def _told(events: Iterable["Happened"]) -> Iterator[str]:
    for one in events:
        ref = f"{one.name}@{one.version}" if one.version else on_one_line(one.name)
        told = ((key, on_one_line(str(value))) for key, value in one.detail.items() if value)
        detail = GAP.join(f"{key}: {value}" for key, value in told)
        when = one.at.isoformat(timespec="seconds")
        yield f"{when}{GAP}{ref}{GAP}{one.event}{GAP}{one.by}{GAP}{detail}".rstrip()
