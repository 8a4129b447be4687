"""What the registry says of a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from models.manifest import Manifest

CANDIDATE, CHALLENGER, CHAMPION = "candidate", "challenger", "champion"
SUPERSEDED, DAMAGED = "superseded", "damaged"


@dataclass(frozen=True, slots=True)
class Ref:
    """A registered model: `product:version`."""

    product: str
    version: str

    def __str__(self) -> str:
        return f"{self.product}:{self.version}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the registry; `stage`: candidate, challenger, champion, superseded, damaged."""

    ref: str
    product: str
    version: str
    stage: str
    created_at: datetime
    metrics: Mapping[str, Any]

    def line(self) -> str:
        """The entry for a person: reference, stage, when it was made, its test figures."""
        made = f"{self.created_at:%Y-%m-%d %H:%M}"
        return f"{self.ref}  {self.stage:<10}  {made}  {_figures(self.metrics)}".rstrip()


@dataclass(frozen=True, slots=True)
class Details:
    """One model in full: stage, identity, where it lies, and its manifest."""

    ref: str
    stage: str
    manifest_sha256: str
    directory: Path
    manifest: Manifest

    def lines(self) -> list[str]:
        """The model for a person, a fact a line."""
        made_of, names = self.manifest.data, [it.name for it in self.manifest.features]
        extent = f"{made_of.first_observed} to {made_of.last_observed}"
        return [
            f"{self.ref}  {self.stage}",
            f"made         {self.manifest.created_at:%Y-%m-%d %H:%M} UTC",
            f"sha256       {self.manifest_sha256}",
            f"data         {made_of.rows:,} rows, {made_of.bads:,} bads, {extent}",
            f"test         {_figures(self.manifest.metrics)}",
            f"calibration  {self.manifest.calibration.kind}",
            f"features     {len(names)}: {', '.join(names)}",
            f"directory    {self.directory}",
        ]


def _figures(metrics: Mapping[str, Any]) -> str:
    told = ("rows", "bad_rate", "auc", "gini", "ks", "brier", "ece")
    return "  ".join(f"{name} {_figure(metrics[name])}" for name in told if name in metrics)


def _figure(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
