"""Publishing: what a version's life, its people and its layers let through, in one transaction.

A refusal is a value, and then nothing was written. What a document itself gets wrong (a loosening,
a parent that is nowhere, a stack below that would break) is a TermsError.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from credit.errors import InputError
from credit.ledger.lifecycle import Refused
from credit.policy import powers
from credit.policy.documents import Document, Head
from credit.policy.layers import Loosening
from credit.policy.life import APPROVAL_AWAITED, Event, Standing, State
from credit.policy.powers import Actor, Wanted, parse_actor
from credit.policy.publication import Proof, heads_of
from records import policies, policy_moves
from records.policy_versions import Version, draft_of, history, version_by_hash, version_of
from records.rehearsal import Documents, Rehearsal
from records.transaction import Transaction

NOT_ON_RECORD = "NOT_ON_RECORD"
CHANGED_MEANWHILE = "CHANGED_MEANWHILE"
_ALREADY = {(State.LIVE, Event.PUBLISHED), (State.SHADOW, Event.SHADOWED)}


@dataclass(frozen=True, slots=True)
class Proposed:
    """A version on record as it was proven, and the approval that it awaits."""

    version: Version
    proof: Proof
    wanted: Wanted | None


@dataclass(frozen=True, slots=True)
class Published:
    """A version in its place, and the values it holds to their bounds, its own and below it."""

    version: Version
    bounded: tuple[Loosening, ...]


def documents_at(connection: Connection, at: datetime) -> dict[str, Document]:
    """The documents in force at an instant, by name.

    One that this Vouch cannot read is left out: it decides nothing, and is mended by publishing.
    """
    return dict(Rehearsal().among(connection, at)[0])


def propose(
    transaction: Transaction,
    document: Document,
    *,
    by: Actor,
    rehearsal: Rehearsal,
    note: str = "",
) -> Proposed | Refused:
    """A document on record, checked; as it stands where it was proposed before."""
    among = _among(transaction, rehearsal)
    heads = heads_of(among[0])
    refused = powers.may_propose(by, document.head, heads)
    if refused is not None:
        return refused
    proof = rehearsal.weighed(document, among)
    proof.refuse_loosenings()
    version = policy_moves.propose(transaction, draft_of(document), by=str(by), detail=_said(note))
    if isinstance(version, Refused):
        return version
    needed = _needed(version, proof, heads)
    if version.state is State.DRAFT:
        checked = policy_moves.moved(transaction, version, Event.CHECKED, by=str(by))
        assert isinstance(checked, Version)  # noqa: S101 - every draft may be checked
        version = policy_moves.want(transaction, checked, _kept(needed))
    return Proposed(version, proof, needed)


def publish(
    transaction: Transaction,
    *,
    name: str,
    version: str,
    by: Actor,
    rehearsal: Rehearsal,
    how: Event = Event.PUBLISHED,
    since: datetime | None = None,
    note: str = "",
) -> Published | Refused:
    """A version live, in shadow or scheduled (`how`); or why it may not be.

    Where another went live since it was rehearsed, that is a refusal, so that of two who publish at
    once one hears of the other.
    """
    case = _case(transaction, name, version, rehearsal)
    if isinstance(case, Refused):
        return case
    refused = powers.may_publish(by, case.document.head, case.heads)
    if refused is not None:
        return refused
    if (case.version.state, how) in _ALREADY:
        return Published(case.version, ())
    if since is not None and since <= transaction.now:
        raise InputError(f"--from {since.isoformat()} is past", "name a later time, or none")
    if policies.live_sha256(transaction.connection, name) != rehearsal.over:
        return _changed(name)
    proof = case.proof
    proof.refuse_loosenings()
    needed = _needed(case.version, proof, case.heads)
    moved = policy_moves.moved(
        transaction,
        case.version,
        how,
        by=str(by),
        standing=Standing(awaited=_awaited(transaction.connection, case.version, needed)),
        since=since,
        detail=_said(note),
    )
    return moved if isinstance(moved, Refused) else Published(moved, proof.bounded)


def approve(
    transaction: Transaction,
    *,
    name: str,
    version: str,
    by: Actor,
    rehearsal: Rehearsal,
    unsimulated: str = "",
    note: str = "",
) -> Version | Refused:
    """A version approved by somebody other than its author; or why it is not."""
    case = _case(transaction, name, version, rehearsal)
    if isinstance(case, Refused):
        return case
    case.proof.refuse_loosenings()
    needed = _needed(case.version, case.proof, case.heads)
    refused = powers.may_approve(by, case.author, case.document.head, case.heads, needed)
    if refused is not None:
        return refused
    why = {"unsimulated": unsimulated} if unsimulated else {}
    return policy_moves.moved(
        transaction,
        case.version,
        Event.APPROVED,
        by=str(by),
        standing=Standing(unsimulated=unsimulated),
        detail={**_said(note), **why},
    )


def withdraw(
    transaction: Transaction, *, name: str, version: str, by: Actor, note: str = ""
) -> Version | Refused:
    """A version that will not go live."""
    case = _case(transaction, name, version, Rehearsal())
    if isinstance(case, Refused):
        return case
    refused = powers.may_withdraw(by, case.author, case.document.head, case.heads)
    if refused is not None:
        return refused
    return policy_moves.moved(
        transaction, case.version, Event.WITHDRAWN, by=str(by), detail=_said(note)
    )


def roll_back(
    transaction: Transaction,
    *,
    name: str,
    by: Actor,
    rehearsal: Rehearsal,
    note: str = "",
) -> Published | Refused:
    """The version that was live before is live again, bounded by the layers as they are now."""
    policy_moves.take_places(transaction)
    before = policy_moves.version_before(transaction, name)
    if isinstance(before, Refused):
        return before
    case = _case(transaction, name, before.version, rehearsal)
    assert isinstance(case, _Case)  # noqa: S101 - what was live is on record
    refused = powers.may_publish(by, case.document.head, case.heads)
    if refused is not None:
        return refused
    proof = case.proof
    awaited = _awaited_anew(transaction.connection, case, proof, by)
    if awaited:
        return _only_the_platform(before, awaited)
    moved = policy_moves.moved(transaction, before, Event.RESTORED, by=str(by), detail=_said(note))
    if isinstance(moved, Refused):
        return moved
    return Published(moved, (*proof.loosenings, *proof.bounded))


@dataclass(frozen=True, slots=True)
class _Case:
    """A version, its document, and the documents it stands among: now, and as scheduled."""

    version: Version
    document: Document
    among: tuple[Documents, ...]
    rehearsal: Rehearsal

    @property
    def proof(self) -> Proof:
        return self.rehearsal.weighed(self.document, self.among)

    @property
    def heads(self) -> Mapping[str, Head]:
        return heads_of(self.among[0])

    @property
    def author(self) -> Actor:
        return parse_actor(self.version.author)


def _case(
    transaction: Transaction, name: str, version: str, rehearsal: Rehearsal
) -> _Case | Refused:
    among = _among(transaction, rehearsal)
    found = version_of(transaction.connection, name, version)
    if found is None:
        mend = "vouch policy history lists what is, publish FILE puts it there"
        return Refused(NOT_ON_RECORD, f"{name}@{version} is not on record", mend)
    text = policies.read(transaction.connection, found.sha256)
    assert text is not None  # noqa: S101 - a version's text is kept for good
    return _Case(found, rehearsal.document(text, found.sha256), among, rehearsal)


def _among(transaction: Transaction, rehearsal: Rehearsal) -> tuple[Documents, ...]:
    """The documents that a version stands among, each of which is a version too."""
    policy_moves.take_places(transaction)
    connection = transaction.connection
    among = rehearsal.among(connection, transaction.now)
    for document in among[0].values():
        if version_by_hash(connection, document.sha256) is None:
            policy_moves.adopt(transaction, draft_of(document))
    return among


def _needed(version: Version, proof: Proof, heads: Mapping[str, Head]) -> Wanted | None:
    author = parse_actor(version.author)
    return powers.wanted(author, proof.document.head, heads, proof.awaiting)


def _awaited(connection: Connection, version: Version, needed: Wanted | None) -> tuple[str, ...]:
    """What still awaits approval: nothing once somebody approved who can."""
    if needed is None:
        return ()
    given = [
        parse_actor(one.by)
        for one in history(connection, version.name)
        if one.version == version.version and one.event == Event.APPROVED.value
    ]
    enough = any(one.is_platform or not needed.by_platform for one in given)
    return () if enough else needed.of


def _awaited_anew(connection: Connection, case: _Case, proof: Proof, by: Actor) -> tuple[str, ...]:
    """What a partner may not return to on its own; the platform may always roll back."""
    if by.is_platform:
        return ()
    needed = powers.wanted(by, case.document.head, case.heads, proof.awaiting)
    return _awaited(connection, case.version, needed)


def _kept(needed: Wanted | None) -> dict[str, Any] | None:
    return None if needed is None else {"of": list(needed.of), "by_platform": needed.by_platform}


def _said(note: str) -> dict[str, Any]:
    return {"note": note} if note else {}


def _changed(name: str) -> Refused:
    problem = f"another version of {name} went live meanwhile"
    return Refused(CHANGED_MEANWHILE, problem, "look at it, and publish again")


def _only_the_platform(version: Version, awaited: tuple[str, ...]) -> Refused:
    problem = f"{version.ref} now awaits approval of {', '.join(awaited)}, which it never had"
    return Refused(APPROVAL_AWAITED, problem, "the platform may roll back to it")
