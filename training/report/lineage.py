"""Lineage: what this model was made of, by what, and how to make it again."""

from collections.abc import Iterator
from typing import Any

from training.report.dossier import Dossier
from training.report.markup import Markup, element, join
from training.report.tables import pairs
from training.report.words import count, text


def lineage(of: Dossier) -> Markup:
    """Hashes, revision, seed and versions."""
    return join(
        pairs(_facts(of)),
        element("h3", "Versions"),
        pairs(of.manifest.libraries.items()),
        element(
            "p",
            "Equal data, seed and versions give equal bytes of the model and its figures, whatever "
            "the number of threads.",
            class_="soft",
        ),
    )


def _facts(of: Dossier) -> Iterator[tuple[str, Any]]:
    manifest = of.manifest
    yield "Made", f"{manifest.created_at:%Y-%m-%d %H:%M} UTC"
    yield "Version", manifest.version
    yield "Code", of.metrics.get("code")
    yield "Table", of.metrics.get("table")
    yield "Data SHA-256", manifest.data.sha256
    yield "Feature definitions SHA-256", manifest.definitions_sha256
    yield "Model SHA-256", manifest.model_sha256 or None
    yield "Rows, of which bad", f"{count(manifest.data.rows)}, {count(manifest.data.bads)}"
    yield "Seed", text(manifest.seed)
    yield "Settings tried", count(of.metrics["fit"]["trials"])
    yield "Hours counted at UTC offset", f"{manifest.utc_offset_minutes} minutes"
