"""Retention: what is old enough is forgotten, piece by piece; the journal never is."""

from datetime import timedelta

from records import idempotency, inbox, outbox
from records.transaction import Transaction

ANSWERS_KEPT_HOURS = 7 * 24  # the interface promises a day
ANSWERS_KEPT_HOURS_LEAST = 24
EVENTS_KEPT_DAYS = 30
ROWS_KEPT_DAYS = 35  # exported rows; as long as a snapshot that lacks them may be the newest
AT_ONCE = 2_000  # rows of each kind: writers wait for as long as this takes


def retain(
    transaction: Transaction,
    *,
    answers_hours: int = ANSWERS_KEPT_HOURS,
    events_days: int = EVENTS_KEPT_DAYS,
    rows_days: int = ROWS_KEPT_DAYS,
) -> int:
    """Forget a piece of the answers, delivered events and exported rows that are older; how many.

    Fewer than `AT_ONCE`: nothing is left to forget. ValueError for answers kept under a day.
    """
    if answers_hours < ANSWERS_KEPT_HOURS_LEAST:
        raise ValueError(f"answers are kept for {answers_hours} h, under a day")
    answered = transaction.now - timedelta(hours=answers_hours)
    received = transaction.now - timedelta(days=events_days)
    exported = transaction.now - timedelta(days=rows_days)
    return (
        idempotency.forget(transaction, before=answered, limit=AT_ONCE)
        + outbox.forget_delivered(transaction, before=received, limit=AT_ONCE)
        + inbox.forget(transaction, before=exported, limit=AT_ONCE)
    )
