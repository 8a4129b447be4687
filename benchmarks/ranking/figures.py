"""One tool's figure on one division, made once and then read from where it was kept."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ranking.peers import REVISION, Peer
from benchmarks.ranking.rows import Division
from benchmarks.ranking.vouch import probabilities
from models.measures import measure

VOUCH = "vouch"
ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("training", "models", "credit")


@dataclass(frozen=True, slots=True)
class Figure:
    """P(bad) of the test rows and how long that took; `failure` says why there is none."""

    tool: str
    seconds: float
    probability: Any
    failure: str = ""

    def measured(self, division: Division) -> dict[str, Any]:
        """AUC, Brier, log loss and the rest on the test rows."""
        return dict(measure(division.label[division.test], self.probability))


@dataclass(frozen=True, slots=True)
class Kept:
    """A folder of figures, one JSON file for each division, tool and version of the tool."""

    folder: Path

    def peer(self, peer: Peer, division: Division) -> Figure:
        """The peer's figure; a failure of the tool is its figure too."""
        named = f"{peer.name}-{version(peer.distribution)}-{REVISION}"
        return self._made(named, peer.name, division, lambda: peer.probabilities(division))

    def vouch(self, division: Division, *, trials: int | None) -> Figure:
        """Vouch's figure, made anew whenever its code has changed."""
        named = f"{VOUCH}-{code()}-{'default' if trials is None else trials}"
        scratch = self.folder / "vouch"
        scratch.mkdir(parents=True, exist_ok=True)
        return self._made(
            named, VOUCH, division, lambda: probabilities(division, scratch, trials=trials)
        )

    def _made(self, named: str, tool: str, division: Division, work: Callable[[], Any]) -> Figure:
        file = self.folder / division.key / f"{named}.json"
        if file.is_file():
            found = json.loads(file.read_text())
            return Figure(tool, found["seconds"], np.array(found["probability"]), found["failure"])
        figure = _timed(tool, work)
        if tool == VOUCH and figure.failure:
            raise RuntimeError(figure.failure)
        _write(file, figure, division)
        return figure


def code() -> str:
    """A hash of the sources that make Vouch's figures."""
    digest = hashlib.sha256()
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            digest.update(file.relative_to(ROOT).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:10]


def _timed(tool: str, work: Callable[[], Any]) -> Figure:
    began = time.perf_counter()
    try:
        found = np.asarray(work(), dtype=np.float64)
    except Exception as error:  # noqa: BLE001  # that a tool cannot do a table is a result
        return Figure(tool, time.perf_counter() - began, np.array([]), _short(error))
    return Figure(tool, time.perf_counter() - began, found)


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def _write(file: Path, figure: Figure, division: Division) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    kept: dict[str, Any] = {
        "seconds": round(figure.seconds, 2),
        "failure": figure.failure,
        "probability": [round(float(chance), 9) for chance in figure.probability],
    }
    if not figure.failure:
        kept |= {"measured": figure.measured(division)}
    file.write_text(json.dumps(kept) + "\n")
