"""Policies in force, and the texts of all that ever were: readable by their hash for good."""

import hashlib
from datetime import datetime
from typing import Any, NamedTuple, overload

from sqlalchemy import Connection, delete, func, insert, or_, select

from records.instants import instant_of, instant_text
from records.tables import LIVE_POLICIES, POLICIES, POLICY_EVENTS
from records.transaction import Transaction

PLATFORM = "platform"
LIVE, SHADOW, SCHEDULED = "live", "shadow", "scheduled"


class Placed(NamedTuple):
    """A text in one of a name's places, and since (or from) when."""

    text: str
    sha256: str
    since: datetime


@overload
def live(connection: Connection) -> tuple[str, str] | None: ...
@overload
def live(connection: Connection, at: datetime) -> dict[str, Placed]: ...
def live(
    connection: Connection, at: datetime | None = None
) -> dict[str, Placed] | tuple[str, str] | None:
    """The policies in force at an instant, by name; scheduled ones whose time has come are."""
    if at is None:
        found = _placed(connection, LIVE_POLICIES.c.slot == LIVE).get(PLATFORM)
        return None if found is None else (found.text, found.sha256)
    due = (LIVE_POLICIES.c.slot == SCHEDULED) & (LIVE_POLICIES.c.since <= instant_text(at))
    return _placed(connection, or_(LIVE_POLICIES.c.slot == LIVE, due))


def shadows(connection: Connection) -> dict[str, Placed]:
    """The policies that decide beside the live ones, by name."""
    return _placed(connection, LIVE_POLICIES.c.slot == SHADOW)


def scheduled(connection: Connection) -> dict[str, Placed]:
    """The policies that go live at their `since`, by name."""
    return _placed(connection, LIVE_POLICIES.c.slot == SCHEDULED)


def any_live(connection: Connection) -> bool:
    """Whether anything was ever put in force."""
    return connection.execute(select(LIVE_POLICIES.c.name).limit(1)).first() is not None


def _placed(connection: Connection, where: Any) -> dict[str, Placed]:
    rows = connection.execute(
        select(LIVE_POLICIES.c.name, POLICIES.c.text, POLICIES.c.sha256, LIVE_POLICIES.c.since)
        .join(LIVE_POLICIES, LIVE_POLICIES.c.sha256 == POLICIES.c.sha256)
        .where(where)
        .order_by(LIVE_POLICIES.c.name, LIVE_POLICIES.c.slot)  # what is due comes after live
    )
    return {row.name: Placed(row.text, row.sha256, instant_of(row.since)) for row in rows}


def stamp(connection: Connection) -> int:
    """The seq of the newest event of policies and switches: cheap to ask often."""
    return connection.execute(select(func.max(POLICY_EVENTS.c.seq))).scalar() or 0


def next_at(connection: Connection) -> datetime | None:
    """When the next scheduled policy goes live: no event tells of that instant."""
    query = select(func.min(LIVE_POLICIES.c.since)).where(LIVE_POLICIES.c.slot == SCHEDULED)
    found = connection.execute(query).scalar()
    return None if found is None else instant_of(found)


def live_sha256(connection: Connection, name: str = PLATFORM) -> str | None:
    """The hash alone of the policy in force: cheap to ask often."""
    return connection.execute(
        select(LIVE_POLICIES.c.sha256).where(
            LIVE_POLICIES.c.name == name, LIVE_POLICIES.c.slot == LIVE
        )
    ).scalar_one_or_none()


def read(connection: Connection, sha256: str) -> str | None:
    """The text of a policy that is or was on record."""
    return connection.execute(
        select(POLICIES.c.text).where(POLICIES.c.sha256 == sha256)
    ).scalar_one_or_none()


def keep(transaction: Transaction, text: str, *, name: str, by: str) -> str:
    """Keep a text for good, as the text of a whole stack; gives the hash that finds it again."""
    return _keep(transaction.connection, text, name=name, by=by, at=transaction.at)


def _keep(connection: Connection, text: str, *, name: str, by: str, at: datetime) -> str:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if read(connection, sha256) is None:
        row = {"sha256": sha256, "name": name, "text": text, "recorded_by": by}
        connection.execute(insert(POLICIES), row | {"recorded_at": instant_text(at)})
    return sha256


def enter(
    connection: Connection, *, name: str, slot: str, sha256: str, by: str, since: datetime
) -> None:
    """Put a text in one of a name's places, instead of what was there."""
    leave(connection, name=name, slot=slot)
    row = {"name": name, "slot": slot, "sha256": sha256, "put_by": by}
    connection.execute(insert(LIVE_POLICIES), row | {"since": instant_text(since)})


def leave(connection: Connection, *, name: str, slot: str) -> None:
    """Clear one of a name's places."""
    connection.execute(
        delete(LIVE_POLICIES).where(LIVE_POLICIES.c.name == name, LIVE_POLICIES.c.slot == slot)
    )


def seed(
    connection: Connection, text: str, *, by: str, at: datetime, name: str = PLATFORM
) -> tuple[str, str]:
    """The policy in force, which is `text` only where the records had none."""
    found = live(connection)
    if found is not None:
        return found
    sha256 = _keep(connection, text, name=name, by=by, at=at)
    enter(connection, name=name, slot=LIVE, sha256=sha256, by=by, since=at)
    return text, sha256
