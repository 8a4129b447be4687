"""Answers by idempotency key: committed with their effect, so that a retry finds both or none."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

from records.store import instant_text
from records.tables import IDEMPOTENCY

_INSERT = insert(IDEMPOTENCY)
_BY_KEY = select(IDEMPOTENCY.c.content_sha256, IDEMPOTENCY.c.status, IDEMPOTENCY.c.answer).where(
    IDEMPOTENCY.c.partner == bindparam("partner"), IDEMPOTENCY.c.key == bindparam("key")
)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was answered to a key: the hash of what had been asked, the status, the bytes."""

    content_sha256: str
    status: int
    answer: bytes


def recall(connection: Connection, *, partner: str, key: str) -> Remembered | None:
    """What this partner's key was answered; None where the key is new."""
    row = connection.execute(_BY_KEY, {"partner": partner, "key": key}).one_or_none()
    return None if row is None else Remembered(row.content_sha256, row.status, bytes(row.answer))


def remember(
    connection: Connection, remembered: Remembered, *, partner: str, key: str, at: datetime
) -> None:
    """Keep an answer under this partner's key, in the transaction of its effect."""
    connection.execute(
        _INSERT,
        {
            "partner": partner,
            "key": key,
            "content_sha256": remembered.content_sha256,
            "status": remembered.status,
            "answer": remembered.answer,
            "remembered_at": instant_text(at),
        },
    )
