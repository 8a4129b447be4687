"""Names taken out of the journal and put back: a keyed hash stands for a merchant or a consumer.

Each subject has a key of its own (HMAC-SHA-256). While the key is there, the token proves whose
row it is; once it is forgotten nothing leads from the token to the name, not even trying every
name there is, and the journal's chain, which only ever saw the token, still holds.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from credit.contract import ENTITY_OF, INSTALMENT_OFFER

KIND_OF: Mapping[str, str] = {**ENTITY_OF, INSTALMENT_OFFER: "merchant"}
ERASED = "erased:"


def token_of(key: bytes, kind: str, entity_id: str) -> str:
    """What stands in the journal for this subject."""
    return hmac.new(key, f"{kind}:{entity_id}".encode(), hashlib.sha256).hexdigest()


def content_tag(key: bytes, content_sha256: str) -> str:
    """What tells two requests of one subject apart, and nothing of either."""
    return hmac.new(key, content_sha256.encode(), hashlib.sha256).hexdigest()


def without_name(entry: Mapping[str, Any], token: str) -> dict[str, Any]:
    """An entry as it is kept: the token in the name's place, the content's hash left out."""
    request = {**entry["request"], _field(entry): token}
    kept = {**entry, "entity_id": token, "request": request}
    kept.pop("content_sha256", None)
    return kept


def with_name(kept: Mapping[str, Any], entity_id: str | None) -> dict[str, Any]:
    """The entry as it was handed in; where the name was erased, a mark of it."""
    name = entity_id if entity_id is not None else ERASED + kept["entity_id"][:16]
    request = {**kept["request"], _field(kept): name}
    return {**kept, "entity_id": name, "request": request}


def _field(entry: Mapping[str, Any]) -> str:
    return f"{KIND_OF[entry['product']]}_id"
