"""Layers of policy: platform, industry, partner, scene. A lower one may only tighten, or choose.

What is in force at the bottom is each statement met with what stands above it (`directions.meet`),
so it can never be looser than any layer above, whatever its author wrote; and where a statement
does not come into force as it was written, it was a loosening, which `checked` refuses.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from credit.policy.composition import Composition, Loosening
from credit.policy.documents import PARTNER, PLATFORM, SCENE, Document
from credit.policy.grants import refuse_broken_grants
from credit.policy.reading import TermsError
from credit.policy.terms import LayerRef, Policy, parse_policy

_STACK = "vouch policy stack"

__all__ = [
    "Loosening",
    "Stack",
    "awaiting",
    "chain",
    "checked",
    "compose",
    "laid_under",
    "layers_of",
    "loosenings",
    "refuse_loosenings",
    "stack_text",
    "stacked",
]


@dataclass(frozen=True, slots=True)
class Stack:
    """What is in force under a stack of documents, and what its last one asked for in vain.

    `awaiting`: fields whose value the platform must approve before it may go live.
    """

    policy: Policy
    loosenings: tuple[Loosening, ...]
    awaiting: tuple[str, ...]


def compose(documents: Sequence[Document]) -> Stack:
    """The stack of these documents, the platform's first.

    TermsError where they do not stand on one another, or what they make together is unsound.
    """
    first, *lower = documents
    if first.head.layer != PLATFORM:
        raise TermsError(
            f"{first.head.name}: no platform policy stands above it", "begin with the platform's"
        )
    platform = parse_policy(first.text)
    refuse_broken_grants(platform)
    stack = Stack(platform, (), ())
    for parent, document in zip(documents, lower, strict=False):
        document.refuse_parent(parent)
        stack = laid_under(stack.policy, document)
    return stack


def laid_under(policy: Policy, document: Document) -> Stack:
    """A document under the policy in force above it. TermsError where the two are unsound."""
    made = Composition(policy, document)
    below = _named(made.policy(), document)
    return Stack(below, tuple(made.loosenings), tuple(made.awaiting))


def stacked(documents: Sequence[Document]) -> Policy:
    """The policy in force under these documents, the platform's first, the lowest last."""
    return compose(documents).policy


def loosenings(documents: Sequence[Document]) -> tuple[Loosening, ...]:
    """Where the last document asks for more than the layers above it allow."""
    return compose(documents).loosenings


def checked(documents: Sequence[Document]) -> Policy:
    """The same as `stacked`; TermsError for the first loosening of the last document."""
    stack = compose(documents)
    refuse_loosenings(stack.loosenings)
    return stack.policy


def refuse_loosenings(found: Sequence[Loosening]) -> None:
    """TermsError for the first of them."""
    for one in found:
        raise TermsError(one.problem, one.mend)


def awaiting(documents: Sequence[Document]) -> tuple[str, ...]:
    """Fields of the last document for which the platform must approve its choice."""
    return compose(documents).awaiting


def chain(
    documents: Mapping[str, Document], partner: str, scene: str | None = None
) -> tuple[Document, ...]:
    """The documents under which a partner's request is decided, the platform's first.

    The scene's own document counts where there is one; a partner without a document stands under
    the platform alone. TermsError where a parent is missing or of the wrong layer.
    """
    lowest = documents.get(f"{partner}.{scene}") if scene else None
    if lowest is None or lowest.head.layer != SCENE:
        lowest = documents.get(partner)
    if lowest is None or lowest.head.layer not in (PARTNER, SCENE):
        lowest = _platform(documents)
    return above(documents, lowest)


def above(documents: Mapping[str, Document], lowest: Document) -> tuple[Document, ...]:
    """A document with all that stand above it, the platform's first."""
    found = [lowest]
    while found[-1].head.layer != PLATFORM:
        child = found[-1]
        parent = documents.get(child.head.parent)
        if parent is None:
            raise TermsError(
                f"{child.head.name}: parent is {child.head.parent!r}, which nobody knows",
                "name a policy that is live or given with it",
            )
        child.refuse_parent(parent)  # ranks fall, so parents in a circle end here
        found.append(parent)
    return tuple(reversed(found))


def stack_text(layers: Sequence[LayerRef]) -> str:
    """A canonical text that lists a stack's documents by their hashes."""
    lines = (f"{one.layer} {one.name} {one.version!r} {one.sha256}" for one in layers)
    return "\n".join((_STACK, *lines, ""))


def layers_of(text: str) -> tuple[str, ...] | None:
    """The hashes of the documents that a stack's text lists; None for a document's own text."""
    head, *lines = text.splitlines()
    if head != _STACK:
        return None
    return tuple(line.rpartition(" ")[2] for line in lines)


def _platform(documents: Mapping[str, Document]) -> Document:
    found = documents.get(PLATFORM)
    if found is None:
        raise TermsError("no platform policy is given", "add the platform's document")
    return found


def _named(policy: Policy, document: Document) -> Policy:
    head = document.head
    layers = (*policy.layers, LayerRef(head.layer, head.name, head.version, document.sha256))
    sha256 = hashlib.sha256(stack_text(layers).encode()).hexdigest()
    return replace(policy, name=head.name, version=head.version, layers=layers, sha256=sha256)
