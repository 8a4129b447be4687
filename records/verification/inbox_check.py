"""The inbox: every row says what it was accepted with, and stands in one part at the most."""

from itertools import pairwise
from typing import Any

import orjson
from sqlalchemy import select

from records.inbox import Row
from records.store import Records
from records.tables import INBOX, INBOX_PARTS
from records.verification.report import Tally
from records.verification.snapshots import paged


def check_inbox(records: Records, told: Tally) -> None:
    """Hashes recomputed from what rows say, and no part over another of its table."""
    query = select(INBOX).where(INBOX.c.content.is_not(None)).order_by(INBOX.c.seq)
    told.saw("rows", 0)
    for row in paged(records, query, INBOX.c.seq):
        told.saw("rows", 1)
        _check_row(row, told)
    _check_parts(records, told)


def _check_row(row: Any, told: Tally) -> None:
    where = f"row {row.seq} of {row.table_name}"
    try:
        meant = Row(row.table_name, orjson.loads(row.content))
    except (ValueError, KeyError):
        told.fault(f"{where} cannot be read")
        return
    told.expect(
        where,
        key_sha256=(row.key_sha256, meant.key_sha256),
        recorded_at=(row.recorded_at, meant.recorded_at),
        content_sha256=(row.content_sha256, meant.content_sha256),
    )


def _check_parts(records: Records, told: Tally) -> None:
    query = select(INBOX_PARTS).order_by(INBOX_PARTS.c.table_name, INBOX_PARTS.c.first_seq)
    with records.reading() as connection:
        parts = connection.execute(query).all()
    told.saw("parts", len(parts))
    for part, following in pairwise(parts):
        if part.table_name == following.table_name and part.last_seq >= following.first_seq:
            told.fault(f"parts of {part.table_name} overlap at row {following.first_seq}")
