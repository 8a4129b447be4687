"""Evidence that always comes: what a source cannot tell is UNAVAILABLE, with why in few words."""

import logging
import time
from collections.abc import Sequence
from datetime import datetime

from credit.policy.evidence import Evidence, Freshness
from serving.desk import EvidenceSource

SAME_WORDS_EVERY_SECONDS = 1.0


class _Seldom(logging.Filter):
    """The same words once a second at most: a source that is away must not fill the disk."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        words, now = record.getMessage(), time.monotonic()
        if now - self._last.get(words, -SAME_WORDS_EVERY_SECONDS) < SAME_WORDS_EVERY_SECONDS:
            return False
        self._last[words] = now
        return True


_log = logging.getLogger("vouch.serving.evidence")
_log.addFilter(_Seldom())


def read_evidence(
    product: str, source: EvidenceSource, entity_ids: Sequence[str], *, now: datetime
) -> list[Evidence]:
    """What `source` knows of each entity, in order; UNAVAILABLE for all where it fails.

    The log has the error; the answer names it by kind alone.
    """
    try:
        return _one_for_each(entity_ids, source.read(entity_ids, now=now))
    except Exception as error:  # noqa: BLE001 - any source may stand behind the protocol
        kind = type(error).__name__
        _log.warning("%s features cannot be read: %s", product, kind, exc_info=True)
        return [unavailable(f"the source failed: {kind}")] * len(entity_ids)


def _one_for_each(entity_ids: Sequence[str], read: list[Evidence]) -> list[Evidence]:
    if len(read) != len(entity_ids):
        raise ValueError(f"{len(read)} answers for {len(entity_ids)} entities")
    return read


def unavailable(detail: str) -> Evidence:
    """Nothing is known, and why."""
    return Evidence({}, None, Freshness.UNAVAILABLE, detail)


def note_slow(product: str, detail: str) -> None:
    """Says in the log that a product's features did not come in time."""
    _log.warning("%s features are %s", product, detail)
