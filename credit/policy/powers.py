"""Who may do what to a policy: propose, approve, publish, withdraw, roll back, stop."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from credit.errors import InputError
from credit.ledger.lifecycle import Refused
from credit.policy.documents import INDUSTRY, PARTNER, PLATFORM, SCENE, Head

FORBIDDEN = "FORBIDDEN"
OWN_WORK = "OWN_WORK"
NOT_AWAITED = "NOT_AWAITED"
_PARTNER_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")
_PERSON_NAME = re.compile(r"[^\s/\x00-\x1f\x7f](?:[^/\x00-\x1f\x7f]{0,78}[^\s/\x00-\x1f\x7f])?")
Live = Mapping[str, Head]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, and for whom they speak: a partner, or the platform."""

    partner: str
    person: str

    @property
    def is_platform(self) -> bool:
        """Whether they speak for the platform."""
        return self.partner == PLATFORM

    def is_same_person(self, other: "Actor") -> bool:
        """Whether both may be one person, whoever they speak for: four eyes are two people's."""
        return _letters(self.person) == _letters(other.person)

    def __str__(self) -> str:
        return f"{self.partner}/{self.person}"


def parse_actor(text: str) -> Actor:
    """Who `PARTNER/person` names; a bare name speaks for the platform.

    >>> str(parse_actor("city_bikes/mei")), str(parse_actor("ann"))
    ('city_bikes/mei', 'platform/ann')
    """
    partner, slash, person = text.rpartition("/")
    partner = partner if slash else PLATFORM
    good = _PERSON_NAME.fullmatch(person) and person.isprintable()
    if not _PARTNER_NAME.fullmatch(partner) or not good:
        raise InputError(f"--as is {text!r}", "use PARTNER/person, or a name for the platform")
    return Actor(partner, person)


def _letters(person: str) -> str:
    """What a name is where case, width, blanks and marks do not count."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", person).casefold())
    return "".join(letter for letter in folded if letter.isalnum())


@dataclass(frozen=True, slots=True)
class Wanted:
    """The approval that a version needs: of what, and whether the platform alone can give it."""

    of: tuple[str, ...]
    by_platform: bool
    lead: str | None = None

    def __str__(self) -> str:
        who = "the platform" if self.by_platform else f"{self.lead} (its lead) or the platform"
        return f"{who} must approve {', '.join(self.of)}"


def owner_of(head: Head, live: Live) -> str | None:
    """The partner whose document it is; `platform`; None for an industry that nobody leads yet.

    Whoever the document itself names as lead is a claim until the platform approved it.
    """
    if head.layer == SCENE:
        return head.parent
    if head.layer == PARTNER:
        return head.name
    if head.layer == INDUSTRY:
        return live[head.name].lead if head.name in live else None
    return PLATFORM


def may_propose(actor: Actor, head: Head, live: Live) -> Refused | None:
    """Why an actor may not propose a document; None where they may."""
    standing = live.get(head.name)
    if standing is not None and standing.layer != head.layer:
        problem = f"{head.name} is a document of layer {standing.layer}, not {head.layer}"
        return Refused(FORBIDDEN, problem, "give it a name of its own")
    claimed = head.layer == INDUSTRY and standing is None and head.lead == actor.partner
    if claimed or _speaks(actor, head, live) or head.name in _above(actor, live):
        return None
    return _not_theirs(actor, head, "propose")


def wanted(actor: Actor, head: Head, live: Live, awaiting: tuple[str, ...] = ()) -> Wanted | None:
    """The approval that a document needs from others than its author; None where it needs none.

    `awaiting`: the fields whose delegation asks for the platform's approval. The platform's own
    documents always need another pair of eyes; what it fixes in another's needs no more.
    """
    if head.layer == PLATFORM:
        return Wanted(("the whole document",), by_platform=True)
    of = (*awaiting, *_moved_in_the_tree(head, live))
    if of and not actor.is_platform:
        return Wanted(of, by_platform=True)
    if awaiting:
        return Wanted(awaiting, by_platform=True)
    if not _speaks(actor, head, live):
        return Wanted(("the whole document",), by_platform=False, lead=owner_of(head, live))
    return None


def may_approve(
    actor: Actor, author: Actor, head: Head, live: Live, needed: Wanted | None
) -> Refused | None:
    """Why an actor may not approve a version; None where they may. Its author never may."""
    if needed is None:
        return Refused(NOT_AWAITED, f"{head.name} awaits no approval", "vouch policy publish it")
    if actor.is_same_person(author):
        problem = f"{author} wrote this version of {head.name}"
        return Refused(OWN_WORK, problem, "somebody else must approve it")
    leads = head.layer == INDUSTRY and actor.partner == owner_of(head, live)
    if actor.is_platform or (leads and not needed.by_platform):
        return None
    return Refused(FORBIDDEN, f"{actor} may not approve {head.name}", str(needed))


def may_publish(actor: Actor, head: Head, live: Live) -> Refused | None:
    """Why an actor may not publish, shadow, schedule or roll back; None where they may."""
    return None if _speaks(actor, head, live) else _not_theirs(actor, head, "publish")


def may_withdraw(actor: Actor, author: Actor, head: Head, live: Live) -> Refused | None:
    """Why an actor may not withdraw a version; None where they may, as its author does."""
    if actor == author or _speaks(actor, head, live):
        return None
    return _not_theirs(actor, head, "withdraw")


def may_switch(actor: Actor, partner: str, put_by: Actor | None = None) -> Refused | None:
    """Why an actor may not stop a partner's decisions, or let go of a switch that `put_by` threw.

    The platform may throw any; a partner its own, and never lets go of the platform's.
    """
    if actor.is_platform:
        return None
    if actor.partner != partner:
        whose = f"--partner {partner}" if partner else "every partner"
        mend = f"a partner stops and resumes --partner {actor.partner} alone"
        return Refused(FORBIDDEN, f"{actor} may not switch {whose}", mend)
    if put_by is not None and put_by.partner != actor.partner:
        return Refused(FORBIDDEN, f"{put_by} threw this switch", "ask the platform")
    return None


def _speaks(actor: Actor, head: Head, live: Live) -> bool:
    return actor.is_platform or actor.partner == owner_of(head, live)


def _above(actor: Actor, live: Live) -> set[str | None]:
    """What lies directly above the documents that are the actor's own."""
    own = {PARTNER, INDUSTRY}
    return {
        head.parent
        for head in live.values()
        if head.layer in own and owner_of(head, live) == actor.partner
    }


def _moved_in_the_tree(head: Head, live: Live) -> tuple[str, ...]:
    """What of a head is the platform's to agree to: another place, another lead."""
    standing = live.get(head.name)
    if standing is None:
        return ("lead",) if head.layer == INDUSTRY else ()
    return tuple(
        name for name in ("parent", "lead") if getattr(standing, name) != getattr(head, name)
    )


def _not_theirs(actor: Actor, head: Head, what: str) -> Refused:
    whose = {PLATFORM: "the platform's", INDUSTRY: "an industry's"}.get(head.layer, "another's")
    mend = "its own partner, its lead or the platform may"
    return Refused(FORBIDDEN, f"{actor} may not {what} {head.name}, {whose} policy", mend)
