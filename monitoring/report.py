"""Writing a window's report: a page, its figures as JSON, and Evidently's page beside them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitoring.figures import PROBABILITY, Figures
from monitoring.page import render

if TYPE_CHECKING:
    from models.artefact import Artefact
    from monitoring.window import Window

PAGE, FIGURES, EVIDENTLY = "report.html", "monitoring.json", "evidently.html"


@dataclass(frozen=True, slots=True)
class Paths:
    """Where a report lies; `evidently` is None where there was nothing to compare."""

    report: Path
    figures: Path
    evidently: Path | None


def write_report(
    home: Path, figures: Figures, *, window: "Window", reference: Any, artefact: "Artefact"
) -> Paths:
    """Writes the report under `home/monitoring/<product>/<first>_<last>/`, replacing it whole.

    `monitoring.json` comes last, so that a report which was cut short is never the latest.
    """
    folder = home / "monitoring" / figures.product / f"{figures.first}_{figures.last}"
    folder.mkdir(parents=True, exist_ok=True)
    beside = None
    if len(window) and figures.score is not None:
        beside = folder / EVIDENTLY
        _write_evidently(beside, figures, window=window, reference=reference, artefact=artefact)
    page = render(figures, evidently=beside.name if beside else None)
    _replace(folder / PAGE, page)
    _replace(folder / FIGURES, json.dumps(figures.to_json(), indent=1, allow_nan=False) + "\n")
    return Paths(folder / PAGE, folder / FIGURES, beside)


def _write_evidently(
    path: Path, figures: Figures, *, window: "Window", reference: Any, artefact: "Artefact"
) -> None:
    import pyarrow as pa

    from monitoring.evidently_page import write_evidently

    scored = window.features.append_column(PROBABILITY, pa.array(window.probability))
    moved = [*filter(None, [figures.score]), *figures.features]
    write_evidently(
        path,
        window=scored,
        reference=reference,
        features=artefact.manifest.features,
        moved=moved,
    )


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
