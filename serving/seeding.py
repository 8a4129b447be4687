"""What empty records start from: the shipped policies, or those that `VOUCH_POLICIES` names."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from credit.errors import InputError
from credit.policy.documents import PLATFORM, Document, read_document
from credit.policy.layers import above, checked
from credit.policy.reading import TermsError
from records.policy_versions import Draft, draft_of


def first_policies(place: Path | None) -> tuple[Draft, ...]:
    """Every document of the shipped policies, or in `place` (a folder, or one file), each checked.

    Parents come before their children. InputError for the first that cannot be used.
    """
    read = dict(_documents(files("partners") if place is None else place, "partners", place))
    named = _named(read)
    if PLATFORM not in named:
        told = f"VOUCH_POLICIES: {place} holds no platform policy"
        raise InputError(told, "add platform.toml, which states every field")
    for path, document in read.items():
        try:
            checked(above(named, document))
        except TermsError as fault:
            raise InputError(f"{path}: {fault.problem}", fault.mend) from None
    return tuple(map(draft_of, sorted(named.values(), key=lambda one: one.rank)))


def _named(read: Mapping[str, Document]) -> dict[str, Document]:
    named: dict[str, Document] = {}
    for path, document in read.items():
        if document.head.name in named:
            told = f"{path}: another document is called {document.head.name!r} too"
            raise InputError(told, "give each layer, partner and scene one document")
        named[document.head.name] = document
    return named


def _documents(found: Traversable, name: str, place: Path | None) -> Iterator[tuple[str, Document]]:
    """Documents by the path that errors show, in the order of their names."""
    shown = name if place is None else str(found)
    if found.is_dir():
        for one in sorted(found.iterdir(), key=lambda one: one.name):
            if one.is_dir() or one.name.endswith(".toml"):
                yield from _documents(one, f"{name}/{one.name}", place)
        return
    try:
        yield shown, read_document(found.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        told = f"VOUCH_POLICIES: {shown} cannot be read ({error})"
        raise InputError(told, "name a folder with platform.toml, or that file") from None
    except TermsError as fault:
        raise InputError(f"{shown}: {fault.problem}", fault.mend) from None
