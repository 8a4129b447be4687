"""What is read of a request before anybody thinks about it: headers, body, keys in flight."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from serving.problems import RequestError

BODY_MAX_BYTES = 262_144
KEY_MAX = 255
_KEY = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


async def read_body(request: Request, *, most: int = BODY_MAX_BYTES) -> bytes:
    """The body, if it says that it is JSON and is not too large; it is never read further."""
    media_type = request.headers.get("content-type", "")
    if not _is_json(media_type):
        raise RequestError(
            "MEDIA_TYPE_UNSUPPORTED",
            f"Content-Type is {media_type[:40]!r}",
            "send application/json",
            field="Content-Type",
        )
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length[:19]) > most:
        raise _too_large(length[:19], most)
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise _too_large(f"more than {most}", most)
        chunks.append(chunk)
    return b"".join(chunks)


def idempotency_key(request: Request, *, required: bool) -> str | None:
    """The Idempotency-Key header; RequestError where it is missing or cannot be used."""
    key = request.headers.get("idempotency-key", "").strip()
    if not key:
        if required:
            raise RequestError(
                "IDEMPOTENCY_KEY_MISSING",
                "Idempotency-Key is missing",
                "send a key of your own for each request, and the same one when you try again",
                field="Idempotency-Key",
            )
        return None
    if len(key) > KEY_MAX or not _KEY.fullmatch(key):
        raise RequestError(
            "IDEMPOTENCY_KEY_INVALID",
            f"Idempotency-Key has {len(key)} characters or some that are not ASCII",
            f"send 1 to {KEY_MAX} printable ASCII characters",
            field="Idempotency-Key",
        )
    return key


class KeysInFlight:
    """Keys whose first request is being answered by this process.

    Another process that meets the key waits for the database instead, and finds the answer.
    """

    def __init__(self) -> None:
        self._keys: set[tuple[str, str]] = set()

    @contextmanager
    def holding(self, partner: str, key: str | None) -> Iterator[None]:
        """Keep others out while the block runs; RequestError for whoever is the other."""
        if key is None:
            yield
            return
        held = (partner, key)
        if held in self._keys:
            raise RequestError(
                "IDEMPOTENCY_IN_FLIGHT",
                "a request with this Idempotency-Key is being answered",
                "send it again in a second",
                field="Idempotency-Key",
                value=key,
            )
        self._keys.add(held)
        try:
            yield
        finally:
            self._keys.remove(held)


def _is_json(media_type: str) -> bool:
    kind, _, parameters = media_type.partition(";")
    charset = parameters.replace(" ", "").lower()
    utf8 = charset in {"", "charset=utf-8", 'charset="utf-8"'}
    return kind.strip().lower() == "application/json" and utf8


def _too_large(size: str, most: int) -> RequestError:
    return RequestError("BODY_TOO_LARGE", f"the body has {size} bytes", f"send at most {most}")
