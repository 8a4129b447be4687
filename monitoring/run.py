"""Monitoring runs: from recorded decisions and outcomes to a verdict and its report."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit.contract import PRODUCTS
from credit.errors import InputError
from credit.progress import Progress
from monitoring.retrain_signal import DRIFT

if TYPE_CHECKING:
    from models.artefact import Artefact
    from records.journal import Entry
    from records.store import Records


@dataclass(frozen=True, slots=True)
class MonitoringResult:
    """What a run found: the verdict's kind and line, the figures, and where the report lies."""

    product: str
    kind: str
    verdict: str
    figures: Mapping[str, Any]
    report: Path
    figures_file: Path
    evidently: Path | None

    @property
    def found_drift(self) -> bool:
        """True where the verdict names drift."""
        return self.kind == DRIFT

    def lines(self) -> list[str]:
        """For a person: where the report lies, then the verdict."""
        return [f"report: {self.report}", f"{self.product}: {self.verdict}"]


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest report of a product."""

    report: Path
    verdict: str


def monitor(
    home: Path,
    records: "Records",
    product: str,
    *,
    outcomes_path: Path | None,
    since: date | None,
    until: date | None,
    now: datetime,
    progress: Progress | None = None,
) -> MonitoringResult:
    """Compares the decisions of whole days `since` to `until` with their model's training rows.

    `outcomes_path` is a data directory; without one performance is not judged. InputError where
    nothing was decided, or the model that decided is not registered.
    """
    from monitoring.figures import measure_window, window_days
    from monitoring.report import write_report
    from monitoring.window import assemble, read_outcomes

    tell = progress or _silent
    tell("read decisions", 0.0)
    entries = _entries(records, product, since=since, until=until)
    artefact = _model_of(home, product, entries)
    tell("join outcomes", 0.2)
    outcomes = read_outcomes(outcomes_path, product, now=now) if outcomes_path else {}
    window = assemble(
        entries,
        outcomes,
        model_sha256=artefact.manifest_sha256,
        features=artefact.manifest.features,
    )
    tell("measure", 0.4)
    reference = _reference(artefact)
    figures = measure_window(window, reference, artefact, now=now, days=window_days(window))
    tell("write report", 0.6)
    paths = write_report(home, figures, window=window, reference=reference, artefact=artefact)
    tell("done", 1.0)
    return MonitoringResult(
        product=product,
        kind=figures.verdict.kind,
        verdict=figures.verdict.line,
        figures=figures.to_json(),
        report=paths.report,
        figures_file=paths.figures,
        evidently=paths.evidently,
    )


def decided_products(records: "Records") -> tuple[str, ...]:
    """The products of which anything was decided; InputError where nothing was."""
    from records.journal import scan

    decided = tuple(name for name in PRODUCTS if next(scan(records, product=name), None))
    if not decided:
        raise InputError("nothing was decided yet", "run: vouch serve, or vouch decide FILE")
    return decided


def status(home: Path) -> dict[str, str]:
    """The latest verdict of each product that was monitored."""
    found = {product: _latest(home, product) for product in PRODUCTS}
    return {product: one.verdict for product, one in found.items() if one is not None}


def latest(home: Path, product: str) -> Latest:
    """The latest report of `product`; InputError where there is none."""
    found = _latest(home, product)
    if found is None:
        raise InputError(f"{product} was never monitored", "run: vouch monitor run")
    return found


def _latest(home: Path, product: str) -> Latest | None:
    reports = [
        (json.loads(file.read_text(encoding="utf-8")), file)
        for file in (home / "monitoring" / product).glob("*/monitoring.json")
    ]
    if not reports:
        return None
    figures, file = max(reports, key=lambda one: (one[0]["made_at"], one[0]["last"]))
    return Latest(file.with_name("report.html"), figures["verdict"]["line"])


def _entries(
    records: "Records", product: str, *, since: date | None, until: date | None
) -> list["Entry"]:
    from monitoring.window import read_entries

    if product not in PRODUCTS:
        raise InputError(f"product is {product!r}", f"use one of {', '.join(PRODUCTS)}")
    entries = read_entries(records, product, since=since, until=until)
    if not entries:
        days = f" from {since or 'the first day'} to {until or 'the last'}"
        raise InputError(f"no {product} was decided{days}", "serve, or widen the window")
    return entries


def _model_of(home: Path, product: str, entries: list["Entry"]) -> "Artefact":
    from models.registry import Registry
    from monitoring.window import deciding_model

    sha256 = deciding_model(entries)
    if sha256 is None:
        raise InputError(f"no model scored any of {len(entries)} decisions", "promote a model")
    artefact = Registry(home).find(product, sha256)
    if artefact is None:
        raise InputError(
            f"the model that decided ({sha256[:12]}...) is not registered in {home}",
            "name its home with VOUCH_HOME",
        )
    return artefact


def _reference(artefact: "Artefact") -> Any:
    import pyarrow.parquet as pq

    if not artefact.reference.is_file():
        raise InputError(f"{artefact.directory} keeps no reference rows", "train the model again")
    return pq.read_table(artefact.reference)


def _silent(_stage: str, _done: float) -> None:
    return None
