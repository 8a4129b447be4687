"""Erasure: a name forgotten on request, down to the bytes on the disk."""

from credit.errors import InputError
from records import inbox, lines, subjects
from records.expiry import expire_due
from records.store import Records, Transaction, passing_errors


def erase(records: Records, *, partner: str, kind: str, entity_id: str) -> bool:
    """Forget a merchant's or consumer's name; False where it is not known (any more).

    Its key goes with it: nothing that was kept of the name can be guessed again. Then the database
    is written anew where the name stood, so that no free page and no log of its own still holds
    it. Rows of the inbox that name it go whole. Backups, what lies outside the records (feature
    values, data directories, the inbox's parts), and what partners and reviewers wrote in words of
    their own are not touched.

    InputError while anything is open under the line: the same name would come back owing nothing;
    or while rows that name it are in no part yet, and would be lost. The line's limit goes with the
    name.
    """
    with records.writing() as transaction:
        while expire_due(transaction):  # what is over is not open, also where no service looks
            continue
        _refuse_open(transaction, kind, entity_id)
        _refuse_waiting(transaction, kind, entity_id)
        if inbox.erase(transaction, kind=kind, entity_id=entity_id):  # it goes in no silence either
            subjects.admitted(transaction, kind=kind, entity_id=entity_id)
        known = subjects.erase(transaction, partner=partner, kind=kind, entity_id=entity_id)
    # Also where it was forgotten before: the writing anew may have been cut short then.
    with passing_errors(records.database):
        records.database.scrub("subjects", "inbox")
    return known


def _refuse_open(transaction: Transaction, kind: str, entity_id: str) -> None:
    [line] = lines.read(transaction.connection, kind=kind, entity_ids=[entity_id])
    if line.used_minor:
        raise InputError(
            f"{kind} {entity_id} has {line.used_minor} minor units open under the line",
            "end the holds and loans first, and settle what was captured",
        )


def _refuse_waiting(transaction: Transaction, kind: str, entity_id: str) -> None:
    waiting = inbox.waiting_for_export(transaction.connection, kind=kind, entity_id=entity_id)
    if waiting:
        raise InputError(
            f"{waiting} rows that name {kind} {entity_id} are in no part of the inbox yet",
            "run vouch features build, which exports them, then say it again",
        )
