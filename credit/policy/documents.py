"""One layer's document: who wrote it about what, and what it states."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from credit.policy.declared import Direction, Unit, declarations, declared
from credit.policy.reading import SHOWN_MAX, TermsError, read_partial, read_table
from credit.policy.terms import Policy, read_toml

PLATFORM, INDUSTRY, PARTNER, SCENE = "platform", "industry", "partner", "scene"
LAYERS = (PLATFORM, INDUSTRY, PARTNER, SCENE)
_PARENTS = {INDUSTRY: (PLATFORM,), PARTNER: (PLATFORM, INDUSTRY), SCENE: (PARTNER,)}
_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,47}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_PLATFORM_ONLY = frozenset({"name", "version", "currency"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerHead:
    """What every document below the platform's says of itself."""

    layer: str = declared(
        Unit.TEXT, Direction.FIXED, "Which layer it is", choices=(INDUSTRY, PARTNER, SCENE)
    )
    name: str = declared(
        Unit.TEXT, Direction.FIXED, "What the industry, partner or scene is called"
    )
    parent: str = declared(Unit.TEXT, Direction.FIXED, "Name of the layer above")
    version: str = declared(Unit.TEXT, Direction.FIXED, "Which version of it this is")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndustryHead(LowerHead):
    """The head of an industry's document."""

    lead: str = declared(Unit.TEXT, Direction.FIXED, "The partner that sets the industry's terms")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerHead(LowerHead):
    """The head of a partner's document."""

    first_loss_minor: int = declared(
        Unit.MINOR, Direction.FIXED, "Losses that the partner bears before the platform; 0: none"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneHead(LowerHead):
    """The head of the document on one scene of a partner; its name is `PARTNER.SCENE`."""

    scene: str = declared(Unit.TEXT, Direction.FIXED, "The scene that it speaks of")


HEADS: Mapping[str, type[LowerHead]] = {
    INDUSTRY: IndustryHead,
    PARTNER: PartnerHead,
    SCENE: SceneHead,
}


@dataclass(frozen=True, slots=True)
class Head:
    """A document's head in one shape for all layers; what does not apply is empty."""

    layer: str
    name: str
    version: str
    parent: str = ""
    lead: str = ""
    scene: str = ""
    first_loss_minor: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """A layer's text, read: its head, and what it states as a partial tree of policy fields."""

    head: Head
    stated: Mapping[str, Any]
    text: str
    sha256: str

    @property
    def rank(self) -> int:
        """How far below the platform it stands."""
        return LAYERS.index(self.head.layer)

    def refuse_parent(self, parent: "Document") -> None:
        """TermsError where the layer above is of a kind that cannot stand above this one."""
        allowed = _PARENTS[self.head.layer]
        if parent.head.layer not in allowed:
            raise TermsError(
                f"{self.head.name}: parent is {parent.head.name!r}, of layer {parent.head.layer}",
                f"of a {self.head.layer} name the {' or the '.join(allowed)} above it",
            )


def read_document(text: str) -> Document:
    """The document in `text` (TOML); TermsError names field, value, bound and mend.

    Without `layer` it is the platform's, where every field is stated; below it only what is
    tightened or chosen.
    """
    raw = read_toml(text)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if "layer" not in raw:
        policy = read_table(Policy, raw, "")
        if policy.name != PLATFORM:
            raise TermsError(
                f"name is {policy.name!r} and no layer is stated",
                "call the platform's policy 'platform'; in any other state layer and parent",
            )
        _refuse_version(policy.version)
        return Document(Head(PLATFORM, policy.name, policy.version), raw, text, sha256)
    head, rest = _lower_head(raw)
    _refuse_version(head.version)
    return Document(head, read_partial(Policy, rest, ""), text, sha256)


def _lower_head(raw: Mapping[str, Any]) -> tuple[Head, dict[str, Any]]:
    kind = HEADS.get(raw["layer"]) if isinstance(raw["layer"], str) else None
    own = read_table(LowerHead, {name: raw[name] for name in _names(LowerHead) if name in raw}, "")
    assert kind is not None  # noqa: S101 - `layer` was held against the same words
    given = {name: raw[name] for name in _names(kind) if name in raw}
    if own.layer == PARTNER:
        given.setdefault("first_loss_minor", 0)
    whole = read_table(kind, given, "")
    head = Head(**{name: getattr(whole, name) for name in _names(kind)})
    _refuse_name(head)
    rest = {name: value for name, value in raw.items() if name not in given}
    for name in _PLATFORM_ONLY & set(rest):
        raise TermsError(f"{head.name}: {name} is the platform's alone", "leave it out")
    return head, rest


def _refuse_version(version: str) -> None:
    """Histories print versions, and commands name them after an @: they are one plain word."""
    if not _VERSION.fullmatch(version):
        raise TermsError(
            f"version is {version[:SHOWN_MAX]!r}", "use letters, digits and . _ + - (at most 64)"
        )


def _names(kind: type) -> list[str]:
    return [name for _, name, _ in declarations(kind)]


def _refuse_name(head: Head) -> None:
    wanted = f"{head.parent}.{head.scene}" if head.layer == SCENE else head.name
    if head.name != wanted:
        raise TermsError(f"name is {head.name!r}", f"call it {wanted!r}: its partner and its scene")
    parts = head.name.split(".") if head.layer == SCENE else [head.name]
    if not all(_NAME.fullmatch(part) for part in parts) or head.name == PLATFORM:
        raise TermsError(
            f"name is {head.name!r}", "use small letters, digits and _ (at most 48), not 'platform'"
        )
