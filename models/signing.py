"""Who made an artefact: an Ed25519 signature over its manifest, which pins every other file."""

import json
import re
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
_HEX = re.compile(r"[0-9a-f]{128}")  # capitals and blanks would read as the same signature
_NAMES = {"algorithm", "key_id", "signature"}
_MEND = "train the model again, or trust the key of who signed it (vouch models trust FILE.pub)"

Trusted = Mapping[str, "Ed25519PublicKey"]


def sign(directory: Path, manifest: bytes, keys: Keys) -> None:
    """Writes `manifest.sig` into `directory`: the home's own key says that it made these bytes."""
    key = keys.signing()
    signature = key.sign(_PURPOSE + manifest)
    told = {
        "algorithm": _ALGORITHM,
        "key_id": key_id(key.public_key()),
        "signature": signature.hex(),
    }
    partial = directory / f".{SIGNATURE}.partial"
    partial.write_bytes(_rendered(told))
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
        key.verify(bytes.fromhex(told["signature"]), _PURPOSE + manifest)
    except (InvalidSignature, ValueError):
        raise InputError(f"{file}: the signature is not that of this manifest", _MEND) from None


def _told(file: Path) -> dict[str, str]:
    try:
        with file.open("rb") as stream:
            text = stream.read(SIGNATURE_BYTES_MAX + 1)
    except OSError as error:
        raise InputError(f"{file}: the model is not signed ({error.strerror})", _MEND) from None
    told = _parsed(text) if len(text) <= SIGNATURE_BYTES_MAX else {}
    # One way to write a signature, to the byte: no other text passes for it.
    if set(told) != _NAMES or _rendered(told) != text or not _HEX.fullmatch(told["signature"]):
        raise InputError(f"{file} is no signature", _MEND)
    if told["algorithm"] != _ALGORITHM:
        raise InputError(f"{file}: {told['algorithm']!r} is not {_ALGORITHM}", _MEND)
    return told


def _parsed(text: bytes) -> dict[str, str]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    whole = isinstance(told, dict) and all(isinstance(value, str) for value in told.values())
    return told if whole else {}


def _rendered(told: Mapping[str, str]) -> bytes:
    return (json.dumps(told, indent=1) + "\n").encode()
