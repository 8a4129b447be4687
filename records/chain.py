"""The chain over the journal: what was written stays as it was, or is found out.

Decisions, operations and policy events share one numbering without gaps. Each transaction's rows
are one batch; a batch's hash covers the hash before it, its bounds, its time and every row, so a
change, a gap, a swap or a cut anywhere breaks every hash after it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

GENESIS = hashlib.sha256(b"vouch journal").hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """Where the journal ends: its last batch, last row, when it was sealed, and the hash of all."""

    batch: int
    seq: int
    sealed_at: str
    sha256: str


def row_sha256(table: str, row: Mapping[str, Any]) -> bytes:
    """The hash of one journal row, over every column it has."""
    content = [table, *(row[name] for name in sorted(row))]
    return hashlib.sha256(orjson.dumps(content)).digest()


def sealed(before: Head, row_hashes: Iterable[bytes], *, last_seq: int, sealed_at: str) -> Head:
    """The head after one more batch."""
    bounds = orjson.dumps([before.batch + 1, before.seq + 1, last_seq, sealed_at])
    batch = hashlib.sha256(before.sha256.encode() + bounds)
    for one in row_hashes:
        batch.update(one)
    return Head(before.batch + 1, last_seq, sealed_at, batch.hexdigest())
