"""Answers by idempotency key: committed with their effect, so that a retry finds both or none."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import orjson
from sqlalchemy import Connection, Select, delete, select, tuple_

from credit.ledger.lifecycle import Refused
from records.instants import instant_text
from records.lookups import Findings, Lookup
from records.tables import IDEMPOTENCY
from records.transaction import Transaction

ANSWERED = 200
_KEY_COLUMNS = select(IDEMPOTENCY.c.partner, IDEMPOTENCY.c.key)


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


def _remembered(row: Any) -> Remembered:
    return Remembered(row.content_sha256, row.status, bytes(row.answer))


BY_KEY = Lookup(
    select(IDEMPOTENCY.c.content_sha256, IDEMPOTENCY.c.status, IDEMPOTENCY.c.answer),
    by=(IDEMPOTENCY.c.partner, IDEMPOTENCY.c.key),
    value=_remembered,
)


def recall(connection: Connection, *, partner: str, key: str) -> Remembered | None:
    """What this partner's key was answered; None where the key is new."""
    return Findings(connection).get(BY_KEY, (partner, key))


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
    transaction.findings.put(BY_KEY, (partner, key), remembered)


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
    transaction.write_out()  # the effect may read what a neighbour in this transaction added
    before = transaction.findings.get(BY_KEY, (partner, key))
    if before is not None:
        return before.answer if before.content_sha256 == content_sha256 else Conflict.KEY
    done = effect(transaction)
    if isinstance(done, Refused):
        return done
    answer = orjson.dumps(done)
    kept = Remembered(content_sha256, ANSWERED, answer)
    remember(transaction, kept, partner=partner, key=key)
    return answer


def forget(transaction: Transaction, *, before: datetime, limit: int) -> int:
    """Drop answers remembered before an instant, at most so many; how many."""
    old = _KEY_COLUMNS.where(IDEMPOTENCY.c.remembered_at < instant_text(before)).limit(limit)
    return _drop(transaction, old)


def _drop(transaction: Transaction, keys: Select[Any]) -> int:
    named = tuple_(IDEMPOTENCY.c.partner, IDEMPOTENCY.c.key)
    return transaction.connection.execute(delete(IDEMPOTENCY).where(named.in_(keys))).rowcount
