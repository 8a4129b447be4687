"""`report.html`: what a person who signs for the model wants to see, verdict first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from models.manifest import Manifest
from training.report.pictures import Pictured, pictures
from training.report.style import STYLE
from training.report.verdict import verdict

PARTS = (("train", "train"), ("valid (out of fold)", "valid"), ("test", "test"))
FIGURES = ("rows", "bad_rate", "auc", "gini", "ks", "brier", "log_loss", "ece")


def write_report(
    path: Path, manifest: Manifest, metrics: Mapping[str, Any], seen: Pictured
) -> None:
    """Writes one self-contained page; whatever it prints is escaped."""
    title = f"{manifest.product}: {manifest.version}"
    body = "".join(_sections(manifest, metrics, seen))
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>\n"
    )
    path.write_text(page, encoding="utf-8")


def _sections(manifest: Manifest, metrics: Mapping[str, Any], seen: Pictured) -> Iterator[str]:
    said = verdict(metrics)
    yield f'<p class="verdict {said.tone}"><b>{escape(said.word)}.</b> {escape(said.why)}</p>'
    yield from _warnings(metrics)
    yield _section("Performance", _performance(metrics), _difference(metrics))
    yield f'<div class="charts">{"".join(pictures(seen))}</div>'
    yield _section("Score bands on the test rows", _bands(seen))
    yield _section("Test rows by month", _months(seen)) if seen.months is not None else ""
    yield _section("Data and window", _pairs(_window(manifest, metrics)))
    yield _section("Leakage", _leakage(metrics))
    yield _section("Directions held", _directions(manifest))
    yield _section("Lineage", _pairs(_lineage(manifest, metrics)))


def _section(heading: str, *parts: str) -> str:
    return f"<section><h2>{escape(heading)}</h2>{''.join(parts)}</section>"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_shown(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _pairs(facts: Iterable[tuple[str, Any]]) -> str:
    return _table(("", ""), facts)


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _warnings(metrics: Mapping[str, Any]) -> Iterator[str]:
    if metrics["warnings"]:
        items = "".join(f"<li>{escape(warning)}</li>" for warning in metrics["warnings"])
        yield f"<details open><summary>Warnings</summary><ul>{items}</ul></details>"


def _performance(metrics: Mapping[str, Any]) -> str:
    rows = [(name, *(metrics[part][figure] for figure in FIGURES)) for name, part in PARTS]
    rows += [
        (f"{name} on test", *(figures[figure] for figure in FIGURES))
        for name, figures in metrics["benchmarks"].items()
    ]
    return _table(("", *FIGURES), rows)


def _difference(metrics: Mapping[str, Any]) -> str:
    lines = []
    for name, figures in metrics["benchmarks"].items():
        gap = figures["auc_difference"]
        if gap["mean"] is not None:
            lines.append(
                f"AUC less that of {name}: {gap['mean']:+.4f}, 95% interval {gap['low']:+.4f} to "
                f"{gap['high']:+.4f} (paired bootstrap, {gap['draws']} draws)."
            )
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _bands(seen: Pictured) -> str:
    order = np.argsort(seen.probability, kind="stable")
    rows = []
    for place, part in enumerate(np.array_split(order, 10)):
        if len(part):
            chance, bad = seen.probability[part], seen.label[part]
            extent = f"{chance.min():.4f} to {chance.max():.4f}"
            rows.append((place + 1, extent, len(part), int(bad.sum()), _mean(bad), _mean(chance)))
    return _table(("band", "P(bad)", "rows", "bads", "bad rate", "mean P(bad)"), rows)


def _mean(values: Any) -> float:
    return float(values.mean())


def _months(seen: Pictured) -> str:
    from models.measures import auc

    rows = []
    for month in np.unique(seen.months):
        mine = seen.months == month
        label, chance = seen.label[mine], seen.probability[mine]
        rows.append((str(month), int(mine.sum()), _mean(label), _mean(chance), auc(label, chance)))
    return _table(("month", "rows", "bad rate", "mean P(bad)", "auc"), rows)


def _window(manifest: Manifest, metrics: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    data, split = manifest.data, metrics["split"]
    for name, value in manifest.label.items():
        yield f"label: {name}", value
    yield "rows before the split", data.rows
    yield "bads before the split", data.bads
    yield "first and last observed", f"{data.first_observed or '–'} to {data.last_observed or '–'}"
    yield "split", f"by {split['method']}" + (f" at {split['at']}" if split["at"] else "")
    yield "rows matured after the split", split["immature_at_split"]
    yield "of these dropped", split["purged"]
    for why, count in metrics.get("left_out", {}).items():
        yield f"outcomes left out: {why}", count
    yield "currency", data.currency
    yield "hours counted at UTC offset (minutes)", manifest.utc_offset_minutes


def _leakage(metrics: Mapping[str, Any]) -> str:
    found = [(it["column"], it["why"], it["certainty"]) for it in metrics["leakage"]]
    passed = [(it["column"], it["why"], "allowed by hand") for it in metrics["leakage_allowed"]]
    if not found and not passed:
        return "<p>No column looks like one that is known only after the outcome.</p>"
    return _table(("column", "why", "how sure"), found + passed)


def _directions(manifest: Manifest) -> str:
    held = [feature for feature in manifest.features if feature.direction]
    if not held:
        return "<p>No feature was given a direction.</p>"
    words = {1: "may only raise P(bad)", -1: "may only lower P(bad)"}
    said = "<p>Swept over real rows after training: no violation.</p>"
    return said + _table(("feature", "more of it"), [(f.name, words[f.direction]) for f in held])


def _lineage(manifest: Manifest, metrics: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "made", f"{manifest.created_at:%Y-%m-%d %H:%M} UTC"
    yield "data SHA-256", manifest.data.sha256
    yield "feature definitions SHA-256", manifest.definitions_sha256
    yield "features", len(manifest.features)
    yield "calibration", metrics["calibration"]["kind"]
    for name, value in metrics["fit"].items():
        if name != "parameters":
            yield name, str(value)
    for name, value in metrics["fit"]["parameters"].items():
        yield f"LightGBM: {name}", str(value)
    for name, value in manifest.libraries.items():
        yield name, value
