"""A policy as rows to read: every field, its value in words, and the layer that set it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from credit.policy.declared import Declaration, Shape, declarations
from credit.policy.directions import shown
from credit.policy.documents import PLATFORM, Document
from credit.policy.terms import Policy, parse_policy

SCENES = "waiver.scenes."


@dataclass(frozen=True, slots=True)
class Listed:
    """One field: where it stands, how it is declared, and its value as it is kept."""

    path: str
    row: Declaration
    value: Any

    @property
    def text(self) -> str:
        """The value in words."""
        return in_words(self.row, self.value)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an effective policy: rows of a table stand each on their own."""

    path: str
    value: str
    unit: str
    layer: str


def listed(policy: Policy) -> tuple[Listed, ...]:
    """Every field of an effective policy, in the order of the document."""
    return tuple(_walk(type(policy), policy, ""))


def stated(document: Document) -> tuple[Listed, ...]:
    """The fields that a document itself states."""
    if document.head.layer == PLATFORM:
        return listed(parse_policy(document.text))
    return tuple(_walk(Policy, document.stated, ""))


def effective_lines(policy: Policy, *, scene: str | None = None) -> Iterator[Line]:
    """Every value that decides, with the layer it came from; of one scene, what decides there."""
    for one in listed(policy):
        if scene is None or _speaks_of(scene, one.path):
            yield from _lines(policy, one)


def in_words(row: Declaration, value: Any) -> str:
    """A value as a person reads it; a row of a table as its fields and their values."""
    if value is None:
        return "none"
    if row.shape is not Shape.ROWS:
        return shown(row, value)
    if isinstance(value, tuple):
        return "; ".join(in_words(row, one) for one in value) or "none"
    fields = declarations(type(value))
    return ", ".join(
        f"{name} {in_words(one, getattr(value, attribute))}" for attribute, name, one in fields
    )


def _walk(of: type, here: Any, path: str) -> Iterator[Listed]:
    for attribute, name, row in declarations(of):
        if isinstance(here, Mapping) and attribute not in here:
            continue
        value = here[attribute] if isinstance(here, Mapping) else getattr(here, attribute)
        if row.shape is Shape.TABLE and row.of is not None:
            yield from _walk(row.of, value, f"{path}{name}.")
        elif row.shape is Shape.NAMED and row.of is not None:
            for key, one in value.items():
                yield from _walk(row.of, one, f"{path}{name}.{key}.")
        else:
            yield Listed(path + name, row, value)


def _lines(policy: Policy, one: Listed) -> Iterator[Line]:
    if one.row.shape is not Shape.ROWS or not one.value:
        yield Line(one.path, one.text, one.row.unit.value, _layer(policy, one.path))
        return
    for place, value in enumerate(one.value, start=1):
        path = f"{one.path}[{place}]"
        yield Line(path, in_words(one.row, value), "", _layer(policy, path))


def _layer(policy: Policy, path: str) -> str:
    """The layer that set a field, or the table that holds it."""
    while path not in policy.origins and "." in path:
        path = path.rpartition(".")[0]
    return policy.origins.get(path, policy.name)


def _speaks_of(scene: str, path: str) -> bool:
    if path.startswith(SCENES):
        return path.startswith(f"{SCENES}{scene}.")
    return path == "currency" or (path.startswith("waiver.") and "new_scene" not in path)
