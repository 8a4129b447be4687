"""Putting a decision on record: once for a key, once for an order, with what it takes of a line."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection

from records import claims, holds, idempotency, journal, loans, subjects
from records.claims import Claim, Claimant, NoRoom
from records.idempotency import ANSWERED, BY_KEY, Conflict, Remembered
from records.journal import BY_ORDER, Entry
from records.loans import Reservation
from records.lookups import Findings, Lookup, Name
from records.pseudonyms import KIND_OF, content_tag
from records.subjects import BY_NAME, Subject
from records.transaction import Transaction

__all__ = [
    "Asked",
    "Claim",
    "Conflict",
    "NoRoom",
    "Recorded",
    "Recording",
    "answer_of",
    "answered",
    "record",
    "record_all",
]


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


@dataclass(frozen=True, slots=True)
class Recorded:
    """The answer that stands, and whether it is this request's own."""

    answer: bytes
    new: bool


Answer = Recorded | Conflict | NoRoom


def answer_of(entry: Entry) -> bytes:
    """The answer to a decision, the same bytes whenever it is asked for.

    A waived deposit is answered with its hold as it was opened.
    """
    if entry["order_no"] is None or "credit_minor" not in entry["decision"]:
        return orjson.dumps(entry["decision"])
    return orjson.dumps({**entry["decision"], "hold": entry["hold"]})


