"""The keys of one home: the one it signs with, and those whose artefacts it believes.

They lie outside every artefact, so that nobody who can change a model can also change who is
believed.
"""

import hashlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from credit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

KEYS = "keys"
SIGNING = "signing.pem"
TRUSTED = "trusted"
PUBLIC = ".pub"
KEY_BYTES_MAX = 4096
_MEND = "put back a PEM file of an Ed25519 key"


class Keys:
    """Ed25519 keys in `folder`: `signing.pem`, and `trusted/KEY_ID.pub` for each one believed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def signing(self) -> "Ed25519PrivateKey":
        """The home's own key, made on first use; whoever makes it at the same time gets the same.

        Its public half is believed from then on.
        """
        file = self._folder / SIGNING
        if not file.is_file():
            self._make(file)
        key = _private(file)
        own = self._folder / TRUSTED / f"{key_id(key.public_key())}{PUBLIC}"
        if not own.is_file():
            _place(own, _public_pem(key.public_key()), mode=0o644)
        return key

    def trusted(self) -> "Mapping[str, Ed25519PublicKey]":
        """The keys whose artefacts are believed, by their id."""
        files = sorted((self._folder / TRUSTED).glob(f"*{PUBLIC}"))
        keys = [_public(file) for file in files]
        return {key_id(key): key for key in keys}

    def trust(self, file: Path) -> str:
        """Believes the artefacts signed with the key in `file` too; its id."""
        key = _public(file)
        known = key_id(key)
        _place(self._folder / TRUSTED / f"{known}{PUBLIC}", _public_pem(key), mode=0o644)
        return known

    def _make(self, file: Path) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
        )

        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _place(file, pem, mode=0o600)


def home_keys(home: Path) -> Keys:
    """The keys of the home at `home`."""
    return Keys(home / KEYS)


def key_id(key: "Ed25519PublicKey") -> str:
    """The name of a public key: sixteen hexadecimal digits of its hash."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def _place(file: Path, content: bytes, *, mode: int) -> None:
    """Puts `content` at `file` whole and never in another's place: who came first stays."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(partial, file)
    except FileExistsError:
        pass
    finally:
        partial.unlink()


def _private(file: Path) -> "Ed25519PrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(_read(file), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InputError(f"{file} holds no private key", _MEND) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"{file} holds a key of another kind than Ed25519", _MEND)
    return key


def _public(file: Path) -> "Ed25519PublicKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(_read(file))
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(f"{file} holds no public key", _MEND) from None
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(f"{file} holds a key of another kind than Ed25519", _MEND)
    return key


def _public_pem(key: "Ed25519PublicKey") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(KEY_BYTES_MAX + 1)
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror})", _MEND) from None
    if len(content) > KEY_BYTES_MAX:
        raise InputError(f"{file} is too long for a key", _MEND)
    return content
