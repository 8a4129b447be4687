"""What publishing a document means for the layers above and below it, proven before it is done."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from credit.policy.documents import Document, Head
from credit.policy.layers import Loosening, Stack, above, compose, refuse_loosenings
from credit.policy.reading import TermsError

Documents = Mapping[str, Document]


@dataclass(frozen=True, slots=True)
class Proof:
    """A document held against its layers: what is in force under it, and what it bounds.

    `awaiting`: fields that the platform must approve. `loosenings`: of the document itself;
    `bounded`: what documents below it state and are held to from then on.
    """

    document: Document
    stack: Stack
    awaiting: tuple[str, ...]
    loosenings: tuple[Loosening, ...]
    bounded: tuple[Loosening, ...]

    def refuse_loosenings(self) -> None:
        """TermsError for the first loosening of the document itself."""
        refuse_loosenings(self.loosenings)


def proven(document: Document, others: Sequence[Documents]) -> Proof:
    """A document that only tightens, under what stands above it, and breaks nothing below it.

    `others`: the documents it will stand among, by name, now and once what is scheduled has come.
    TermsError for the first loosening, missing parent, or stack below that would be unsound.
    """
    proof = weighed(document, others)
    proof.refuse_loosenings()
    return proof


def weighed(document: Document, others: Sequence[Documents]) -> Proof:
    """The same, where what the document states and may not is held to its bound, not refused.

    For a document that was live before the layers above it came to be what they are.
    """
    withs = [{**among, document.head.name: document} for among in others]
    stacks = [compose(above(with_it, document)) for with_it in withs]
    bounded = (
        one
        for with_it, among in zip(withs, others, strict=True)
        for one in _bounded_below(document, with_it, among)
    )
    return Proof(
        document,
        stacks[0],
        tuple(dict.fromkeys(path for stack in stacks for path in stack.awaiting)),
        tuple(dict.fromkeys(one for stack in stacks for one in stack.loosenings)),
        tuple(dict.fromkeys(bounded)),
    )


def heads_of(documents: Documents) -> dict[str, Head]:
    """The heads of documents, by name."""
    return {name: one.head for name, one in documents.items()}


def below(name: str, documents: Documents) -> tuple[Document, ...]:
    """Every document that stands under a name, however far."""
    own = [one for one in documents.values() if one.head.parent == name]
    return tuple(found for one in own for found in (one, *below(one.head.name, documents)))


def _bounded_below(
    document: Document, with_it: Documents, without: Documents
) -> Iterator[Loosening]:
    for lower in below(document.head.name, with_it):
        try:
            after = compose(above(with_it, lower)).loosenings
        except TermsError as fault:
            raise TermsError(
                f"{document.head.name} {document.head.version} would break {lower.head.name}: "
                f"{fault.problem}",
                fault.mend,
            ) from None
        before = _bounded_before(lower, without)
        yield from (one for one in after if one not in before)


def _bounded_before(lower: Document, documents: Documents) -> Sequence[Loosening]:
    try:
        return compose(above(documents, lower)).loosenings
    except TermsError:
        return ()
