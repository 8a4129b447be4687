"""The registry: BentoML's model store under the home, and who is champion of each product.

`models/champions.json` is a history of promotions and rollbacks; the champion is its fold. It
pins each manifest's hash, so that what serves is what was promoted. Serving reads it without
importing BentoML.
"""

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from credit.errors import InputError
from models.artefact import MANIFEST, MODEL, Artefact, open_artefact
from models.champions import Champions, Reign
from models.entry import CANDIDATE, CHALLENGER, CHAMPION, DAMAGED, SUPERSEDED, Details, Entry, Ref
from models.keys import home_keys
from models.manifest import TABLE
from models.signing import SIGNATURE
from models.trial import Trials

LATEST = "latest"


class Registry:
    """The models of one home. `trials`: which of them are known to load here."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._models = home / "bentoml" / "models"
        self._champions = Champions(home / "models" / "champions.json")
        self._keys = home_keys(home)
        self.trials = Trials(home / "models" / "trials.json")

    def register(self, directory: Path) -> Ref:
        """Takes a verified copy of the artefact in `directory`; the same one again is no change.

        InputError where no trusted key signed it.
        """
        artefact = open_artefact(directory, trusted=self._keys.trusted())
        ref = Ref(artefact.manifest.product, artefact.manifest.version)
        kept = self._directory(ref)
        _clear_if_cut_short(kept)
        if not kept.is_dir():
            self._copy(ref, artefact)
        elif self._verified(kept).manifest_sha256 != artefact.manifest_sha256:
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
        serving = {CHAMPION: self._champions.of, CHALLENGER: self._champions.challenger_of}
        if version in serving and (reign := serving[version](product)):
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
        return self._verified(
            self._directory(found), self._champions.pinned(found.product, found.version)
        )

    def promote(self, ref: Ref | str, *, by: str, at: datetime) -> Ref:
        """Makes `ref` the champion of its product. The gate stands before this, in training."""
        reign = self._reign(ref)
        self._champions.promote(reign, by=by, at=at)
        return Ref(reign.product, reign.version)

    def challenge(self, ref: Ref | str, *, by: str, at: datetime) -> Ref:
        """Lets `ref` score beside its product's champion: recorded, never answered."""
        reign = self._reign(ref)
        self._champions.challenge(reign, by=by, at=at)
        return Ref(reign.product, reign.version)

    def withdraw(self, product: str, *, by: str, at: datetime) -> Ref:
        """Ends the challenge in `product`."""
        reign = self._champions.withdraw(product, by=by, at=at)
        return Ref(reign.product, reign.version)

    def rollback(self, product: str, *, by: str, at: datetime) -> Ref:
        """Gives the product back to the champion before the present one."""
        reign = self._champions.rollback(product, by=by, at=at)
        return Ref(product, reign.version)

    def before(self, product: str) -> Ref | None:
        """The champion that a rollback would bring back; None where there is none."""
        reign = self._champions.before(product)
        return None if reign is None else Ref(product, reign.version)

    def served(self, product: str) -> tuple[Ref, ...]:
        """The champions that still stand, the present one last: what a rollback walks back."""
        return tuple(Ref(it.product, it.version) for it in self._champions.reigns(product))

    def champion(self, product: str) -> Artefact | None:
        """The model in service, held against the hash that was promoted; None before the first."""
        return self._serving(self._champions.of(product))

    def challenger(self, product: str) -> Artefact | None:
        """The model that scores beside the champion, held against its hash; None: no challenge."""
        return self._serving(self._champions.challenger_of(product))

    def champion_stamp(self, product: str) -> str | None:
        """The manifest hash of the model in service: cheap to read, changes when the model does."""
        reign = self._champions.of(product)
        return reign.manifest_sha256 if reign else None

    def challenger_stamp(self, product: str) -> str | None:
        """The same of the model that scores beside it."""
        reign = self._champions.challenger_of(product)
        return reign.manifest_sha256 if reign else None

    def find(self, product: str, manifest_sha256: str) -> Artefact | None:
        """The registered model of this identity, to recompute what it once decided."""
        for manifest in sorted((self._models / product).glob(f"*/{MANIFEST}")):
            if hashlib.sha256(manifest.read_bytes()).hexdigest() == manifest_sha256:
                return self._verified(manifest.parent, manifest_sha256)
        return None

    def history(self) -> tuple[Mapping[str, Any], ...]:
        """Every promotion and rollback, oldest first: action, product, version, by, at."""
        return self._champions.history()

    def _entry(self, ref: Ref) -> Entry:
        """One line; of a model that cannot be believed no figure is told."""
        named = (str(ref), ref.product, ref.version)
        try:
            manifest = self._verified(self._directory(ref)).manifest
        except InputError:
            return Entry(*named, DAMAGED, self._registered_at(ref).replace(tzinfo=UTC), {})
        return Entry(*named, self._stage(ref), manifest.created_at, manifest.metrics)

    def _stage(self, ref: Ref) -> str:
        serving = (
            (CHAMPION, self._champions.of(ref.product)),
            (CHALLENGER, self._champions.challenger_of(ref.product)),
        )
        for stage, reign in serving:
            if reign is not None and reign.version == ref.version:
                return stage
        return SUPERSEDED if self._champions.reigned(ref.product, ref.version) else CANDIDATE

    def _reign(self, ref: Ref | str) -> Reign:
        artefact = self.open(ref)
        manifest = artefact.manifest
        if manifest.product == TABLE:
            raise InputError(f"{ref} scores a table, no product", "promote a product's model")
        return Reign(manifest.product, manifest.version, artefact.manifest_sha256)

    def _serving(self, reign: Reign | None) -> Artefact | None:
        if reign is None:
            return None
        directory = self._directory(Ref(reign.product, reign.version))
        return self._verified(directory, reign.manifest_sha256)

    def _copy(self, ref: Ref, artefact: Artefact) -> None:
        with _bentoml() as bentoml:
            self._models.mkdir(parents=True, exist_ok=True)
            with bentoml.models.create(
                str(ref), labels={"product": ref.product}, _model_store=self._store()
            ) as model:
                for name in (MODEL, *artefact.manifest.files, SIGNATURE, MANIFEST):
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

    def _verified(self, directory: Path, manifest_sha256: str | None = None) -> Artefact:
        return open_artefact(
            directory, manifest_sha256=manifest_sha256, trusted=self._keys.trusted()
        )

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
