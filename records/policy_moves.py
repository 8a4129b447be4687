"""Moving versions of policies, with who and when in the journal. A version never changes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, update

from credit.ledger.lifecycle import Refused
from credit.policy import life
from credit.policy.life import Event, Standing, State
from records import policies
from records.instants import instant_of, instant_text
from records.policies import LIVE, SCHEDULED, SHADOW
from records.policy_versions import (
    Draft,
    Version,
    live_before,
    version_by_hash,
    version_in,
    version_of,
)
from records.tables import LIVE_POLICIES, POLICY_EVENTS, POLICY_VERSIONS
from records.transaction import Transaction

SLOT_OF = {State.LIVE: LIVE, State.SHADOW: SHADOW, State.SCHEDULED: SCHEDULED}
VERSION_TAKEN = "VERSION_TAKEN"
PLACE_TAKEN = "PLACE_TAKEN"
NOTHING_BEFORE = "NOTHING_BEFORE"


def propose(
    transaction: Transaction, draft: Draft, *, by: str, detail: Mapping[str, Any] | None = None
) -> Version | Refused:
    """A draft on record; one that is there already as it stands. Another text is refused."""
    found = version_of(transaction.connection, draft.name, draft.version)
    if found is None:
        return _begin(transaction, draft, Event.PROPOSED, by=by, detail=detail)
    if found.sha256 == draft.sha256:
        return found
    problem = f"{found.ref} is on record with another text ({found.sha256[:12]})"
    return Refused(VERSION_TAKEN, problem, "versions never change: give it a new version")


def moved(
    transaction: Transaction,
    version: Version,
    event: Event,
    *,
    by: str,
    standing: Standing | None = None,
    since: datetime | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Version | Refused:
    """A version after an event, journalled; or why it may not be, and then nothing was written.

    What goes live supersedes what was. `since`: from when; the transaction's instant where absent.
    """
    to = life.moved(version.ref, version.state, event, standing)
    if isinstance(to, Refused):
        return to
    taken = _place_taken(transaction.connection, version, to)
    if taken is not None:
        return taken
    if to is State.LIVE and version.state is not State.LIVE:
        _step_down(transaction, version.name, by=by, restored=event is Event.RESTORED)
    return _write(transaction, version, event, to, by=by, since=since, detail=detail)


def want(transaction: Transaction, version: Version, wanted: Mapping[str, Any] | None) -> Version:
    """A version with the approval that it needs, as it was last found out."""
    if wanted != version.wanted:
        _update(transaction, version, wanted=orjson.dumps(wanted).decode() if wanted else None)
    return replace(version, wanted=wanted)


def rollback(
    transaction: Transaction, name: str, *, by: str, detail: Mapping[str, Any] | None = None
) -> Version | Refused:
    """The version that was live before the present one is live again."""
    before = version_before(transaction, name)
    if isinstance(before, Refused):
        return before
    return moved(transaction, before, Event.RESTORED, by=by, detail=detail)


def version_before(transaction: Transaction, name: str) -> Version | Refused:
    """The version that was live before the present one."""
    transaction.write_out()
    found = live_before(transaction.connection, name)
    if found is None:
        problem = f"no version of {name} was live before"
        return Refused(NOTHING_BEFORE, problem, "vouch policy history tells what was")
    return found


def take_places(transaction: Transaction) -> int:
    """Move the scheduled versions whose time has come into their place; how many there were."""
    rows = transaction.connection.execute(
        select(LIVE_POLICIES.c.sha256, LIVE_POLICIES.c.put_by, LIVE_POLICIES.c.since).where(
            LIVE_POLICIES.c.slot == SCHEDULED,
            LIVE_POLICIES.c.since <= instant_text(transaction.now),
        )
    ).all()
    for row in rows:
        version = version_by_hash(transaction.connection, row.sha256)
        assert version is not None  # noqa: S101 - only versions are scheduled
        since = instant_of(row.since)
        moved(transaction, version, Event.TOOK_PLACE, by=row.put_by, since=since)
    return len(rows)


def seed_all(transaction: Transaction, drafts: Sequence[Draft], *, by: str) -> int:
    """Put documents in force where the records have none; how many that were."""
    if policies.any_live(transaction.connection):
        return 0
    for draft in drafts:
        _begin(transaction, draft, Event.SEEDED, by=by)
    return len(drafts)


def adopt(transaction: Transaction, draft: Draft) -> Version:
    """Give a version to a text that an earlier Vouch put in force, with who and when it was."""
    row = transaction.connection.execute(
        select(LIVE_POLICIES.c.put_by, LIVE_POLICIES.c.since).where(
            LIVE_POLICIES.c.name == draft.name, LIVE_POLICIES.c.sha256 == draft.sha256
        )
    ).one()
    since = instant_of(row.since)
    return _begin(transaction, draft, Event.SEEDED, by=row.put_by, since=since)


def _begin(
    transaction: Transaction,
    draft: Draft,
    event: Event,
    *,
    by: str,
    since: datetime | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Version:
    policies.keep(transaction, draft.text, name=draft.name, by=by)
    to = life.moved(f"{draft.name}@{draft.version}", None, event)
    assert isinstance(to, State)  # noqa: S101 - everything begins somewhere
    row = {
        "name": draft.name,
        "version": draft.version,
        "sha256": draft.sha256,
        "layer": draft.layer,
        "parent": draft.parent,
        "author": by,
        "state": to.value,
        "proposed_at": instant_text(transaction.at),
        "wanted": None,
    }
    transaction.connection.execute(insert(POLICY_VERSIONS), row)
    return _write(transaction, version_in(row), event, to, by=by, since=since, detail=detail)


def _place_taken(connection: Connection, version: Version, to: State) -> Refused | None:
    """One version of a name is in shadow, and one scheduled."""
    if to not in {State.SHADOW, State.SCHEDULED} or to is version.state:
        return None
    query = select(LIVE_POLICIES.c.sha256).where(
        LIVE_POLICIES.c.name == version.name, LIVE_POLICIES.c.slot == SLOT_OF[to]
    )
    sha256 = connection.execute(query).scalar_one_or_none()
    other = version_by_hash(connection, sha256) if sha256 else None
    if other is None:
        return None
    return Refused(
        PLACE_TAKEN, f"{other.ref} is {to.value} already", f"vouch policy withdraw {other.ref}"
    )


def _step_down(transaction: Transaction, name: str, *, by: str, restored: bool) -> None:
    """What was live makes room."""
    sha256 = policies.live_sha256(transaction.connection, name)
    was = version_by_hash(transaction.connection, sha256) if sha256 else None
    if was is not None:
        event = Event.ROLLED_BACK if restored else Event.SUPERSEDED
        _write(transaction, was, event, State.SUPERSEDED, by=by)


def _write(
    transaction: Transaction,
    version: Version,
    event: Event,
    to: State,
    *,
    by: str,
    since: datetime | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Version:
    connection, after = transaction.connection, replace(version, state=to)
    if version.state in SLOT_OF:
        policies.leave(connection, name=version.name, slot=SLOT_OF[version.state])
    if to in SLOT_OF:
        since = since or transaction.at
        detail = {**(detail or {}), "since": instant_text(since)}
        slot, sha256 = SLOT_OF[to], version.sha256
        policies.enter(connection, name=version.name, slot=slot, sha256=sha256, by=by, since=since)
    _update(transaction, version, state=to.value)
    _journal(transaction, after, event, by=by, detail=detail)
    return after


def _update(transaction: Transaction, version: Version, **columns: str | None) -> None:
    transaction.connection.execute(
        update(POLICY_VERSIONS)
        .where(POLICY_VERSIONS.c.name == version.name, POLICY_VERSIONS.c.version == version.version)
        .values(columns)
    )


def _journal(
    transaction: Transaction,
    version: Version,
    event: Event,
    *,
    by: str,
    detail: Mapping[str, Any] | None,
) -> None:
    row = {
        "name": version.name,
        "version": version.version,
        "sha256": version.sha256,
        "event": event.value,
        "done_by": by,
        "at": instant_text(transaction.at),
        "detail": orjson.dumps(detail).decode() if detail else None,
    }
    told = orjson.dumps({**row, "detail": detail or {}, "state": version.state.value})
    transaction.journal(
        POLICY_EVENTS, row, topic=f"policy.{event.value}", partner=version.partner, told=told
    )
