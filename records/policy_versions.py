"""Versions of policies on record: where each stands, and all that happened to it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, select

from credit.policy import life
from credit.policy.documents import PARTNER, PLATFORM, SCENE, Document
from credit.policy.life import Event, State
from records.instants import instant_of
from records.tables import POLICY_EVENTS, POLICY_VERSIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document as it is proposed."""

    name: str
    version: str
    layer: str
    parent: str | None
    text: str

    @property
    def sha256(self) -> str:
        """The hash by which its text is kept."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def draft_of(document: Document) -> Draft:
    """A document as a draft of the version that its head names."""
    head = document.head
    return Draft(
        name=head.name,
        version=head.version,
        layer=head.layer,
        parent=head.parent or None,
        text=document.text,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version on record and where it stands. `wanted`: the approval that its author needs."""

    name: str
    version: str
    sha256: str
    layer: str
    parent: str | None
    author: str
    state: State
    proposed_at: datetime
    wanted: Mapping[str, Any] | None

    @property
    def ref(self) -> str:
        """What it is called: `NAME@VERSION`."""
        return f"{self.name}@{self.version}"

    @property
    def partner(self) -> str:
        """Whose events these are: the partner's own, else the platform's."""
        if self.layer == SCENE:
            return str(self.parent)
        return self.name if self.layer == PARTNER else PLATFORM


@dataclass(frozen=True, slots=True)
class Happened:
    """One event in the life of a policy, or of a switch."""

    seq: int
    name: str
    version: str
    sha256: str
    event: str
    by: str
    at: datetime
    detail: Mapping[str, Any]


def version_of(connection: Connection, name: str, version: str) -> Version | None:
    """A version on record."""
    found = _versions(connection, POLICY_VERSIONS.c.name == name, version=version)
    return found[0] if found else None


def version_by_hash(connection: Connection, sha256: str) -> Version | None:
    """The version that a text is; None for the text of a stack."""
    found = _versions(connection, POLICY_VERSIONS.c.sha256 == sha256)
    return found[0] if found else None


def versions(connection: Connection, name: str | None = None) -> list[Version]:
    """Every version on record, of one name or of all, in the order they were proposed."""
    return _versions(connection, POLICY_VERSIONS.c.name == name if name else None)


def _versions(connection: Connection, where: Any, *, version: str | None = None) -> list[Version]:
    query = select(POLICY_VERSIONS).order_by(POLICY_VERSIONS.c.proposed_at, POLICY_VERSIONS.c.name)
    if where is not None:
        query = query.where(where)
    if version is not None:
        query = query.where(POLICY_VERSIONS.c.version == version)
    return [version_in(dict(row)) for row in connection.execute(query).mappings()]


def version_in(row: Mapping[str, Any]) -> Version:
    """A version as its row tells."""
    wanted = orjson.loads(row["wanted"]) if row["wanted"] else None
    read_back = {"state": State(row["state"]), "proposed_at": instant_of(row["proposed_at"])}
    return Version(**{**row, **read_back, "wanted": wanted})


def history(connection: Connection, name: str | None = None) -> list[Happened]:
    """What happened to one name or to all, the oldest first: who did what, when."""
    query = select(POLICY_EVENTS).order_by(POLICY_EVENTS.c.seq)
    if name is not None:
        query = query.where(POLICY_EVENTS.c.name == name)
    return [
        Happened(
            row.seq,
            row.name,
            row.version,
            row.sha256,
            row.event,
            row.done_by,
            instant_of(row.at),
            orjson.loads(row.detail) if row.detail else {},
        )
        for row in connection.execute(query)
    ]


def live_before(connection: Connection, name: str) -> Version | None:
    """The version that was live before the present one, as the history tells."""
    told = history(connection, name)
    before = life.live_before(tuple((one.version, Event(one.event)) for one in told))
    return version_of(connection, name, before) if before else None
