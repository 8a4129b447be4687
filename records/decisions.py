"""Putting a decision on record: once for a key, once for an order, with what it takes of a line."""

from dataclasses import dataclass

import orjson
from sqlalchemy import Connection

from credit.ledger.exposure import Line
from records import holds, idempotency, journal, lines, loans, subjects
from records.holds import Opening
from records.idempotency import ANSWERED, Conflict, Remembered
from records.journal import Entry
from records.loans import Reservation
from records.pseudonyms import KIND_OF, content_tag
from records.transaction import Transaction

__all__ = ["Asked", "Claim", "Conflict", "NoRoom", "Recorded", "answer_of", "answered", "record"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What makes two requests one: whose, about whom, the order, the key, the content's hash.

    `order_no` is None for a consultation, `key` where none was sent.
    """

    partner: str
    product: str
    entity_id: str
    order_no: str | None
    key: str | None
    content_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a decision takes of its subject's line, and the most that may be open under it."""

    takes: Opening | Reservation
    ceiling_minor: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """The answer that stands, and whether it is this request's own."""

    answer: bytes
    new: bool


@dataclass(frozen=True, slots=True)
class NoRoom:
    """The line had no room left for the claim; nothing was written. How it stands now."""

    line: Line


def answer_of(entry: Entry) -> bytes:
    """The answer to a decision, the same bytes whenever it is asked for.

    A waived deposit is answered with its hold as it was opened.
    """
    if entry["order_no"] is None or "credit_minor" not in entry["decision"]:
        return orjson.dumps(entry["decision"])
    return orjson.dumps({**entry["decision"], "hold": entry["hold"]})


def answered(connection: Connection, asked: Asked) -> bytes | Conflict | None:
    """What was answered before to this key or order; None where both are new."""
    before = _remembered(connection, asked)
    if before is not None:
        return before.answer if before.content_sha256 == asked.content_sha256 else Conflict.KEY
    if asked.order_no is None:
        return None
    standing = journal.read_order(
        connection, partner=asked.partner, product=asked.product, order_no=asked.order_no
    )
    if standing is None:
        return None
    entry, tag = standing
    return answer_of(entry) if _is_same(connection, asked, tag) else Conflict.REFERENCE


def record(
    transaction: Transaction, *, asked: Asked, entry: Entry, claim: Claim | None
) -> Recorded | Conflict | NoRoom:
    """Write the decision, its claim and its answer, unless one stands already: then that counts.

    On a conflict, or without room for the claim, nothing is written.
    """
    before = answered(transaction.connection, asked)
    if isinstance(before, Conflict):
        return before
    if before is None:
        written = _write(transaction, asked, entry, claim)
        if isinstance(written, NoRoom):
            return written
        _remember(transaction, asked, written)
        return Recorded(written, new=True)
    if asked.key and _remembered(transaction.connection, asked) is None:
        _remember(transaction, asked, before)
    return Recorded(before, new=False)


def _write(
    transaction: Transaction, asked: Asked, entry: Entry, claim: Claim | None
) -> bytes | NoRoom:
    kind = KIND_OF[asked.product]
    subject = subjects.admitted(transaction, kind=kind, entity_id=asked.entity_id)
    if claim and not lines.take(
        transaction,
        subject.token,
        amount_minor=claim.takes.amount_minor,
        ceiling_minor=claim.ceiling_minor,
    ):
        return NoRoom(lines.of_token(transaction.connection, subject.token))
    if claim:
        entry = _claimed(transaction, entry, claim, asked.partner, subject.token)
    journal.write(transaction, entry, subject=subject, content_sha256=asked.content_sha256)
    return answer_of(entry)


def _claimed(
    transaction: Transaction, entry: Entry, claim: Claim, partner: str, token: str
) -> Entry:
    if isinstance(claim.takes, Reservation):
        loans.reserved(transaction, claim.takes, partner=partner, token=token)
        return entry
    hold = holds.opened(transaction, claim.takes, partner=partner, token=token)
    return {**entry, "hold": hold}


def _remembered(connection: Connection, asked: Asked) -> Remembered | None:
    if asked.key is None:
        return None
    return idempotency.recall(connection, partner=asked.partner, key=asked.key)


def _remember(transaction: Transaction, asked: Asked, answer: bytes) -> None:
    if asked.key:
        kept = Remembered(asked.content_sha256, ANSWERED, answer)
        idempotency.remember(transaction, kept, partner=asked.partner, key=asked.key)


def _is_same(connection: Connection, asked: Asked, tag: str) -> bool:
    """Whether an order was decided for this subject with this very content."""
    kind = KIND_OF[asked.product]
    subject = subjects.known(connection, kind=kind, entity_id=asked.entity_id)
    return subject is not None and content_tag(subject.key, asked.content_sha256) == tag
