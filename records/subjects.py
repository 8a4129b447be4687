"""Merchants and consumers by name: the one table that knows who is who, and may forget."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from records.instants import instant_text
from records.pseudonyms import token_of
from records.tables import LINES, SUBJECTS
from records.transaction import Transaction

_KNOWN = select(SUBJECTS.c.token, SUBJECTS.c.key).where(
    SUBJECTS.c.kind == bindparam("kind"), SUBJECTS.c.entity_id == bindparam("entity_id")
)
_ADMIT = insert(SUBJECTS)
_OPEN_LINE = insert(LINES)


@dataclass(frozen=True, slots=True)
class Subject:
    """A merchant or a consumer as the journal knows them, and the key that says so."""

    token: str
    key: bytes


def known(connection: Connection, *, kind: str, entity_id: str) -> Subject | None:
    """The subject of this name; None where it was never met, or was forgotten."""
    row = connection.execute(_KNOWN, {"kind": kind, "entity_id": entity_id}).one_or_none()
    return None if row is None else Subject(row.token, bytes(row.key))


def admitted(transaction: Transaction, *, kind: str, entity_id: str) -> Subject:
    """The subject of this name, met now where it was not known, with a line of its own."""
    found = known(transaction.connection, kind=kind, entity_id=entity_id)
    if found is not None:
        return found
    key = secrets.token_bytes(32)
    token = token_of(key, kind, entity_id)
    row = {"token": token, "kind": kind, "entity_id": entity_id, "key": key}
    transaction.connection.execute(_ADMIT, row)
    transaction.connection.execute(_OPEN_LINE, {"token": token, "used_minor": 0})
    return Subject(token, key)


def names(connection: Connection, tokens: Sequence[str]) -> dict[str, str | None]:
    """The names behind tokens; None where a name was erased."""
    query = select(SUBJECTS.c.token, SUBJECTS.c.entity_id).where(SUBJECTS.c.token.in_(tokens))
    return {row.token: row.entity_id for row in connection.execute(query)}


def erase(transaction: Transaction, *, kind: str, entity_id: str) -> bool:
    """Forget a name and its key for good; False where it is not known.

    Decisions, holds and loans stay as they are, nobody's; the journal's chain still holds.
    """
    found = known(transaction.connection, kind=kind, entity_id=entity_id)
    if found is None:
        return False
    forgotten = {"entity_id": None, "key": None, "erased_at": instant_text(transaction.at)}
    query = update(SUBJECTS).where(SUBJECTS.c.token == found.token)
    transaction.connection.execute(query, forgotten)
    return True
