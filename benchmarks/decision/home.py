"""A small synthetic home, made as a user would make it: histories, features, a champion."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

NOW = "2026-07-01T12:00:00+00:00"
LAST_DAY = "2026-06-30"
SIZE = (
    "--merchants",
    "2000",
    "--users",
    "2000",
    "--months",
    "12",
    "--seed",
    "1",
    "--end",
    LAST_DAY,
)


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything lies, and the environment that says so."""

    folder: Path

    @property
    def histories(self) -> Path:
        """The data directory."""
        return self.folder / "histories"

    @property
    def environment(self) -> dict[str, str]:
        """What a process in this home is told."""
        settings = {"VOUCH_HOME": str(self.folder / "home"), "VOUCH_NOW": NOW}
        return {k: v for k, v in os.environ.items() if not k.startswith("VOUCH_")} | settings

    def merchants(self) -> list[str]:
        """Everybody who may ask."""
        import pyarrow.parquet as pq

        ids = pq.read_table(self.histories / "merchants.parquet")["merchant_id"]
        return sorted(set(ids.to_pylist()))


def prepare(folder: Path) -> Home:
    """The home in `folder`; what is there already is used again."""
    home = Home(folder)
    done = folder / "ready"
    if done.exists():
        return home
    data = str(home.histories)
    _vouch(home, "data", "generate", "--out", data, *SIZE)
    _vouch(home, "features", "build", "--data", data, "--as-of", LAST_DAY)
    _vouch(home, "features", "materialize")
    out = str(folder / "training")
    _vouch(home, "train", "merchant-loan", "--data", data, "--trials", "5", "--out", out)
    _promote(home)
    done.touch()
    return home


def _vouch(home: Home, *words: str) -> None:
    print("  vouch", *words[:2], flush=True)
    command = [sys.executable, "-m", "console.main", *words]
    subprocess.run(command, check=True, env=home.environment, stdout=subprocess.DEVNULL)


def _promote(home: Home) -> None:
    """Past the gate: a small world has few bads, and speed asks nothing of a model's merit."""
    from datetime import UTC, datetime

    from models.registry import Registry

    registry = Registry(home.folder / "home")
    registry.promote("merchant-loan:latest", by="benchmark", at=datetime.now(UTC))