def answered(connection: Connection, asked: Asked) -> bytes | Conflict | None:
    """What was answered before to this key or order; None where both are new."""
    return _answered(Findings(connection), asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """`record` as a work of a group, whose recordings are made together."""

    asked: Asked
    entry: Entry
    claim: Claim | None

    def __call__(self, transaction: Transaction) -> Answer:
        """What `record` answers."""
        [told] = record_all(transaction, [self])
        return told

    @staticmethod
    def together(transaction: Transaction, works: Sequence["Recording"]) -> list[Answer]:
        """The same for many, in order."""
        return record_all(transaction, works)

    @property
    def names(self) -> Iterator[tuple[Lookup[Any], Name]]:
        """What it is looked up by: key and order, where it has them."""
        asked = self.asked
        if asked.key is not None:
            yield BY_KEY, (asked.partner, asked.key)
        if asked.order_no is not None:
            yield BY_ORDER, (asked.partner, asked.product, asked.order_no)

    @property
    def subject(self) -> tuple[str, str]:
        """Whom it is about: kind and name."""
        return KIND_OF[self.asked.product], self.asked.entity_id


def record(transaction: Transaction, *, asked: Asked, entry: Entry, claim: Claim | None) -> Answer:
    """Write the decision, its claim and its answer, unless one stands already: then that counts.

    On a conflict, or without room for the claim, nothing is written.
    """
    return Recording(asked=asked, entry=entry, claim=claim)(transaction)


def record_all(transaction: Transaction, recordings: Sequence[Recording]) -> list[Answer]:
    """What `record` answers to each, in order, with a few statements for all."""
    _look_up(transaction.findings, recordings)
    return [told for run in _runs(recordings) for told in _record_run(transaction, run)]


def _look_up(findings: Findings, recordings: Sequence[Recording]) -> None:
    names: defaultdict[Lookup[Any], list[Name]] = defaultdict(list)
    for recording in recordings:
        for lookup, name in recording.names:
            names[lookup].append(name)
    for lookup, these in names.items():
        findings.look_up(lookup, these)


def _runs(recordings: Sequence[Recording]) -> Iterator[list[Recording]]:
    """Neighbours of which no two share a key or an order; the next run sees what they came to."""
    run: list[Recording] = []
    seen: set[tuple[Lookup[Any], Name]] = set()
    for recording in recordings:
        names = set(recording.names)
        if not seen.isdisjoint(names):
            yield run
            run, seen = [], set()
        run.append(recording)
        seen |= names
    yield run


def _record_run(transaction: Transaction, recordings: Sequence[Recording]) -> list[Answer]:
    before = [_answered(transaction.findings, recording.asked) for recording in recordings]
    both = list(zip(recordings, before, strict=True))
    written = iter(_write(transaction, [recording for recording, one in both if one is None]))
    return [
        next(written) if one is None else _again(transaction, recording.asked, one)
        for recording, one in both
    ]


def _again(transaction: Transaction, asked: Asked, before: bytes | Conflict) -> Recorded | Conflict:
    if isinstance(before, Conflict):
        return before
    if asked.key and _remembered(transaction.findings, asked) is None:
        _remember(transaction, asked, before)
    return Recorded(before, new=False)


def _answered(findings: Findings, asked: Asked) -> bytes | Conflict | None:
    before = _remembered(findings, asked)
    if before is not None:
        return before.answer if _is_same(findings, asked, before.content_sha256) else Conflict.KEY
    if asked.order_no is None:
        return None
    standing = findings.get(BY_ORDER, (asked.partner, asked.product, asked.order_no))
    if standing is None:
        return None
    entry, tag = standing
    return answer_of(entry) if _is_same(findings, asked, tag) else Conflict.REFERENCE


def _write(transaction: Transaction, recordings: Sequence[Recording]) -> list[Recorded | NoRoom]:
    """Decisions that nobody has made yet: who has no room for its claim is not written."""
    met = subjects.admitted_all(transaction, [recording.subject for recording in recordings])
    asking = [
        _claimant(recording, subject) for recording, subject in zip(recordings, met, strict=True)
    ]
    taken = iter(claims.take_all(transaction, [one for one in asking if one]))
    return [
        claims.no_room(transaction.connection, claimant)
        if claimant and not next(taken)
        else _write_one(transaction, recording, subject)
        for recording, subject, claimant in zip(recordings, met, asking, strict=True)
    ]


def _claimant(recording: Recording, subject: Subject) -> Claimant | None:
    claim, partner = recording.claim, recording.asked.partner
    return Claimant(claim=claim, partner=partner, token=subject.token) if claim else None


def _write_one(transaction: Transaction, recording: Recording, subject: Subject) -> Recorded:
    asked, entry = recording.asked, recording.entry
    if recording.claim:
        entry = _claimed(transaction, entry, recording.claim, asked.partner, subject.token)
    journal.write(transaction, entry, subject=subject, content_sha256=asked.content_sha256)
    answer = answer_of(entry)
    _remember(transaction, asked, answer)
    return Recorded(answer, new=True)


def _claimed(
    transaction: Transaction, entry: Entry, claim: Claim, partner: str, token: str
) -> Entry:
    if isinstance(claim.takes, Reservation):
        loans.reserved(transaction, claim.takes, partner=partner, token=token)
        return entry
    hold = holds.opened(transaction, claim.takes, partner=partner, token=token)
    return {**entry, "hold": hold}


def _remembered(findings: Findings, asked: Asked) -> Remembered | None:
    return None if asked.key is None else findings.get(BY_KEY, (asked.partner, asked.key))


def _remember(transaction: Transaction, asked: Asked, answer: bytes) -> None:
    """Keep the answer by its subject's tag: a plain hash of a name could be guessed for ever."""
    subject = _subject(transaction.findings, asked)
    if asked.key and subject:
        kept = Remembered(content_tag(subject.key, asked.content_sha256), ANSWERED, answer)
        idempotency.remember(transaction, kept, partner=asked.partner, key=asked.key)


def _subject(findings: Findings, asked: Asked) -> Subject | None:
    return findings.get(BY_NAME, (KIND_OF[asked.product], asked.entity_id))


def _is_same(findings: Findings, asked: Asked, tag: str) -> bool:
    """Whether it was answered for this subject, to this very content.

    An earlier Vouch kept the plain hash.
    """
    subject = _subject(findings, asked)
    known = subject is not None and content_tag(subject.key, asked.content_sha256) == tag
    return known or asked.content_sha256 == tag
