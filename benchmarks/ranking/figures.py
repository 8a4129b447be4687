"""One tool's figure on one division, made once and then read from where it was kept."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ranking.peers import REVISION, Peer
from benchmarks.ranking.rows import Division
from benchmarks.ranking.vouch import trained
from models.measures import measure

VOUCH = "vouch"
ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("training", "models", "credit")


@dataclass(frozen=True, slots=True)
class Figure:
    """P(bad) of the test rows and how long that took; `failure` says why there is none.

    `spent` says of Vouch what the seconds went to.
    """

    tool: str
    seconds: float
    probability: Any
    failure: str = ""
    spent: Mapping[str, float] = field(default_factory=dict)

    def measured(self, division: Division) -> dict[str, Any]:
        """AUC, Brier, log loss and the rest on the test rows."""
        return dict(measure(division.label[division.test], self.probability))


@dataclass(frozen=True, slots=True)
class Kept:
    """A folder of figures, one JSON file for each division, tool and version of the tool."""

    folder: Path

    def peer(self, peer: Peer, division: Division) -> Figure:
        """The peer's figure; a failure of the tool is its figure too."""
        file = self._file(division, f"{peer.name}-{version(peer.distribution)}-{REVISION}")
        if file.is_file():
            return _read(file, peer.name)
        figure = _timed(peer, division)
        _write(file, figure, division)
        return figure

    def vouch(self, division: Division, *, trials: int | None) -> Figure:
        """Vouch's figure, made anew whenever its code has changed."""
        file = self._file(division, f"{VOUCH}-{code()}-{'default' if trials is None else trials}")
        if file.is_file():
            return _read(file, VOUCH)
        probability, spent = trained(division, file.parent, trials=trials)
        figure = Figure(VOUCH, spent.seconds, probability, spent=spent.as_json())
        _write(file, figure, division)
        return figure

    def _file(self, division: Division, named: str) -> Path:
        folder = self.folder / division.key
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{named}.json"


def code() -> str:
    """A hash of the sources that make Vouch's figures."""
    digest = hashlib.sha256()
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            digest.update(file.relative_to(ROOT).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:10]


def _timed(peer: Peer, division: Division) -> Figure:
    began = time.perf_counter()
    try:
        found = np.asarray(peer.probabilities(division), dtype=np.float64)
    except Exception as error:  # noqa: BLE001  # that a tool cannot do a table is a result
        return Figure(peer.name, time.perf_counter() - began, np.array([]), _short(error))
    return Figure(peer.name, time.perf_counter() - began, found)


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def _read(file: Path, tool: str) -> Figure:
    found = json.loads(file.read_text())
    probability = np.array(found["probability"])
    return Figure(tool, found["seconds"], probability, found["failure"], found.get("spent", {}))


def _write(file: Path, figure: Figure, division: Division) -> None:
    kept: dict[str, Any] = {
        "seconds": round(figure.seconds, 2),
        "failure": figure.failure,
        "spent": dict(figure.spent),
        "probability": [round(float(chance), 9) for chance in figure.probability],
    }
    if not figure.failure:
        kept |= {"measured": figure.measured(division)}
    file.write_text(json.dumps(kept) + "\n")
