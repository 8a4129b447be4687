"""Policy documents as commands find them: in files, live in the records, shipped with Vouch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from credit.errors import InputError
from serving.settings import Settings

if TYPE_CHECKING:
    from credit.policy.documents import Document
    from records.store import Records

AT = "@"
SUFFIX = ".toml"


@dataclass(frozen=True, slots=True)
class AtHand:
    """The documents in force by name, and the shipped ones for parents that are not."""

    live: Mapping[str, "Document"]
    shipped: Mapping[str, "Document"]

    @property
    def in_force(self) -> Mapping[str, "Document"]:
        """What decides: the records' documents, or the shipped ones where there are none."""
        return self.live or self.shipped

    def with_given(self, given: Iterable["Document"]) -> dict[str, "Document"]:
        """The same with given ones in their places, and what shipped ones stand above them."""
        found = {**self.in_force, **{one.head.name: one for one in given}}
        missing = [one.head.parent for one in found.values() if one.head.parent not in found]
        while missing:
            name = missing.pop()
            if name in self.shipped and name not in found:
                found[name] = self.shipped[name]
                missing.append(found[name].head.parent)
        return found

    def with_given_but(self, one: "Document", given: Sequence["Document"]) -> dict[str, "Document"]:
        """The same, with what stands in the place of one of them as it is without it."""
        found, name = self.with_given(given), one.head.name
        if name in self.in_force:
            found[name] = self.in_force[name]
        return found

    def named(self, name: str) -> "Document":
        """The document of that name in force."""
        if name in self.in_force:
            return self.in_force[name]
        known = ", ".join(sorted(self.in_force)) or "none"
        raise InputError(f"no policy {name} is in force", f"use one of {known}, or a file")


def at_hand(records: "Records | None", settings: Settings) -> AtHand:
    """What a command may look documents up in."""
    from records.publishing import documents_at

    if records is None:
        return AtHand({}, shipped(settings))
    with records.reading() as connection:
        return AtHand(documents_at(connection, settings.now()), shipped(settings))


def shipped(settings: Settings) -> dict[str, "Document"]:
    """The documents that empty records begin with, by name."""
    from credit.policy.documents import read_document
    from serving.seeding import first_policies

    return {one.name: read_document(one.text) for one in first_policies(settings.policies)}


def documents_in(paths: Iterable[Path]) -> list["Document"]:
    """The documents in files and folders, the platform's first; no name may stand in two."""
    found: dict[str, tuple[Path, Document]] = {}
    for path in _toml_files(paths):
        document = read_file(path)
        name = document.head.name
        if name in found:
            problem = f"{name} stands in {found[name][0]} and in {path}"
            raise InputError(problem, "give each policy once")
        found[name] = path, document
    return sorted((one for _, one in found.values()), key=lambda one: (one.rank, one.head.name))


def read_file(path: Path) -> "Document":
    """The document in one file; what is wrong with it names the file."""
    from credit.policy.documents import read_document
    from credit.policy.reading import TermsError

    try:
        return read_document(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error})", "name a TOML file in UTF-8") from None
    except TermsError as fault:
        raise InputError(f"{path}: {fault.problem}", fault.mend) from None


def is_file(target: str) -> bool:
    """Whether a word names a file, not a policy of that name.

    >>> is_file("partners/city_bikes.toml"), is_file("city_bikes@2026.11.2"), is_file("city_bikes")
    (True, False, False)
    """
    return target.endswith(SUFFIX) or ("/" in target and AT not in target)


def name_and_version(target: str) -> tuple[str, str]:
    """What `NAME@VERSION` names.

    >>> name_and_version("city_bikes.bike@2026.11.2")
    ('city_bikes.bike', '2026.11.2')
    """
    name, at, version = target.partition(AT)
    if not at or not name or not version:
        raise InputError(f"{target!r} names no version", "use NAME@VERSION, or a .toml file")
    return name, version


def _toml_files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(path.rglob(f"*{SUFFIX}"))
        if not inside:
            raise InputError(f"{path} holds no policy", f"name a folder with {SUFFIX} files")
        yield from inside
