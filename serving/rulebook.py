"""The rulebook: what the records had in force at one look, composed for whoever asks, once."""

import logging
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime

from credit.errors import InputError
from credit.policy.documents import INDUSTRY, PLATFORM, Document, read_document
from credit.policy.layers import chain, stacked
from credit.policy.reading import TermsError
from credit.policy.terms import Policy
from records import policies, switches
from records.policies import Placed
from records.store import Connection
from records.switches import Switch
from serving.rules import Effective, Rules

_log = logging.getLogger("vouch.serving")
Documents = Mapping[str, Document]


@dataclass(frozen=True, slots=True)
class Published:
    """Documents by name, live and in shadow, and the switches that are thrown.

    `unread`: why a live text cannot be read, by name. `next_at`: when a scheduled one takes force.
    """

    stamp: int
    next_at: datetime | None
    live: Documents
    shadows: Documents
    unread: Mapping[str, str]
    switches: tuple[Switch, ...]

    def says_the_same(self, other: "Published") -> bool:
        """Whether the documents are the same ones; switches may differ."""
        return (self.live, self.shadows, self.unread) == (other.live, other.shadows, other.unread)

    def is_over(self, stamp: int, now: datetime) -> bool:
        """Whether something was put in force since."""
        return stamp != self.stamp or (self.next_at is not None and now >= self.next_at)


def read_published(
    connection: Connection, now: datetime, before: Published | None = None
) -> Published:
    """All that is in force, on one state of the records. What `before` has parsed is taken over."""
    stamp = policies.stamp(connection)
    read = (*before.live.values(), *before.shadows.values()) if before else ()
    known = {document.sha256: document for document in read}
    live, unread = _read(policies.live(connection, now), known)
    shadows, broken = _read(policies.shadows(connection), known)
    for name, why in broken.items():
        _log.warning("the policy in shadow for %s decides nothing: %s", name, why)
    coming = policies.next_at(connection)
    next_at = coming if coming and coming > now else None
    return Published(stamp, next_at, live, shadows, unread, switches.stopped(connection))


def _read(
    placed: Mapping[str, Placed], known: Documents
) -> tuple[dict[str, Document], dict[str, str]]:
    read, unread = {}, {}
    for name, one in placed.items():
        try:
            read[name] = known.get(one.sha256) or _document(one)
        except TermsError as fault:
            unread[name] = fault.problem
    return read, unread


def _document(one: Placed) -> Document:
    document = read_document(one.text)
    if document.sha256 != one.sha256:
        raise TermsError(
            f"the text of {one.sha256[:12]} is not what its hash says", "restore the records"
        )
    return document


class Rulebook:
    """Rules for each partner and scene. What cannot be composed stops decisions, and says why.

    `keep` puts a policy on record before anything is decided by it. `before`: the platform's
    policy that held until now, named where the new one cannot be used.
    """

    def __init__(
        self, published: Published, keep: Callable[[Policy], None], before: Policy | None = None
    ) -> None:
        self.published = published
        self._keep = keep
        self._names = {*published.live, *published.unread, *published.shadows}
        self._rules: dict[tuple[str, str | None], Rules] = {}
        self._troubles: dict[str, str] = {}
        self._stopped: str | None = None
        self.platform = self._platform(before)

    @property
    def asked(self) -> tuple[tuple[str, str | None], ...]:
        """Partners and scenes whose rules were asked for."""
        return tuple(self._rules)

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is in force and cannot be used, as far as anybody asked."""
        unread = (f"{name}: {why}" for name, why in self.published.unread.items())
        return tuple(dict.fromkeys((*unread, *self._troubles.values())))

    def rules(self, partner: str, scene: str | None = None) -> Rules:
        """What decides a partner's cases in a scene, whatever switches say."""
        key = (partner, scene if f"{partner}.{scene}" in self._names else None)
        if key not in self._rules:
            self._rules[key] = self._composed(*key)
        return self._rules[key]

    def rules_for(self, *, product: str, partner: str, scene: str | None) -> Rules:
        """The same for one product, under the switches."""
        found = self.rules(partner, scene)
        for switch in self.published.switches:
            if switch.covers(product=product, partner=partner, scene=scene):
                return replace(found, stopped=switch.words or "everything")
        return found

    def under(self, published: Published) -> "Rulebook":
        """The same rules under other switches."""
        book = copy(self)
        book.published = published
        return book

    def _platform(self, before: Policy | None) -> Policy:
        try:
            found = stacked(chain(self.published.live, PLATFORM))
        except TermsError as fault:
            why = self.published.unread.get(PLATFORM, fault.problem)
            if before is None:
                raise InputError(
                    f"the platform's policy in force cannot be used: {why}",
                    "publish one that this version reads: vouch policy publish FILE",
                ) from None
            self._stopped = f"the platform's policy cannot be used: {why}"
            self._troubles[PLATFORM] = self._stopped
            return before
        self._keep(found)
        return found

    def _composed(self, partner: str, scene: str | None) -> Rules:
        if self._stopped:
            return Rules(Effective(self.platform), stopped=self._stopped)
        name = f"{partner}.{scene}" if scene else partner
        try:
            self._refuse_unread(partner, name)
            live = self._effective(chain(self.published.live, partner, scene))
        except TermsError as fault:
            stopped = f"policy {name} cannot be used: {fault.problem}"
            self._troubles[name] = stopped
            return Rules(Effective(self.platform), stopped=stopped)
        return Rules(live, self._shadows(partner, scene))

    def _refuse_unread(self, *names: str) -> None:
        """Who has a document that cannot be read must not be decided as if it had none."""
        for name in names:
            if name in self.published.unread:
                raise TermsError(self.published.unread[name])

    def _shadows(self, partner: str, scene: str | None) -> tuple[Effective, ...]:
        found = []
        for name, document in self.published.shadows.items():
            try:
                documents = chain({**self.published.live, name: document}, partner, scene)
                if document in documents:
                    found.append(self._effective(documents))
            except TermsError as fault:
                _log.warning("the policy in shadow for %s decides nothing: %s", name, fault)
        return tuple(found)

    def _effective(self, documents: tuple[Document, ...]) -> Effective:
        policy = stacked(documents)
        self._keep(policy)
        industries = (one.head.name for one in documents if one.head.layer == INDUSTRY)
        return Effective(policy, next(industries, None))
