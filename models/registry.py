"""The registry: BentoML's model store under the home, and who is champion of each product.

`models/champions.json` is a history of promotions and rollbacks; the champion is its fold. It
pins each manifest's hash, so that what serves is what was promoted. Serving reads it without
importing BentoML.
"""

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from credit.errors import InputError
from models.artefact import MANIFEST, MODEL, Artefact, open_artefact
from models.champions import Champions, Reign
from models.entry import CANDIDATE, CHAMPION, SUPERSEDED, Details, Entry, Ref
from models.manifest import TABLE, Manifest

LATEST = "latest"


class Registry:
    """The models of one home."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._models = home / "bentoml" / "models"
        self._champions = Champions(home / "models" / "champions.json")

    def register(self, directory: Path) -> Ref:
        """Takes a verified copy of the artefact in `directory`; the same one again is no change."""
        artefact = open_artefact(directory)
        ref = Ref(artefact.manifest.product, artefact.manifest.version)
        kept = self._directory(ref)
        _clear_if_cut_short(kept)
        if not kept.is_dir():
            self._copy(ref, artefact)
        elif open_artefact(kept).manifest_sha256 != artefact.manifest_sha256:
            raise InputError(f"{ref} is registered already with other content", "train it again")
        return ref

    def list(self) -> tuple[Entry, ...]:
        """Every registered model by product, then newest first."""
        entries = [self._entry(ref) for ref in self._refs()]
        entries.sort(key=lambda entry: (entry.created_at, entry.version), reverse=True)
        return tuple(sorted(entries, key=lambda entry: entry.product))

    def resolve(self, text: str) -> Ref:
        """The model that `PRODUCT:VERSION`, `PRODUCT:latest` or `PRODUCT:champion` names."""
        product, _, version = text.partition(":")
        if version == CHAMPION and (reign := self._champions.of(product)):
            return Ref(product, reign.version)
        known = self._refs()
        if version == LATEST and (mine := [ref for ref in known if ref.product == product]):
            return max(mine, key=self._registered_at)
        if (ref := Ref(product, version)) in known:
            return ref
        have = ", ".join(map(str, known)) or "none; train one first"
        raise InputError(f"no model {text!r} is registered", f"there are: {have}")

    def show(self, ref: Ref | str) -> Details:
        """All that is known of `ref`, for a person to read."""
        artefact = self.open(ref)
        found = Ref(artefact.manifest.product, artefact.manifest.version)
        return Details(
            str(found),
            self._stage(found),
            artefact.manifest_sha256,
            artefact.directory,
            artefact.manifest,
        )

    def open(self, ref: Ref | str) -> Artefact:
        """The artefact of `ref`, verified; a champion also against the hash that was promoted."""
        found = ref if isinstance(ref, Ref) else self.resolve(ref)
        return open_artefact(
            self._directory(found),
            manifest_sha256=self._champions.pinned(found.product, found.version),
        )

    def promote(self, ref: Ref | str, *, by: str, at: datetime) -> Ref:
        """Makes `ref` the champion of its product. The gate stands before this, in training."""
        artefact = self.open(ref)
        manifest = artefact.manifest
        if manifest.product == TABLE:
            raise InputError(f"{ref} scores a table, no product", "promote a product's model")
        self._champions.promote(
            Reign(manifest.product, manifest.version, artefact.manifest_sha256), by=by, at=at
        )
        return Ref(manifest.product, manifest.version)

    def rollback(self, product: str, *, by: str, at: datetime) -> Ref:
        """Gives the product back to the champion before the present one."""
        reign = self._champions.rollback(product, by=by, at=at)
        return Ref(product, reign.version)

    def champion(self, product: str) -> Artefact | None:
        """The model in service, held against the hash that was promoted; None before the first."""
        reign = self._champions.of(product)
        if reign is None:
            return None
        return open_artefact(
            self._directory(Ref(product, reign.version)), manifest_sha256=reign.manifest_sha256
        )

    def champion_stamp(self, product: str) -> str | None:
        """The manifest hash of the model in service: cheap to read, changes when the model does."""
        reign = self._champions.of(product)
        return reign.manifest_sha256 if reign else None

    def find(self, product: str, manifest_sha256: str) -> Artefact | None:
        """The registered model of this identity, to recompute what it once decided."""
        for manifest in sorted((self._models / product).glob(f"*/{MANIFEST}")):
            if hashlib.sha256(manifest.read_bytes()).hexdigest() == manifest_sha256:
                return open_artefact(manifest.parent, manifest_sha256=manifest_sha256)
        return None

    def history(self) -> tuple[Mapping[str, Any], ...]:
        """Every promotion and rollback, oldest first: action, product, version, by, at."""
        return self._champions.history()

    def _entry(self, ref: Ref) -> Entry:
        manifest = Manifest.from_json((self._directory(ref) / MANIFEST).read_bytes())
        return Entry(
            str(ref),
            ref.product,
            ref.version,
            self._stage(ref),
            manifest.created_at,
            manifest.metrics,
        )

    def _stage(self, ref: Ref) -> str:
        reign = self._champions.of(ref.product)
        if reign is not None and reign.version == ref.version:
            return CHAMPION
        return SUPERSEDED if self._champions.pinned(ref.product, ref.version) else CANDIDATE

    def _copy(self, ref: Ref, artefact: Artefact) -> None:
        with _bentoml() as bentoml:
            self._models.mkdir(parents=True, exist_ok=True)
            with bentoml.models.create(
                str(ref), labels={"product": ref.product}, _model_store=self._store()
            ) as model:
                for name in (MODEL, *artefact.manifest.files, MANIFEST):
                    shutil.copyfile(artefact.directory / name, model.path_of(name))

    def _refs(self) -> tuple[Ref, ...]:
        if not self._models.is_dir():
            return ()
        with _bentoml() as bentoml:
            tags = [model.tag for model in bentoml.models.list(_model_store=self._store())]
        return tuple(Ref(tag.name, tag.version) for tag in tags)

    def _registered_at(self, ref: Ref) -> datetime:
        with _bentoml() as bentoml:
            return bentoml.models.get(str(ref), _model_store=self._store()).creation_time

    def _store(self) -> Any:
        """BentoML's own store at a path of ours: its global one reads the environment at import."""
        from bentoml._internal.models.model import ModelStore

        return ModelStore(str(self._models))

    def _directory(self, ref: Ref) -> Path:
        return self._models / ref.product / ref.version


def _clear_if_cut_short(kept: Path) -> None:
    """Takes away what a crash left of a copy: the manifest is copied last, BentoML's note first."""
    if kept.is_dir() and not (kept / MANIFEST).is_file():
        shutil.rmtree(kept)


@contextmanager
def _bentoml() -> Iterator[Any]:
    import os

    os.environ["BENTOML_DO_NOT_TRACK"] = "True"
    import bentoml
    from bentoml.exceptions import BentoMLException

    try:
        yield bentoml
    except BentoMLException as error:
        raise InputError(f"the model store is damaged: {error}", "remove that version") from None
