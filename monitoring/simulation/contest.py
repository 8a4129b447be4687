"""Which two policies are compared, and whose requests they decide."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from credit.policy.documents import INDUSTRY, PLATFORM, SCENE, Document
from credit.policy.layers import Stack, above, chain, compose
from credit.policy.reading import TermsError
from credit.policy.terms import Policy

Documents = Mapping[str, Document]


@dataclass(frozen=True, slots=True)
class Pair:
    """Both policies as they hold for one partner (and scene), and the industry it stands in."""

    candidate: Policy
    current: Policy
    industry: str | None


@dataclass(frozen=True, slots=True)
class Contest:
    """A candidate document against what it would replace, among the documents that are live.

    `current` None: against the layers above the candidate, as for a partner that has no policy of
    its own yet.
    """

    candidate: Document
    current: Document | None
    live: Documents

    @property
    def names(self) -> tuple[str, str]:
        """What both are called: `NAME@VERSION`."""
        if self.current is None:
            return _ref(self.candidate), f"the layers above {self.candidate.head.name}"
        return _ref(self.candidate), _ref(self.current)

    @property
    def covers(self) -> str:
        """Whose requests the candidate decides, in words."""
        head = self.candidate.head
        if head.layer == PLATFORM:
            return "every request"
        if head.layer == SCENE:
            return f"requests of partner {head.parent} in scene {head.scene}"
        whose = "partners in industry" if head.layer == INDUSTRY else "partner"
        return f"requests of {whose} {head.name}"

    def alone(self) -> Stack:
        """The candidate under the layers above it; TermsError where it cannot stand there."""
        return compose(above(self._with(self.candidate), self.candidate))

    def pair(self, partner: str, scene: str | None) -> Pair | None:
        """Both policies for a partner in a scene; None where the candidate does not decide there.

        TermsError where they cannot be composed.
        """
        documents = chain(self._with(self.candidate), partner, scene)
        if self.candidate not in documents:
            return None
        industries = (one.head.name for one in documents if one.head.layer == INDUSTRY)
        policy = compose(documents).policy
        return Pair(policy, self._current(documents, partner, scene), next(industries, None))

    def _current(self, documents: tuple[Document, ...], partner: str, scene: str | None) -> Policy:
        if self.current is None:
            place = documents.index(self.candidate)
            return compose(documents[:place]).policy
        if self.current.head.name != self.candidate.head.name:
            return compose(above(self._with(self.current), self.current)).policy
        return compose(chain(self._with(self.current), partner, scene)).policy

    def _with(self, document: Document) -> Documents:
        return {**self.live, document.head.name: document}

    def _has_document(self, name: str) -> bool:
        """Whether a partner or a scene has a document of its own, on either side."""
        sides = (self.candidate, self.current)
        return name in self.live or any(one and one.head.name == name for one in sides)

    def parts(self, partner: Any, scene: Any) -> Iterator[tuple[Pair, Any]]:
        """Both policies for each part of a population that stands under them, with its rows."""
        (partner_at, partners), (scene_at, scenes) = _coded(partner), _coded(scene)
        both, at = np.unique(partner_at * len(scenes) + scene_at, return_inverse=True)
        keys: dict[tuple[str, str | None], list[int]] = {}
        for place, one in enumerate(both.tolist()):
            name, where = partners[one // len(scenes)] or "", scenes[one % len(scenes)]
            own = where if self._has_document(f"{name}.{where}") else None
            named = own is not None or self._has_document(name)
            keys.setdefault((name if named else "", own), []).append(place)
        for (name, where), places in keys.items():
            pair = self.pair(name, where)
            if pair is not None:
                yield pair, np.flatnonzero(np.isin(at, places))


def _coded(words: Any) -> tuple[Any, list[str | None]]:
    """A column of names as places among its different ones; None is the first."""
    found = pa.array(words, pa.string()).dictionary_encode()
    places = found.indices.fill_null(-1).to_numpy().astype(np.int64) + 1
    return places, [None, *found.dictionary.to_pylist()]


def contest_of(
    candidate: Document, current: Document | None, live: Documents, shipped: Documents
) -> Contest:
    """The contest, with parents that are not live taken from what is shipped.

    `current` None: what is live under the candidate's name, if anything. TermsError where a parent
    is nowhere, or the candidate cannot stand under it.
    """
    documents = dict(live)
    for one in filter(None, (candidate, current)):
        parent = one.head.parent
        while parent and parent not in documents:
            if parent not in shipped:
                break
            documents[parent] = shipped[parent]
            parent = shipped[parent].head.parent
    contest = Contest(candidate, current or live.get(candidate.head.name), documents)
    _refuse_other_layer(contest)
    contest.alone()
    return contest


def _refuse_other_layer(contest: Contest) -> None:
    """A partner's policy may be held against another partner's, not against a platform's."""
    current, layer = contest.current, contest.candidate.head.layer
    if current is not None and current.head.layer != layer:
        raise TermsError(
            f"{current.head.name} is a document of layer {current.head.layer},"
            f" the candidate of layer {layer}",
            "compare policies of one layer",
        )


def _ref(document: Document) -> str:
    return f"{document.head.name}@{document.head.version}"
