"""A process that brings a home's latest day online, and may be killed while it does."""

import multiprocessing
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

ROWS_A_STEP = 100


class Writers:
    """Starts writers from one process that has loaded Feast already: loading it takes seconds."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        loaded = ["features.materialising", "features.online_sqlite", "features.online_redis"]
        self._context.set_forkserver_preload([*loaded, "tests.stand.online_writer"])

    def start(self, home: Path, *, now: datetime, online_store: str) -> BaseProcess:
        """A writer that has just begun."""
        ours, theirs = self._context.Pipe()
        writer = self._context.Process(
            target=write, args=(home, now, online_store, theirs), daemon=True
        )
        writer.start()
        assert ours.recv() == "begins"
        return writer


def write(home: Path, now: datetime, online_store: str, told: Connection) -> None:
    """What a writer does: materialize, in small steps so that it may die in many places."""
    from features import materialising

    materialising.ENTITIES_A_STEP = ROWS_A_STEP
    materialising.open_store(home, online=online_store)  # loaded, so that all time is writing
    told.send("begins")
    materialising.materialize(home, now=now, online_store=online_store)
