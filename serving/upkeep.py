"""Upkeep: what falls due is expired or published, what is old forgotten, the journal's head noted.

Every part is one whole transaction or one line, so whoever does it may die at any moment; the
next look, in this process or another, goes on from there.
"""

import logging
import threading
import time
from collections.abc import Callable

from records import expiry, policies, retention
from records.anchors import Anchors, head
from records.expiry import expire_due
from records.group_commit import GroupCommit
from records.policy_moves import take_places
from records.retention import retain
from records.store import Records, RecordsUnavailableError

LOOK_EVERY_SECONDS = 1.0
RETAIN_EVERY_SECONDS = 60.0
_log = logging.getLogger("vouch.serving.upkeep")


class Upkeep:
    """A thread that looks after the records while they serve."""

    def __init__(self, records: Records, commit: GroupCommit, anchors: Anchors) -> None:
        self._records = records
        self._commit = commit
        self._anchors = anchors
        self._retained = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Look after things each second until closed."""
        self._thread.start()

    def close(self) -> None:
        """Stop, after the look under way."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """One look: expire, publish, anchor, and once a minute forget; each for itself."""
        for part in (self._expire, self._publish, self._note, self._retain):
            self._try(part)

    def _expire(self) -> None:
        while self._commit.hand_in(expire_due).result() >= expiry.AT_ONCE:
            continue

    def _publish(self) -> None:
        """Scheduled policies decide from their time on; here their place is made to say so."""
        with self._records.reading() as connection:
            coming, now = policies.next_at(connection), self._records.now(connection)
        if coming is not None and coming <= now:
            self._commit.hand_in(take_places).result()

    def _note(self) -> None:
        with self._records.reading() as connection:
            now = head(connection)
        self._anchors.note(now)

    def _retain(self) -> None:
        if time.monotonic() - self._retained >= RETAIN_EVERY_SECONDS:
            self._retained = time.monotonic()
            while self._commit.hand_in(retain).result() >= retention.AT_ONCE:
                continue

    def _run(self) -> None:
        while not self._over.wait(LOOK_EVERY_SECONDS):
            self.look()

    def _try(self, part: Callable[[], None]) -> None:
        try:
            part()
        except RecordsUnavailableError as error:
            _log.warning("upkeep waits for the records: %s", error)
        except Exception:  # noqa: BLE001 - a thread that dies would expire nothing ever after
            _log.exception("upkeep failed, and tries again")
