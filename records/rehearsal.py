"""A publication rehearsed: what takes long is read and proven before the writers' lock is taken."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection

from credit.policy.documents import Document, read_document
from credit.policy.publication import Proof, weighed
from credit.policy.reading import TermsError
from records import policies
from records.policies import Placed
from records.policy_versions import live_before, version_of
from records.store import Records

Documents = Mapping[str, Document]
_Key = tuple[str, tuple[frozenset[str], ...]]


class Rehearsal:
    """Documents read and proofs made, each once: found again by their content, whoever asks.

    With many partners below, a proof takes longer than decisions may wait for the lock. Where
    nothing changed since the rehearsal, the publication itself only looks its proof up.
    """

    def __init__(self, over: str | None = None) -> None:
        self.over = over
        self._documents: dict[str, Document] = {}
        self._proofs: dict[_Key, Proof] = {}

    def among(self, connection: Connection, at: datetime) -> tuple[Documents, ...]:
        """The documents in force, and those that will be once what is scheduled has come."""
        now = self._readable(policies.live(connection, at))
        coming = self._readable(policies.scheduled(connection))
        return (now, {**now, **coming}) if coming else (now,)

    def read(self, placed: Placed) -> Document:
        """A text on record as a document."""
        return self.document(placed.text, placed.sha256)

    def document(self, text: str, sha256: str) -> Document:
        """The same, by its hash."""
        if sha256 not in self._documents:
            self._documents[sha256] = read_document(text)
        return self._documents[sha256]

    def weighed(self, document: Document, among: Sequence[Documents]) -> Proof:
        """The document held against its layers, as `credit.policy.publication.weighed` does it."""
        stood = tuple(frozenset(one.sha256 for one in each.values()) for each in among)
        key = document.sha256, stood
        if key not in self._proofs:
            self._proofs[key] = weighed(document, among)
        return self._proofs[key]

    def _readable(self, placed: Mapping[str, Placed]) -> dict[str, Document]:
        found = {}
        for name, one in placed.items():
            with suppress(TermsError):
                found[name] = self.read(one)
        return found


def rehearsed(records: Records, document: Document) -> Rehearsal:
    """A document weighed among what is in force. What is wrong with it is told when it counts."""
    with records.reading() as connection:
        rehearsal = Rehearsal(policies.live_sha256(connection, document.head.name))
        among = rehearsal.among(connection, records.now(connection))
    with suppress(TermsError):
        rehearsal.weighed(document, among)
    return rehearsal


def rehearsed_version(records: Records, name: str, version: str) -> Rehearsal:
    """The same of a version on record."""
    with records.reading() as connection:
        found = version_of(connection, name, version)
        text = policies.read(connection, found.sha256) if found else None
        over = policies.live_sha256(connection, name)
    return rehearsed(records, read_document(text)) if text else Rehearsal(over)


def rehearsed_rollback(records: Records, name: str) -> Rehearsal:
    """The same of the version that was live before."""
    with records.reading() as connection:
        before = live_before(connection, name)
    return rehearsed_version(records, name, before.version) if before else Rehearsal()
