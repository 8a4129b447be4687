"""The outbox: what happened, told in the order it happened, committed with what it tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, delete, select, update

from records.instants import instant_text
from records.tables import OUTBOX
from records.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `seq` is that of its journal row: a receiver that sees it twice knows it."""

    seq: int
    topic: str
    partner: str
    at: str
    body: dict[str, Any]


def waiting(connection: Connection, *, after: int = 0, limit: int = 1_000) -> list[Event]:
    """Events that nobody has confirmed yet, the oldest first."""
    query = (
        select(OUTBOX)
        .where(OUTBOX.c.delivered_at.is_(None), OUTBOX.c.seq > after)
        .order_by(OUTBOX.c.seq)
        .limit(limit)
    )
    return [
        Event(row.seq, row.topic, row.partner, row.at, orjson.loads(row.body))
        for row in connection.execute(query)
    ]


def delivered(transaction: Transaction, seqs: Sequence[int]) -> int:
    """Mark events as received; how many were not marked before."""
    query = update(OUTBOX).where(OUTBOX.c.seq.in_(seqs), OUTBOX.c.delivered_at.is_(None))
    at = instant_text(transaction.at)
    return transaction.connection.execute(query, {"delivered_at": at}).rowcount


def forget_delivered(transaction: Transaction, *, before: datetime, limit: int) -> int:
    """Drop events that were received before an instant, at most so many; how many."""
    old = select(OUTBOX.c.seq).where(OUTBOX.c.delivered_at < instant_text(before)).limit(limit)
    query = delete(OUTBOX).where(OUTBOX.c.seq.in_(old))
    return transaction.connection.execute(query).rowcount
