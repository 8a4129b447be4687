"""Who made an artefact: an Ed25519 signature over its manifest, which pins every other file."""

import base64
import binascii
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from credit.errors import InputError
from models.keys import Keys, key_id

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNATURE = "manifest.sig"
SIGNATURE_BYTES_MAX = 1024
# What is signed starts with what it is: a signature for another purpose never fits here.
_PURPOSE = b"vouch-artefact-v1\n"
_ALGORITHM = "ed25519"
_MEND = "train the model again, or trust the key of who signed it (vouch models trust FILE.pub)"

Trusted = Mapping[str, "Ed25519PublicKey"]


def sign(directory: Path, manifest: bytes, keys: Keys) -> None:
    """Writes `manifest.sig` into `directory`: the home's own key says that it made these bytes."""
    key = keys.signing()
    signature = key.sign(_PURPOSE + manifest)
    told = {
        "algorithm": _ALGORITHM,
        "key_id": key_id(key.public_key()),
        "signature": base64.b64encode(signature).decode(),
    }
    partial = directory / f".{SIGNATURE}.partial"
    partial.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    partial.replace(directory / SIGNATURE)


def check_signature(directory: Path, manifest: bytes, trusted: Trusted) -> None:
    """InputError unless a trusted key signed exactly these bytes of the manifest."""
    from cryptography.exceptions import InvalidSignature

    file = directory / SIGNATURE
    told = _told(file)
    key = trusted.get(told["key_id"])
    if key is None:
        raise InputError(f"{file}: key {told['key_id'][:16]!r} is not trusted here", _MEND)
    try:
        key.verify(base64.b64decode(told["signature"], validate=True), _PURPOSE + manifest)
    except (InvalidSignature, binascii.Error, ValueError):
        raise InputError(f"{file}: the signature is not that of this manifest", _MEND) from None


def _told(file: Path) -> dict[str, str]:
    try:
        with file.open("rb") as stream:
            text = stream.read(SIGNATURE_BYTES_MAX + 1)
    except OSError as error:
        raise InputError(f"{file}: the model is not signed ({error.strerror})", _MEND) from None
    try:
        pairs = json.loads(text, object_pairs_hook=list) if len(text) <= SIGNATURE_BYTES_MAX else ()
    except (ValueError, RecursionError):
        pairs = ()
    names = [pair[0] for pair in pairs if isinstance(pair, tuple)]
    if sorted(names) != ["algorithm", "key_id", "signature"]:
        raise InputError(f"{file} is no signature", _MEND)
    told = dict(pairs)
    if told["algorithm"] != _ALGORITHM or not all(isinstance(it, str) for it in told.values()):
        raise InputError(f"{file}: {told['algorithm']!r} is not {_ALGORITHM}", _MEND)
    return told
