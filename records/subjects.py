"""Merchants and consumers by name: the one table that knows who is who, and may forget."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from records import operations
from records.instants import instant_text
from records.lookups import Findings, Lookup
from records.operations import SUBJECT, Operation
from records.pseudonyms import token_of
from records.tables import LINES, SUBJECTS
from records.transaction import Transaction

_ADMIT = insert(SUBJECTS)
_OPEN_LINE = insert(LINES)


@dataclass(frozen=True, slots=True)
class Subject:
    """A merchant or a consumer as the journal knows them, and the key that says so."""

    token: str
    key: bytes


def _subject(row: Any) -> Subject:
    return Subject(row.token, bytes(row.key))


BY_NAME = Lookup(
    select(SUBJECTS.c.token, SUBJECTS.c.key),
    by=(SUBJECTS.c.kind, SUBJECTS.c.entity_id),
    value=_subject,
)


def known(connection: Connection, *, kind: str, entity_id: str) -> Subject | None:
    """The subject of this name; None where it was never met, or was forgotten."""
    return Findings(connection).get(BY_NAME, (kind, entity_id))


def admitted(transaction: Transaction, *, kind: str, entity_id: str) -> Subject:
    """The subject of this name, met now where it was not known, with a line of its own."""
    [subject] = admitted_all(transaction, [(kind, entity_id)])
    return subject


def admitted_all(
    transaction: Transaction, kinds_and_ids: Sequence[tuple[str, str]]
) -> list[Subject]:
    """The same for many, in order."""
    found = transaction.findings
    found.look_up(BY_NAME, kinds_and_ids)
    new = [name for name in dict.fromkeys(kinds_and_ids) if found.get(BY_NAME, name) is None]
    if new:
        _admit(transaction, new)
    met = (found.get(BY_NAME, name) for name in kinds_and_ids)
    return [subject for subject in met if subject is not None]


def _admit(transaction: Transaction, kinds_and_ids: Sequence[tuple[str, str]]) -> None:
    rows = []
    for kind, entity_id in kinds_and_ids:
        key = secrets.token_bytes(32)
        token = token_of(key, kind, entity_id)
        rows.append({"token": token, "kind": kind, "entity_id": entity_id, "key": key})
        transaction.findings.put(BY_NAME, (kind, entity_id), Subject(token, key))
    transaction.connection.execute(_ADMIT, rows)
    opened = [{"token": row["token"], "used_minor": 0} for row in rows]
    transaction.connection.execute(_OPEN_LINE, opened)


def names(connection: Connection, tokens: Sequence[str]) -> dict[str, str | None]:
    """The names behind tokens; None where a name was erased."""
    query = select(SUBJECTS.c.token, SUBJECTS.c.entity_id).where(SUBJECTS.c.token.in_(tokens))
    return {row.token: row.entity_id for row in connection.execute(query)}


def erase(transaction: Transaction, *, partner: str, kind: str, entity_id: str) -> bool:
    """Forget a name and its key for good; False where it is not known.

    Decisions, holds and loans stay as they are, nobody's; the journal's chain still holds. That a
    name was forgotten, and at whose word, is journalled itself: no name goes in silence.
    """
    found = known(transaction.connection, kind=kind, entity_id=entity_id)
    if found is None:
        return False
    forgotten = {"entity_id": None, "key": None, "erased_at": instant_text(transaction.at)}
    query = update(SUBJECTS).where(SUBJECTS.c.token == found.token)
    transaction.connection.execute(query, forgotten)
    transaction.findings.put(BY_NAME, (kind, entity_id), None)
    done = Operation(
        kind=SUBJECT,
        reference=found.token,
        partner=partner,
        token=found.token,
        move="erase",
        amount_minor=None,
        exposure_minor=0,
        detail={"kind": kind},
    )
    operations.write(transaction, done)
    return True
