"""Policy documents by the dozen: written field by field, legal or not, under any policy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from credit.money import MILLION
from credit.policy.declared import FRACTIONS, Declaration, Shape, declarations
from credit.policy.documents import Document, read_document
from credit.policy.terms import Policy

PLATFORM = Path(__file__).resolve().parents[2] / "partners" / "platform.toml"
HEADS = {
    "industry": {"layer": "industry", "name": "travel", "parent": "platform", "lead": "ctrips"},
    "partner": {"layer": "partner", "name": "city_bikes", "parent": "travel"},
    "scene": {
        "layer": "scene",
        "name": "city_bikes.bike",
        "parent": "city_bikes",
        "scene": "bike",
    },
}
LOWER = tuple(HEADS)


@dataclass(frozen=True)
class Field:
    """One field that a lower layer could state, and its value above."""

    path: str
    row: Declaration
    value: Any


def platform() -> Document:
    return read_document(PLATFORM.read_text(encoding="utf-8"))


def fields_of(policy: Policy) -> Iterator[Field]:
    """Every field below the head, scenes by name, bands and rows as one field each."""
    for attribute, name, row in declarations(Policy):
        if row.shape is Shape.TABLE and name != "delegated":
            yield from _below(getattr(policy, attribute), f"{name}.")


def _below(value: Any, path: str) -> Iterator[Field]:
    for attribute, name, row in declarations(type(value)):
        inner = getattr(value, attribute)
        if row.shape is Shape.TABLE:
            yield from _below(inner, f"{path}{name}.")
        elif row.shape is Shape.NAMED:
            for key, one in inner.items():
                yield from _below(one, f"{path}{name}.{key}.")
        else:
            yield Field(path + name, row, inner)


def document(
    layer: str, stated: Mapping[str, object], version: str = "1", **head: object
) -> Document:
    """A lower document that states these values (as documents write them) by path."""
    lines = {**HEADS[layer], "version": version, **head, **stated}
    return read_document("\n".join(f"{path} = {toml(value)}" for path, value in lines.items()))


def toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {toml(one)}" for name, one in value.items()) + "}"
    return str(value)


def raw(row: Declaration, kept: Any) -> Any:
    """A kept value as documents write it."""
    if row.shape is Shape.ROWS:
        return [_raw_table(one) for one in kept]
    if isinstance(kept, tuple):
        return [_scalar(row, one) for one in kept]
    return _scalar(row, kept)


def bounds(row: Declaration) -> tuple[int, int]:
    """What a number may be at all, as kept."""
    by = MILLION if row.unit in FRACTIONS else 1
    assert row.least is not None
    assert row.most is not None
    return int(row.least * by), int(row.most * by)


def _raw_table(value: Any) -> dict[str, Any]:
    return {
        name: raw(row, getattr(value, attribute))
        for attribute, name, row in declarations(type(value))
    }


def _scalar(row: Declaration, kept: Any) -> Any:
    return Decimal(kept) / MILLION if row.unit in FRACTIONS else kept
