"""The postroom: carries accepted rows on, to the online features and to the inbox's parts.

One process of a home does it at a time, the one that holds the lock; when it dies, the system lets
go of the lock and another one goes on. What it does can be done again to the same end, so it may
die at any moment.
"""

import fcntl
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from credit.errors import InputError
from records import inbox_parts
from records.group_commit import GroupCommit
from records.store import Records, RecordsUnavailableError, Transaction, open_records
from serving.fresh_rows import FreshRows
from serving.settings import Settings

LOOK_EVERY_SECONDS = 0.5
# A merchant of very many payments a day takes long to add up: decisions want the processor too.
REST_FOR_EACH_SECOND = 3.0
REST_SECONDS_MAX = 3.0
# Builds export what is waiting before they read: between them, few large parts are better.
EXPORT_EVERY_SECONDS = 60.0
LOCK = ".lock"
_log = logging.getLogger("vouch.serving.postroom")


class Postroom:
    """A thread that carries rows on while they are served."""

    def __init__(
        self, records: Records, commit: GroupCommit, folder: Path, fresh: FreshRows
    ) -> None:
        self._records = records
        self._commit = commit
        self._folder = folder
        self._fresh = fresh
        self._lock: IO[str] | None = None
        self._exported = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postroom", daemon=True)

    def start(self) -> None:
        """Carry rows on twice a second until closed."""
        self._thread.start()

    def close(self) -> None:
        """Stop, after what is under way, and leave the rest to another process or the next run."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def look(self) -> None:
        """One look: push what is fresh, and once a minute export."""
        self._try(self._carry)

    def export(self) -> int:
        """Write the parts of what is waiting; how many."""
        return inbox_parts.export(self._records, self._folder, put=self._put)

    def _carry(self) -> None:
        if not self._is_ours():
            return
        if time.monotonic() - self._exported >= EXPORT_EVERY_SECONDS:
            self._exported = time.monotonic()
            self._try(self.export)
        self._fresh.carry()

    def _is_ours(self) -> bool:
        if self._lock is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = (self._folder / LOCK).open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                return False
            self._lock = lock
        return True

    def _put(self, work: Callable[[Transaction], int | None]) -> int | None:
        return self._commit.hand_in(work).result()

    def _run(self) -> None:
        rest = LOOK_EVERY_SECONDS
        while not self._over.wait(rest):
            began = time.monotonic()
            self.look()
            took = time.monotonic() - began
            rest = max(LOOK_EVERY_SECONDS, min(took * REST_FOR_EACH_SECOND, REST_SECONDS_MAX))

    def _try(self, part: Callable[[], object]) -> None:
        try:
            part()
        except (RecordsUnavailableError, InputError, OSError) as error:
            _log.warning("rows wait: %s", error)
        except Exception:  # noqa: BLE001 - a thread that dies would carry nothing ever after
            _log.exception("the postroom failed, and tries again")


def export_inbox(settings: Settings) -> int:
    """Write every accepted row that is in no part yet into one; how many parts.

    For programs that read the inbox beside a data directory. Where no records are, none are made.
    """
    beginning = "sqlite:///"
    url = settings.database_url
    if url.startswith(beginning) and not Path(url.removeprefix(beginning)).exists():
        return 0
    records = open_records(url, fixed_now=settings.now if settings.fixed_now else None)
    try:
        return inbox_parts.export(records, settings.inbox)
    except RecordsUnavailableError as error:
        raise InputError(f"the records do not answer ({error})", "try again") from None
    finally:
        records.close()
