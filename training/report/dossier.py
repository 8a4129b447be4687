"""All that the report tells of one model, and what a section of it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from models.manifest import TABLE, Manifest
from training.report.markup import Markup
from training.report.pictured import Pictured


@dataclass(frozen=True, slots=True)
class Dossier:
    """The manifest, `metrics.json` and what the pictures show."""

    manifest: Manifest
    metrics: Mapping[str, Any]
    seen: Pictured

    @property
    def test(self) -> Mapping[str, Any]:
        """The figures of the test rows."""
        return self.metrics["test"]

    @property
    def test_bads(self) -> int:
        """How many test rows were bad."""
        return round(self.test["rows"] * (self.test["bad_rate"] or 0))

    @property
    def of_a_table(self) -> bool:
        """True where the rows came from any labelled table and not from payment histories."""
        return self.manifest.product == TABLE

    @property
    def cut_off(self) -> float | None:
        """The P(bad) above which a row counts as declined, where one was told."""
        told = self.metrics.get("cut_off")
        return told.get("probability") if isinstance(told, Mapping) else told


@dataclass(frozen=True, slots=True)
class Section:
    """An anchor, a heading, and what stands under it: nothing where there is nothing to tell."""

    anchor: str
    heading: str
    told: Callable[[Dossier], Markup]
