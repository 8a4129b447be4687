"""Policies and switches: texts that are what their hash says, and all where the events lead."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, select

from credit.ledger.lifecycle import Refused
from credit.policy import life
from credit.policy.life import Event, Standing, State
from records.policies import LIVE
from records.policy_moves import SLOT_OF
from records.store import Records
from records.switches import STOPPED
from records.tables import LIVE_POLICIES, POLICIES, POLICY_EVENTS, POLICY_VERSIONS, SWITCHES
from records.verification.report import Tally
from records.verification.snapshots import snapshot

Row = Any
Name = tuple[Any, ...]
Events = Mapping[Name, Sequence[Row]]
# What was recorded was let through then: why nobody simulated it does not count any more.
_LET_THROUGH = Standing(unsimulated="as recorded")
_BROKEN = (ValueError, LookupError, TypeError)  # what reading a row that was tampered with raises


def check_policies(records: Records, told: Tally) -> None:
    """Texts, versions, places and switches, on one state of the records."""
    with snapshot(records) as connection:
        _check_texts(connection, told)
        of_versions, of_switches = _events(connection)
        places = _check_versions(connection, told, of_versions)
        _check_places(connection, told, places, of_versions)
        _check_switches(connection, told, of_switches)


def _check_texts(connection: Connection, told: Tally) -> None:
    for row in connection.execute(select(POLICIES.c.sha256, POLICIES.c.text)):
        told.saw("policy texts", 1)
        found = hashlib.sha256(str(row.text).encode()).hexdigest()
        told.expect(f"policy text {row.sha256}", sha256=(found, row.sha256))


def _events(connection: Connection) -> tuple[Events, Events]:
    """The events of each version by its name, and of each switch by what it stops."""
    of_versions = defaultdict[Name, list[Row]](list)
    of_switches = defaultdict[Name, list[Row]](list)
    for row in connection.execute(select(POLICY_EVENTS).order_by(POLICY_EVENTS.c.seq)):
        if row.sha256:
            of_versions[row.name, row.version].append(row)
        else:
            of_switches[_stops(row)].append(row)
    return of_versions, of_switches


def _stops(event: Row) -> Name:
    detail = _detail(event)
    return tuple(detail.get(part) for part in ("product", "partner", "scene"))


def _check_versions(connection: Connection, told: Tally, of_versions: Events) -> dict[Name, Row]:
    """Each version against its events; gives the event that put it where it is, by the place."""
    kept = {(row.name, row.version): row for row in connection.execute(select(POLICY_VERSIONS))}
    told.saw("versions", len(kept))
    places: dict[Name, Row] = {}
    for name in sorted({*kept, *of_versions}, key=str):
        where = "policy {}@{}".format(*name)
        row, done = kept.get(name), of_versions.get(name, ())
        if row is None or not done:
            told.fault(f"{where}: {'has no version' if done else 'no event tells of it'}")
            continue
        state = _lived(told, where, done)
        told.expect(
            where,
            state=(row.state, state.value if state else None),
            sha256=(row.sha256, done[0].sha256),
            author=(row.author, done[0].done_by),
            proposed_at=(row.proposed_at, done[0].at),
        )
        if state in SLOT_OF:
            places[row.name, SLOT_OF[state]] = done[-1]
    return places


def _lived(told: Tally, where: str, done: Sequence[Row]) -> State | None:
    """Where the events lead."""
    state: State | None = None
    for one in done:
        try:
            after = life.moved(where, state, Event(one.event), _LET_THROUGH)
        except ValueError:
            told.fault(f"{where}: {one.event!r} at seq {one.seq} is no event of a policy")
            continue
        if isinstance(after, Refused):
            told.fault(f"{where}: {one.event} at seq {one.seq}: {after.problem}")
            continue
        state = after
    return state


def _check_places(
    connection: Connection, told: Tally, places: Mapping[Name, Row], of_versions: Events
) -> None:
    """What is live, in shadow and scheduled is what was put there."""
    kept = {(row.name, row.slot): row for row in connection.execute(select(LIVE_POLICIES))}
    told.saw("places", len(kept))
    known = {name for name, _ in of_versions}
    for place in sorted({*kept, *places}, key=str):
        where = "policy {}, {}".format(*place)
        row, put = kept.get(place), places.get(place)
        if row is None:
            told.fault(f"{where}: nothing is there, should be {put and put.version}")
        elif put is not None:
            told.expect(
                where,
                sha256=(row.sha256, put.sha256),
                since=(row.since, _detail(put).get("since")),
                put_by=(row.put_by, put.done_by),
            )
        elif row.name in known or row.slot != LIVE:  # an earlier Vouch noted no event of it
            told.fault(f"{where}: no event put {row.sha256} there")


def _check_switches(connection: Connection, told: Tally, of_switches: Events) -> None:
    """Every switch stands as it was thrown, or let go, last."""
    rows = connection.execute(select(SWITCHES))
    kept = {(row.product, row.partner, row.scene): row for row in rows}
    told.saw("switches", len(kept))
    for name in sorted({*kept, *of_switches}, key=str):
        where = "switch of {}".format(" ".join(str(part) for part in name if part) or "everything")
        row, done = kept.get(name), of_switches.get(name)
        if row is None or not done:
            told.fault(f"{where}: {'is not there' if done else 'no event tells of it'}")
            continue
        last = done[-1]
        told.expect(
            where,
            stopped=(row.stopped, int(last.event == STOPPED)),
            reason=(row.reason, _detail(last).get("reason")),
            done_by=(row.done_by, last.done_by),
            at=(row.at, last.at),
        )


def _detail(event: Row) -> Mapping[str, Any]:
    try:
        return dict(orjson.loads(event.detail)) if event.detail else {}
    except _BROKEN:
        return {}  # the chain's check tells of an event that is not what was written
