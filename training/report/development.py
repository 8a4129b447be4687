"""Development and conceptual soundness: what the model is made of, and why that is sound."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from training.report.dossier import Dossier
from training.report.lying import bars
from training.report.markup import Markup, element, join
from training.report.tables import Column, folded, long_table, pairs, table
from training.report.words import count, figure, number, share, short, some, text

STRONGEST = 15
POINTS_FOLDED = 400  # bins of a scorecard that a page bears


def development(of: Dossier) -> Markup:
    """The method, the blend's parts, what moves scores, and the scorecard beside it."""
    return join(
        element("p", _method(of)),
        _components(of),
        _strengths(of),
        pairs(_facts(of)),
        _parameters(of),
        _scorecard(of),
    )


def _method(of: Dossier) -> str:
    parts = of.metrics["fit"].get("components") or ()
    said = "Gradient-boosted trees (LightGBM), fitted in folds and averaged"
    if len(parts) > 1:
        said = (
            f"A blend of {some(len(parts), 'model')}, weighted by what each adds on rows that it "
            "did not see, and written as one LightGBM text"
        )
    return (
        f"{said}: what is judged here is byte for byte what serves. Contributions to a score are "
        "exact (TreeSHAP), missing values stay missing, and directions that the trade knows are "
        "held by construction and swept after the fit."
    )


def _components(of: Dossier) -> Markup | None:
    parts = of.metrics["fit"].get("components")
    if not parts:
        return None
    rows = [dict(part) | {"rounds": _rounds(part.get("rounds"))} for part in parts]
    columns = (
        Column("component", "name"),
        Column("weight", "weight", short),
        Column("log loss alone, out of fold", "log_loss", figure),
        Column("rounds", "rounds"),
    )
    shown = [(str(row["name"]), max(row["weight"], 0.0)) for row in rows]
    drawing = bars("Weights in the blend", "How much each part counts.", shown, show=short)
    both = element("div", table(columns, rows), drawing, class_="charts")
    return join(element("h3", "What is blended"), both)


def _rounds(rounds: Any) -> str:
    if isinstance(rounds, Sequence) and not isinstance(rounds, str):
        return ", ".join(str(one) for one in rounds if one) or text(None)
    return text(rounds or None)


def _strengths(of: Dossier) -> Markup | None:
    ranked = sorted(of.seen.strengths.items(), key=lambda item: (-item[1], item[0]))
    used = [(name, value) for name, value in ranked if value > 0]
    if not used:
        return None
    title = "What moves scores: share of the mean absolute contribution"
    said = f"The {some(min(len(used), STRONGEST), 'strongest feature')}, strongest first."
    return join(
        element("h3", "What the model listens to"),
        bars(title, said, used[:STRONGEST]),
        element("p", _unused(of, len(used)), class_="soft"),
    )


def _unused(of: Dossier, used: int) -> str:
    every = len(of.manifest.features)
    return f"{used:,} of {some(every, 'feature')} moved a score of the rows looked at."


def _facts(of: Dossier) -> Iterator[tuple[str, Any]]:
    fit = of.metrics["fit"]
    yield "Features", count(fit["features"])
    yield "Settings tried", count(fit["trials"])
    yield "Rounds of boosting", _rounds(fit.get("rounds"))
    yield "Seed", text(fit["seed"])


def _parameters(of: Dossier) -> Markup | None:
    rows = [
        {"name": name, "value": str(value)}
        for name, value in of.metrics["fit"]["parameters"].items()
    ]
    if not rows:
        return None
    return folded(
        "Parameters", table((Column("parameter", "name"), Column("value", "value")), rows)
    )


def _scorecard(of: Dossier) -> Markup | None:
    rows: Sequence[Mapping[str, Any]] = of.metrics.get("scorecard") or ()
    if isinstance(rows, Mapping):
        rows = rows.get("points") or ()
    if not rows:
        return None
    columns = (
        Column("column", "column"),
        Column("bin", "bin"),
        Column("rows", "rows", count),
        Column("bads", "bads", count),
        Column("bad rate", "bad_rate", share),
        Column("weight of evidence", "woe", short),
        Column("information value", "iv", short),
        Column("points", "points", number),
    )
    said = "A points table of the same rows (weight of evidence): a benchmark, and "
    said += "what a lender can run without any of this."
    inside = long_table(columns, rows[:POINTS_FOLDED], first=60)
    return folded("The WOE scorecard beside it, in points", element("p", said), inside)
