"""Patience with the database: whoever waits on it too long is freed."""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any, Protocol

from sqlalchemy import Connection

LOOK_EVERY_SECONDS = 0.1


class Breakable(Protocol):
    """A database whose connections can be broken off from another thread."""

    def break_off(self, dbapi_connection: Any) -> None:
        """Free whoever waits on this connection."""
        ...


class Patience:
    """Breaks off connections that are in use for longer than `seconds`.

    A server that takes the line but never answers (a blackholed network, a stopped machine)
    would otherwise hold a thread for good: no timeout on the server's side reaches it.
    """

    def __init__(self, database: Breakable, seconds: float) -> None:
        self._database = database
        self._seconds = seconds
        self._since: dict[int, tuple[float, Any]] = {}
        self._door = threading.Lock()
        self._over = threading.Event()
        self._watch: threading.Thread | None = None

    @contextlib.contextmanager
    def over(self, connection: Connection) -> Iterator[None]:
        """Watch a connection while the block runs."""
        self._start()
        driver = connection.connection.driver_connection
        with self._door:
            self._since[id(driver)] = (time.monotonic(), driver)
        try:
            yield
        finally:
            with self._door:
                self._since.pop(id(driver), None)

    def close(self) -> None:
        """Watch no longer."""
        self._over.set()

    def _start(self) -> None:
        with self._door:
            if self._watch is None:
                self._watch = threading.Thread(target=self._look, name="patience", daemon=True)
                self._watch.start()

    def _look(self) -> None:
        while not self._over.wait(LOOK_EVERY_SECONDS):
            overdue = time.monotonic() - self._seconds
            with self._door:
                late = [driver for since, driver in self._since.values() if since < overdue]
                for driver in late:
                    self._since.pop(id(driver), None)
                    with contextlib.suppress(Exception):  # it may have ended just now
                        self._database.break_off(driver)
