"""Policies on record: every text that ever was live stays readable by its hash."""

import hashlib
from datetime import datetime

from sqlalchemy import Connection, insert, select

from records.instants import instant_text
from records.tables import LIVE_POLICIES, POLICIES

PLATFORM = "platform"
LIVE = "live"  # a slot; shadow and scheduled are others


def live(connection: Connection, name: str = PLATFORM) -> tuple[str, str] | None:
    """The policy in force as (text, sha256); None where none was ever recorded."""
    row = connection.execute(
        select(POLICIES.c.text, POLICIES.c.sha256)
        .join(LIVE_POLICIES, LIVE_POLICIES.c.sha256 == POLICIES.c.sha256)
        .where(LIVE_POLICIES.c.name == name, LIVE_POLICIES.c.slot == LIVE)
    ).one_or_none()
    return None if row is None else (row.text, row.sha256)


def live_sha256(connection: Connection, name: str = PLATFORM) -> str | None:
    """The hash alone of the policy in force: cheap to ask often."""
    return connection.execute(
        select(LIVE_POLICIES.c.sha256).where(
            LIVE_POLICIES.c.name == name, LIVE_POLICIES.c.slot == LIVE
        )
    ).scalar_one_or_none()


def read(connection: Connection, sha256: str) -> str | None:
    """The text of a policy that is or was in force."""
    return connection.execute(
        select(POLICIES.c.text).where(POLICIES.c.sha256 == sha256)
    ).scalar_one_or_none()


def seed(
    connection: Connection, text: str, *, by: str, at: datetime, name: str = PLATFORM
) -> tuple[str, str]:
    """The policy in force, which is `text` only where the records had none."""
    found = live(connection, name)
    if found is not None:
        return found
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if read(connection, sha256) is None:
        row = {"sha256": sha256, "name": name, "text": text, "recorded_by": by}
        connection.execute(insert(POLICIES), row | {"recorded_at": instant_text(at)})
    pointer = {"name": name, "slot": LIVE, "sha256": sha256, "put_by": by}
    connection.execute(insert(LIVE_POLICIES), pointer | {"since": instant_text(at)})
    return text, sha256
