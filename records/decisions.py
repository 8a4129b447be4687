"""Putting a decision on record: once for a key, once for a reference, together with its answer."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import orjson
from sqlalchemy import Connection

from records import idempotency, journal
from records.idempotency import Remembered
from records.journal import Entry

ANSWERED = 200


class Conflict(Enum):
    """Why a request cannot be answered: what it names was used before for something else."""

    KEY = "the key was used for another request"
    REFERENCE = "the reference was decided with other content"


@dataclass(frozen=True, slots=True)
class Asked:
    """What makes two requests one: whose, the reference, the caller's key, the content's hash.

    `reference_id` is None for a consultation, `key` where none was sent.
    """

    partner: str
    product: str
    reference_id: str | None
    key: str | None
    content_sha256: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """The answer that stands, and whether it is this request's own."""

    answer: bytes
    new: bool


def answer_of(entry: Entry) -> bytes:
    """The answer to a decision, the same bytes whenever it is asked for."""
    return orjson.dumps(entry["decision"])


def answered(connection: Connection, asked: Asked) -> bytes | Conflict | None:
    """What was answered before to this key or reference; None where both are new."""
    before = _remembered(connection, asked)
    if before is not None:
        return before.answer if before.content_sha256 == asked.content_sha256 else Conflict.KEY
    standing = _standing(connection, asked)
    if standing is None:
        return None
    if standing["content_sha256"] != asked.content_sha256:
        return Conflict.REFERENCE
    return answer_of(standing)


def record(
    connection: Connection, *, asked: Asked, entry: Entry, at: datetime
) -> Recorded | Conflict:
    """Write the decision and its answer, unless one stands already: then that one counts.

    On a conflict nothing is written.
    """
    before = answered(connection, asked)
    if isinstance(before, Conflict):
        return before
    if before is None:
        journal.write(connection, entry)
    answer = before or answer_of(entry)
    if asked.key and (before is None or _remembered(connection, asked) is None):
        kept = Remembered(asked.content_sha256, ANSWERED, answer)
        idempotency.remember(connection, kept, partner=asked.partner, key=asked.key, at=at)
    return Recorded(answer, new=before is None)


def _remembered(connection: Connection, asked: Asked) -> Remembered | None:
    if asked.key is None:
        return None
    return idempotency.recall(connection, partner=asked.partner, key=asked.key)


def _standing(connection: Connection, asked: Asked) -> Entry | None:
    if asked.reference_id is None:
        return None
    return journal.read_reference(
        connection,
        partner=asked.partner,
        product=asked.product,
        reference_id=asked.reference_id,
    )
