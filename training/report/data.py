"""Data and window: which rows, from when, how divided, and what was left out."""

from collections.abc import Iterator
from typing import Any

from training.report.dossier import Dossier
from training.report.markup import Markup, element, join
from training.report.tables import Column, folded, listed, pairs, table
from training.report.words import count, day, share, some

_PARTS = (
    ("train", "learns the trees"),
    ("valid", "told by folds that left the row out"),
    ("test", "touched by nothing before the end"),
)


def data(of: Dossier) -> Markup:
    """Parts, window, what was left out, warnings, suspected leaks, duplicates."""
    return join(
        table(
            (
                Column("part", "part"),
                Column("what for", "what"),
                Column("rows", "rows", count),
                Column("bads", "bads", count),
                Column("bad rate", "bad_rate", share),
            ),
            _parts(of),
        ),
        pairs(_window(of)),
        element("h3", "Leaks"),
        _leaks(of),
        _duplicates(of),
        _warnings(of),
        _columns(of),
    )


def _parts(of: Dossier) -> Iterator[dict[str, Any]]:
    for part, what in _PARTS:
        told = of.metrics[part]
        bads = round(told["rows"] * (told["bad_rate"] or 0))
        yield {"part": part, "what": what, "bads": bads} | dict(told)


def _window(of: Dossier) -> Iterator[tuple[str, Any]]:
    data_, split = of.manifest.data, of.metrics["split"]
    if data_.first_observed:
        yield (
            "Observed, before the split",
            f"{day(data_.first_observed)} to {day(data_.last_observed)}",
        )
    how = f"by {split['method']}" if split["method"] == "time" else "at random"
    yield "Divided", how + (f" at {day(split['at'])}" if split["at"] else "")
    yield "Rows before the split", f"{count(data_.rows)}, of which {count(data_.bads)} bad"
    yield "Matured after the split", _immature(split)
    for why, rows in of.metrics.get("left_out", {}).items():
        yield f"Left out: {why}", count(rows)
    yield "Currency", data_.currency
    dropped = of.metrics.get("dropped")
    yield "Columns set aside by hand", ", ".join(dropped) if dropped else None
    protected = of.metrics.get("protected")
    yield "Protected, never features", ", ".join(protected) if protected else None


def _immature(split: dict[str, Any]) -> str | None:
    if not split["immature_at_split"]:
        return None
    purged = f", {count(split['purged'])} dropped" if split["purged"] else ", kept"
    return count(split["immature_at_split"]) + purged


def _leaks(of: Dossier) -> Markup:
    found = [dict(leak) | {"state": "suspected"} for leak in of.metrics["leakage"]]
    found += [dict(leak) | {"state": "allowed by hand"} for leak in of.metrics["leakage_allowed"]]
    if not found:
        return element("p", "No column looks like one that is known only after the outcome.")
    columns = (
        Column("column", "column"),
        Column("why", "why"),
        Column("how sure", "certainty"),
        Column("state", "state"),
    )
    return table(columns, found)


def _duplicates(of: Dossier) -> Markup | None:
    told = of.metrics.get("duplicates")
    if not told:
        return None
    said = "No row equals another in every column."
    if told["rows"]:
        said = (
            f"{some(told['rows'], 'row')} equal an earlier one in every column; "
            f"{some(told['across_split'], 'test row')} ({share(told['share'])}) equal one before "
            "the split, and flatter the figures."
        )
    return join(element("h3", "Rows that repeat"), element("p", said))


def _warnings(of: Dossier) -> Markup | None:
    if not of.metrics["warnings"]:
        return None
    warnings = of.metrics["warnings"]
    said = some(len(warnings), "warning")
    return element("details", element("summary", said), listed(warnings), open="open")


def _columns(of: Dossier) -> Markup:
    rows = [
        {
            "name": it.name,
            "kind": it.dtype,
            "reason": it.reason,
            "words": len(it.vocabulary) or None,
        }
        for it in of.manifest.features
    ]
    columns = (
        Column("feature", "name"),
        Column("kind", "kind"),
        Column("reason it speaks for", "reason"),
        Column("known words", "words", count),
    )
    return folded(some(len(rows), "feature"), table(columns, rows))
