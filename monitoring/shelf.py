"""The shelf: policies and models that once decided, found by their hash and held against it."""

import hashlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from credit.errors import InputError
from credit.policy.documents import Document, read_document
from credit.policy.layers import layers_of, stacked
from credit.policy.terms import Policy

if TYPE_CHECKING:
    from models.score import Scorer
    from records.store import Records

_LOG = logging.getLogger(__name__)


class Shelf:
    """Each is opened once; what is gone, or is not what its hash says, is None and logged."""

    def __init__(self, records: "Records", home: Path) -> None:
        self._records = records
        self._home = home
        self._scorers: dict[tuple[str, str], Scorer | None] = {}
        self._policies: dict[str, Policy | None] = {}
        self._documents: dict[str, Document] = {}

    def scorer(self, product: str, sha256: str) -> "Scorer | None":
        """The model of this identity."""
        if (product, sha256) not in self._scorers:
            self._scorers[product, sha256] = self._opened(product, sha256)
        return self._scorers[product, sha256]

    def policy(self, sha256: str) -> Policy | None:
        """The policy of this hash: a platform's document, or a stack of documents."""
        if sha256 not in self._policies:
            self._policies[sha256] = self._composed(sha256)
        return self._policies[sha256]

    def _opened(self, product: str, sha256: str) -> "Scorer | None":
        from models.registry import Registry
        from models.score import Scorer

        try:
            artefact = Registry(self._home).find(product, sha256)
        except InputError as fault:
            _LOG.warning("model %s of %s: %s", sha256[:12], product, fault)
            return None
        if artefact is None:
            _LOG.warning("model %s of %s is not registered", sha256[:12], product)
            return None
        return Scorer(artefact)

    def _composed(self, sha256: str) -> Policy | None:
        try:
            layers = layers_of(self._text(sha256)) or (sha256,)
            policy = stacked([self._document(layer) for layer in layers])
        except InputError as fault:
            _LOG.warning("policy %s: %s", sha256[:12], fault)
            return None
        return policy if policy.sha256 == sha256 else None

    def _document(self, sha256: str) -> Document:
        if sha256 not in self._documents:
            self._documents[sha256] = read_document(self._text(sha256))
        return self._documents[sha256]

    def _text(self, sha256: str) -> str:
        from records.policies import read

        with self._records.reading() as connection:
            text = read(connection, sha256)
        if text is None:
            raise InputError(f"no text of {sha256[:12]} is on record")
        if hashlib.sha256(text.encode()).hexdigest() != sha256:
            raise InputError(f"the text of {sha256[:12]} is not what its hash says")
        return text
