"""Erasure: a name forgotten on request, down to the bytes on the disk."""

from credit.errors import InputError
from records import lines, subjects
from records.expiry import expire_due
from records.store import Records, Transaction, passing_errors


def erase(records: Records, *, partner: str, kind: str, entity_id: str) -> bool:
    """Forget a merchant's or consumer's name; False where it is not known (any more).

    Its key goes with it: nothing that was kept of the name can be guessed again. Then the database
    is written anew where the name stood, so that no free page and no log of its own still holds
    it. Backups, what lies outside the records (feature values, data directories), and what partners
    and reviewers wrote in words of their own are not touched.

    InputError while anything is open under the line: the same name would come back owing nothing.
    The line's limit goes with the name.
    """
    with records.writing() as transaction:
        while expire_due(transaction):  # what is over is not open, also where no service looks
            continue
        _refuse_open(transaction, kind, entity_id)
        known = subjects.erase(transaction, partner=partner, kind=kind, entity_id=entity_id)
    # Also where it was forgotten before: the writing anew may have been cut short then.
    with passing_errors(records.database):
        records.database.scrub("subjects")
    return known


def _refuse_open(transaction: Transaction, kind: str, entity_id: str) -> None:
    [line] = lines.read(transaction.connection, kind=kind, entity_ids=[entity_id])
    if line.used_minor:
        raise InputError(
            f"{kind} {entity_id} has {line.used_minor} minor units open under the line",
            "end the holds and loans first, and settle what was captured",
        )
