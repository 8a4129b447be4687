"""Rows by name: asked for one by one, or for a whole group of works in one statement."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, bindparam

Value = TypeVar("Value")
Name = tuple[str, ...]


class Lookup(Generic[Value]):
    """One kind of row by its name, whose last part tells rows of one scope apart."""

    def __init__(
        self, rows: Select[Any], by: tuple[ColumnElement[str], ...], value: Callable[[Any], Value]
    ) -> None:
        *scope, own = by
        self._scope = [f"scope_{place}" for place in range(len(scope))]
        alike = zip(scope, self._scope, strict=True)
        self._query = rows.where(
            *(column == bindparam(name) for column, name in alike),
            own.in_(bindparam("own", expanding=True)),
        ).add_columns(own.label("own_name"))
        self._value = value

    def read(self, connection: Connection, names: Iterable[Name]) -> dict[Name, Value]:
        """What has these names; those that nothing has are left out."""
        scopes: defaultdict[Name, list[str]] = defaultdict(list)
        for *scope, own in names:
            scopes[tuple(scope)].append(own)
        found = {}
        for one, owns in scopes.items():
            asked: dict[str, Any] = {**dict(zip(self._scope, one, strict=True)), "own": owns}
            for row in connection.execute(self._query, asked):
                found[*one, row.own_name] = self._value(row)
        return found


class Findings:
    """What a transaction knows by name: looked up once, or written by itself since."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: defaultdict[Lookup[Any], dict[Name, Any]] = defaultdict(dict)

    def look_up(self, lookup: Lookup[Value], names: Iterable[Name]) -> None:
        """Ask the database for all of these that are not known yet, together."""
        known = self._known[lookup]
        unknown = dict.fromkeys(name for name in names if name not in known)
        if unknown:
            known.update({**unknown, **lookup.read(self._connection, unknown)})

    def get(self, lookup: Lookup[Value], name: Name) -> Value | None:
        """What has this name; None where nothing has."""
        self.look_up(lookup, [name])
        value: Value | None = self._known[lookup][name]
        return value

    def put(self, lookup: Lookup[Value], name: Name, value: Value | None) -> None:
        """This transaction gave a name to something, or took it away (None)."""
        self._known[lookup][name] = value
