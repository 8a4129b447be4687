"""Answers by idempotency key: committed with their effect, so that a retry finds both or none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, delete, select

from credit.ledger.lifecycle import Refused
from records.instants import instant_text
from records.tables import IDEMPOTENCY
from records.transaction import Transaction

ANSWERED = 200
_BY_KEYS = select(
    IDEMPOTENCY.c.key, IDEMPOTENCY.c.content_sha256, IDEMPOTENCY.c.status, IDEMPOTENCY.c.answer
).where(
    IDEMPOTENCY.c.partner == bindparam("partner"),
    IDEMPOTENCY.c.key.in_(bindparam("keys", expanding=True)),
)


class Conflict(Enum):
    """Why a request cannot be answered: what it names was used before for something else."""

    KEY = "the key was used for another request"
    REFERENCE = "the reference was used with other content"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was answered to a key: the hash of what had been asked, the status, the bytes."""

    content_sha256: str
    status: int
    answer: bytes


def recall(connection: Connection, *, partner: str, key: str) -> Remembered | None:
    """What this partner's key was answered; None where the key is new."""
    return _recall_all(connection, partner, [key]).get(key)


def recalled(transaction: Transaction, *, partner: str, key: str) -> Remembered | None:
    """The same within a transaction, with what it has itself remembered."""
    name = (IDEMPOTENCY, partner, key)
    if name not in transaction.met:
        transaction.met[name] = recall(transaction.connection, partner=partner, key=key)
    met: Remembered | None = transaction.met[name]
    return met


def foresee(transaction: Transaction, *, partner: str, keys: Sequence[str]) -> None:
    """Look many keys up in one go, for works that will ask for each."""
    found = _recall_all(transaction.connection, partner, keys)
    transaction.met |= {(IDEMPOTENCY, partner, key): found.get(key) for key in keys}


def remember(transaction: Transaction, remembered: Remembered, *, partner: str, key: str) -> None:
    """Keep an answer under this partner's key, in the transaction of its effect."""
    row = {
        "partner": partner,
        "key": key,
        "content_sha256": remembered.content_sha256,
        "status": remembered.status,
        "answer": remembered.answer,
        "remembered_at": instant_text(transaction.at),
    }
    transaction.add(IDEMPOTENCY, row)
    transaction.met[IDEMPOTENCY, partner, key] = remembered


def once(
    transaction: Transaction,
    *,
    effect: Callable[[Transaction], dict[str, Any] | Refused],
    partner: str,
    key: str,
    content_sha256: str,
) -> bytes | Refused | Conflict:
    """The answer to a key: what it was answered before, or the effect's own.

    A refusal has no effect and is not remembered: asked again, it is judged again.
    """
    transaction.write_out()  # a neighbour in this transaction may have answered it just now
    before = recalled(transaction, partner=partner, key=key)
    if before is not None:
        return before.answer if before.content_sha256 == content_sha256 else Conflict.KEY
    done = effect(transaction)
    if isinstance(done, Refused):
        return done
    answer = orjson.dumps(done)
    kept = Remembered(content_sha256, ANSWERED, answer)
    remember(transaction, kept, partner=partner, key=key)
    return answer


def forget(transaction: Transaction, *, before: datetime) -> int:
    """Drop answers remembered before an instant; how many."""
    query = delete(IDEMPOTENCY).where(IDEMPOTENCY.c.remembered_at < instant_text(before))
    return transaction.connection.execute(query).rowcount


def _recall_all(
    connection: Connection, partner: str, keys: Sequence[str]
) -> dict[str, Remembered]:
    rows = connection.execute(_BY_KEYS, {"partner": partner, "keys": list(keys)})
    return {
        row.key: Remembered(row.content_sha256, row.status, bytes(row.answer)) for row in rows
    }
