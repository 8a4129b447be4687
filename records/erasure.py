"""Erasure: a name forgotten on request, down to the bytes on the disk."""

from dataclasses import dataclass

from credit.errors import InputError
from records import idempotency, lines, subjects
from records.store import Records, Transaction, passing_errors


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done: how many remembered answers went with the name."""

    answers: int


def erase(records: Records, *, partner: str, kind: str, entity_id: str) -> Erased | None:
    """Forget a merchant's or consumer's name; None where it is not known (any more).

    Its key goes with it, and every remembered answer that holds it: a retry of such a request is
    judged as a new one. Then the database is written anew where the name stood, so that no free
    page and no log of its own still holds it. Backups, and what lies outside the records
    (feature values, data directories), are not touched.

    InputError while anything is open under the line: the same name would come back owing nothing.
    """
    with records.writing() as transaction:
        _refuse_open(transaction, kind, entity_id)
        known = subjects.erase(transaction, partner=partner, kind=kind, entity_id=entity_id)
        answers = idempotency.forget_naming(transaction, entity_id) if known else 0
    # Also where it was forgotten before: the writing anew may have been cut short then.
    with passing_errors(records.database):
        records.database.scrub("subjects", *(["idempotency"] if answers else []))
    return Erased(answers) if known else None


def _refuse_open(transaction: Transaction, kind: str, entity_id: str) -> None:
    [line] = lines.read(transaction.connection, kind=kind, entity_ids=[entity_id])
    if line.used_minor:
        raise InputError(
            f"{kind} {entity_id} has {line.used_minor} minor units open under the line",
            "end the holds and loans first, and settle what was captured",
        )
