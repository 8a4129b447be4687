"""An artefact: a directory that holds a model's trees, its manifest and what belongs to them.

LightGBM aborts the whole process on damaged model text, so the manifest is held against its
signature, and every named file against its hash, before a byte of the model is parsed.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from credit.errors import InputError
from models.keys import Keys
from models.manifest import Manifest, is_sha256
from models.signing import Trusted, check_signature, sign

MANIFEST = "manifest.json"
MODEL = "model.txt"
REFERENCE = "reference.parquet"
TEST = "test.parquet"
_MEND = "train the model again, or copy the artefact anew from an untouched one"


@dataclass(frozen=True, slots=True)
class Artefact:
    """A verified artefact: its directory, manifest, the manifest's hash and the model's text.

    `manifest_sha256` is the model's identity: it pins trees, calibration, features and data.
    """

    directory: Path
    manifest: Manifest
    manifest_sha256: str
    model_text: str

    @property
    def test(self) -> Path:
        """The test rows that a successor is held against it on."""
        return self.directory / TEST

    @property
    def reference(self) -> Path:
        """The training rows that monitoring compares with."""
        return self.directory / REFERENCE

    def identity(self) -> dict[str, str]:
        """How a decision names this model: `name`, `version`, `sha256` (the manifest's)."""
        manifest = self.manifest
        return {
            "name": manifest.product,
            "version": manifest.version,
            "sha256": self.manifest_sha256,
        }


def write(
    directory: Path,
    model_text: str,
    manifest: Manifest,
    *,
    files: Iterable[str] = (),
    signed_by: Keys | None = None,
) -> Manifest:
    """Writes `model.txt` and, last, `manifest.json`; the manifest with all hashes filled in.

    `files` names what already lies in the directory and belongs to the artefact (such as
    `reference.parquet`). Unless `signed_by` a home's key, no registry takes it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MODEL).write_bytes(model_text.encode())
    sealed = replace(
        manifest,
        model_sha256=_sha256(directory / MODEL),
        files={name: _sha256(directory / name) for name in sorted(set(files))},
    )
    partial = directory / f".{MANIFEST}.partial"
    partial.write_text(sealed.to_json(), encoding="utf-8")
    partial.replace(directory / MANIFEST)
    if signed_by is not None:
        sign(directory, (directory / MANIFEST).read_bytes(), signed_by)
    return sealed


def open_artefact(
    directory: Path, *, manifest_sha256: str | None = None, trusted: Trusted | None = None
) -> Artefact:
    """The artefact in `directory`, every named file verified; InputError names what is damaged.

    With `manifest_sha256` the manifest must be the one that was promised, with `trusted` one
    that such a key signed. Without either the artefact is believed to be what it says.
    """
    text = _bytes(directory / MANIFEST)
    found = hashlib.sha256(text).hexdigest()
    if manifest_sha256 is not None and found != manifest_sha256:
        raise _damaged(directory / MANIFEST, found=found, promised=manifest_sha256)
    if trusted is not None:
        check_signature(directory, text, trusted)
    manifest = Manifest.from_json(text)
    model = _bytes(directory / MODEL)
    _hold(
        directory / MODEL, found=hashlib.sha256(model).hexdigest(), promised=manifest.model_sha256
    )
    for name, promised in manifest.files.items():
        _hold(directory / name, found=_sha256(directory / name), promised=promised)
    return Artefact(directory, manifest, found, model.decode())


def _hold(path: Path, *, found: str, promised: str) -> None:
    if not is_sha256(promised) or found != promised:
        raise _damaged(path, found=found, promised=promised)


def _damaged(path: Path, *, found: str, promised: str) -> InputError:
    return InputError(
        f"{path}: SHA-256 is {found[:12]}... where {promised[:12] or 'none'}... was promised", _MEND
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(f"{path} cannot be read ({error.strerror})", _MEND)
