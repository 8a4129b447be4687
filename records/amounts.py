"""The amounts and the state of a hold or a loan, as its row keeps them."""

from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Any, Generic, TypeVar

from sqlalchemy import Table, bindparam, update

from records.instants import instant_of, instant_text
from records.transaction import Transaction

Value = TypeVar("Value")


class Amounts(Generic[Value]):
    """The columns of a table that make a value of the ledger: amounts, state, expiry.

    A row is moved only as it was read: whoever moves one that changed meanwhile does not find it.
    `also` names columns that may be set beside.
    """

    def __init__(
        self, table: Table, key: str, made: type[Value], states: type[Enum], *, also: str = ""
    ) -> None:
        self._made = made
        self._states = states
        self._names = tuple(one.name for one in fields(made))  # type: ignore[arg-type]  # a dataclass
        self._table = table.name
        found = (table.c[name] == bindparam(f"was_{name}") for name in self._names)
        self._move = (
            update(table)
            .where(table.c[key] == bindparam("of_key"), *found)
            .values({name: bindparam(f"now_{name}") for name in (*self._names, *also.split())})
        )

    def columns(self, value: Value) -> dict[str, Any]:
        """The columns of a row that keeps `value`."""
        return {name: _column(getattr(value, name)) for name in self._names}

    def value(self, row: Any) -> Value:
        """The value that a row keeps."""
        kept = {name: getattr(row, name) for name in self._names}
        kept |= {"state": self._states(row.state), "expires_at": instant_of(row.expires_at)}
        return self._made(**kept)

    def move(
        self, transaction: Transaction, key: str, *, before: Value, after: Value, **also: Any
    ) -> None:
        """Make the row that keeps `before` keep `after`."""
        values = {f"was_{name}": kept for name, kept in self.columns(before).items()}
        values |= {f"now_{name}": kept for name, kept in (self.columns(after) | also).items()}
        if transaction.connection.execute(self._move, {**values, "of_key": key}).rowcount != 1:
            raise RuntimeError(f"{self._table}: {key} changed under its writer")


def _column(kept: Any) -> Any:
    if isinstance(kept, Enum):
        return kept.value
    return instant_text(kept) if isinstance(kept, datetime) else kept
