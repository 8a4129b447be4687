"""Performance: how well it ranks, how sure that is, and against what."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.measures import roc
from training.report.charts import Series, chart, steps, whiskers
from training.report.dossier import Dossier
from training.report.frame import Frame
from training.report.groups import groups, month_names
from training.report.lying import Interval, forest
from training.report.markup import Markup, element, join
from training.report.tables import Column, table
from training.report.words import between, count, figure, percent, share, signed

SCORE_BINS = 40
AUC_ROOM = 0.02
NAMES: Mapping[str, str] = {
    "logistic": "logistic regression",
    "lightgbm_default": "LightGBM as it comes",
    "scorecard": "WOE scorecard",
}
FIGURES = (
    Column("rows", "rows", count),
    Column("bad rate", "bad_rate", share),
    Column("AUC", "auc", figure),
    Column("Gini", "gini", figure),
    Column("KS", "ks", figure),
    Column("Brier", "brier", figure),
    Column("log loss", "log_loss", figure),
    Column("ECE", "ece", figure),
)


def performance(of: Dossier) -> Markup:
    """Headline figures with intervals, benchmarks, curves, months and segments."""
    return join(
        element("div", _headline(of), _forest(of), class_="charts"),
        element("h3", "Against the benchmarks"),
        _benchmarks(of),
        element("div", _roc(of), _scores(of), class_="charts"),
        _months(of),
        _segments(of),
    )


def _headline(of: Dossier) -> Markup:
    known = of.metrics.get("intervals", {})
    rows = [
        {"figure": column.heading, "test": column.show(of.test[column.key])}
        | {"interval": between(known.get(column.key), column.show)}
        | {part: column.show(of.metrics[part][column.key]) for part in ("valid", "train")}
        for column in FIGURES
    ]
    columns = (
        Column("", "figure"),
        Column("test", "test", str),
        Column("95% interval", "interval", str),
        Column("valid, out of fold", "valid", str),
        Column("train", "train", str),
    )
    said = "Intervals are bootstraps over the test rows"
    said += f" ({known['draws']:,} draws)." if known else "."
    if known.get("ece_by_chance") is not None:
        said += f" True probabilities show an ECE up to {figure(known['ece_by_chance'])} by chance."
    said += " Train figures are of rows the model saw, and flatter it."
    return element("div", table(columns, rows), element("p", said, class_="soft"))


def _benchmarks(of: Dossier) -> Markup:
    rows = [{"name": "Vouch", "gap": "", "brier_gap": ""} | dict(of.test)]
    rows += [
        dict(told)
        | {"name": NAMES.get(name, name)}
        | {"gap": _gap(told.get("auc_difference"))}
        | {"brier_gap": _gap(told.get("brier_difference"))}
        for name, told in of.metrics["benchmarks"].items()
    ]
    columns = (
        Column("on the test rows", "name"),
        *FIGURES[2:],
        Column("AUC of Vouch less this", "gap", str),
        Column("Brier of Vouch less this", "brier_gap", str),
    )
    return table(columns, rows)


def _forest(of: Dossier) -> Markup | None:
    rows = []
    for name, told in of.metrics["benchmarks"].items():
        gap = told.get("auc_difference")
        if gap and gap["mean"] is not None:
            behind = gap["high"] is not None and gap["high"] < 0
            label = NAMES.get(name, name)
            rows.append(Interval(label, gap["mean"], gap["low"], gap["high"], doubtful=behind))
    if not rows:
        return None
    return forest(
        "AUC of Vouch less that of each benchmark, 95% paired bootstrap",
        "Right of the line Vouch ranks better, left of it worse.",
        rows,
        line=0.0,
        line_says="equal",
        show=signed,
    )


def _gap(gap: Mapping[str, Any] | None) -> str:
    if not gap or gap["mean"] is None:
        return ""
    return f"{signed(gap['mean'])} ({between(gap, signed)})"


def _roc(of: Dossier) -> Markup:
    frame = Frame("share of goods above the score", "share of bads above the score")
    lines = []
    everyone = [("Vouch", of.seen.probability)]
    everyone += [(NAMES.get(name, name), it) for name, it in of.seen.benchmarks.items()]
    for style, (name, chance) in enumerate(everyone):
        curve = roc(of.seen.label, chance)
        if curve is not None:
            lines.append(Series(name, curve[0], curve[1], style % 4))
    diagonal = element(
        "line", x1=frame.x(0), y1=frame.y(0), x2=frame.x(1), y2=frame.y(1), class_="ideal"
    )
    said = "ROC curves: the further above the diagonal, the better bads are found before goods."
    return chart("ROC, test rows", said, frame, lines[::-1], under=[diagonal])


def _scores(of: Dossier) -> Markup:
    chance = np.clip(of.seen.probability, 1e-6, 1 - 1e-6)
    if not len(chance):
        return join()
    odds = np.log(chance / (1 - chance))
    edges = np.linspace(odds.min() - 1e-6, odds.max() + 1e-6, SCORE_BINS + 1)
    lines, most = [], 0.0
    for style, (name, outcome) in enumerate((("goods", 0), ("bads", 1))):
        mine = odds[of.seen.label == outcome]
        if len(mine):
            heights = np.histogram(mine, edges)[0] / len(mine)
            most = max(most, float(heights.max()))
            lines.append(Series(name, *steps(edges, heights), style))
    ends = float(edges[0]), float(edges[-1])
    frame = Frame("log odds of bad", "share of the class", *ends, 0, (most or 1) * 1.06)
    said = "Goods and bads by score: the less they overlap, the better the model tells them apart."
    return chart("Scores by outcome, test rows", said, frame, lines)


def _months(of: Dossier) -> Markup | None:
    rows = of.metrics["calibration"].get("by_month")
    if not rows:
        return None
    ranked = [(place, row) for place, row in enumerate(rows) if row.get("auc") is not None]
    pictures = [_rates(rows)]
    if len(ranked) > 1:
        pictures.append(_aucs(rows, ranked))
    return join(
        element("h3", "By month of the test rows"),
        element("div", *pictures, class_="charts"),
        groups("month", rows),
    )


def _rates(rows: Any) -> Markup:
    most = max([row["high"] or 0 for row in rows] + [row["expected"] for row in rows]) * 1.08 or 1.0
    frame = Frame("", "bad rate", -0.5, len(rows) - 0.5, 0, most, show_y=percent, bottom=28)
    xs = list(range(len(rows)))
    known = [(x, row) for x, row in zip(xs, rows, strict=True) if row["bad_rate"] is not None]
    reach = whiskers(
        frame, [x for x, _ in known], [r["low"] for _, r in known], [r["high"] for _, r in known]
    )
    series = (
        Series("observed, 95% interval", [x for x, _ in known], [r["bad_rate"] for _, r in known],
               kind="dots"),
        Series("expected", xs, [row["expected"] for row in rows], 1, kind="linked"),
    )  # fmt: skip
    said = "Observed bad rate with its interval beside the expected one, month by month."
    names = month_names([row["group"] for row in rows])
    return chart("Bad rate by month", said, frame, series, over=[reach], names_x=names)


def _aucs(rows: Any, ranked: Any) -> Markup:
    values = [row["auc"] for _, row in ranked]
    reached = [row[end] for _, row in ranked for end in ("auc_low", "auc_high")]
    every = [*values, *(end for end in reached if end is not None)]
    ends = max(0.0, min(every) - AUC_ROOM), min(1.0, max(every) + AUC_ROOM)
    frame = Frame("", "AUC", -0.5, len(rows) - 0.5, *ends, bottom=28)
    series = (Series("AUC, 95% interval", [place for place, _ in ranked], values, kind="linked"),)
    names = month_names([row["group"] for row in rows])
    sure = [(place, row) for place, row in ranked if row.get("auc_low") is not None]
    reach = whiskers(
        frame, [at for at, _ in sure], [r["auc_low"] for _, r in sure],
        [r["auc_high"] for _, r in sure],
    )  # fmt: skip
    said = "AUC of each month alone."
    return chart("AUC by month", said, frame, series, over=[reach], names_x=names)


def _segments(of: Dossier) -> Markup | None:
    told = {
        name: rows for name, rows in of.metrics["calibration"].get("by_segment", {}).items() if rows
    }
    if not told:
        return None
    tables = (groups(name, rows) for name, rows in told.items())
    return join(element("h3", "By segment"), *tables)
