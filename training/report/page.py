"""`report.html`: what a person who signs for the model wants to see, verdict first.

Its headings follow the guidance on model risk (SR 26-2 of 2026, before it SR 11-7 of 2011):
purpose and use, data, development and conceptual soundness, outcomes analysis, limitations,
implementation and controls, ongoing monitoring, governance.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from models.manifest import Manifest
from training.report.banding import banding
from training.report.controls import controls
from training.report.data import data
from training.report.development import development
from training.report.directions import directions
from training.report.dossier import Dossier, Section
from training.report.fair import fair
from training.report.limits import limits
from training.report.lineage import lineage
from training.report.markup import Markup, element, join
from training.report.out_of_sample import out_of_sample
from training.report.performance import performance
from training.report.pictured import Pictured
from training.report.purpose import purpose
from training.report.reasons import reasons
from training.report.sign_off import sign_off
from training.report.steadiness import steadiness
from training.report.style import STYLE
from training.report.summary import summary
from training.report.trueness import trueness

SECTIONS = (
    Section("purpose", "Purpose and use", purpose),
    Section("data", "Data and window", data),
    Section("development", "Development and conceptual soundness", development),
    Section("performance", "Performance and outcomes analysis", performance),
    Section("calibration", "Calibration", trueness),
    Section("bands", "Score bands and expected loss", banding),
    Section("stability", "Stability", steadiness),
    Section("directions", "Directions and dependence", directions),
    Section("reasons", "Reasons, and what would change them", reasons),
    Section("fairness", "Fairness", fair),
    Section("sample", "What is not in the sample", out_of_sample),
    Section("limits", "Limitations", limits),
    Section("controls", "Implementation, controls and ongoing monitoring", controls),
    Section("lineage", "Lineage", lineage),
    Section("sign-off", "Governance and sign-off", sign_off),
)


def write_report(
    path: Path, manifest: Manifest, metrics: Mapping[str, Any], seen: Pictured
) -> None:
    """Writes one self-contained page; whatever it prints is escaped."""
    path.write_text(page(Dossier(manifest, metrics, seen)), encoding="utf-8")


def page(of: Dossier) -> str:
    """The page's HTML. A section of which nothing is known is left out."""
    title = _title(of)
    told = [(section, section.told(of)) for section in SECTIONS]
    shown = [(section, body) for section, body in told if body]
    main = element("main", summary(of, title), _contents(shown), *_bodies(shown), _foot())
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Markup(STYLE)),
    )
    return "<!doctype html>" + element("html", head, element("body", main), lang="en") + "\n"


def _title(of: Dossier) -> str:
    if not of.of_a_table:
        return f"{of.manifest.product}: {of.manifest.version}"
    rows, label = of.metrics.get("table", "table"), of.manifest.label.get("column", "bad")
    return f"{rows}: model of {label}"


def _contents(shown: list[tuple[Section, Markup]]) -> Markup:
    links = (
        element("li", element("a", section.heading, href=f"#{section.anchor}"))
        for section, _ in shown
    )
    return element("nav", element("ol", *links), aria_label="Contents")


def _bodies(shown: list[tuple[Section, Markup]]) -> Iterator[Markup]:
    for number, (section, body) in enumerate(shown, start=1):
        heading = element("h2", element("span", str(number), class_="no"), section.heading)
        yield element("section", join(heading, body), id=section.anchor)


def _foot() -> Markup:
    said = (
        "Headings follow supervisory guidance on model risk management (SR 26-2; earlier SR 11-7)."
    )
    return element("footer", said)
