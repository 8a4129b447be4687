"""Directions and dependence: what each strong feature does to P(bad), and what it may not do."""

from collections.abc import Mapping
from typing import Any

from training.report.charts import Series, chart
from training.report.dossier import Dossier
from training.report.frame import Frame
from training.report.markup import Markup, element, join
from training.report.pictured import Dependence
from training.report.tables import Column, long_table
from training.report.words import percent, share, some, text, tick

WORD_MAX = 9
WORDS: Mapping[int, str] = {1: "may only raise P(bad)", -1: "may only lower P(bad)"}
ARROWS: Mapping[int, str] = {1: " ↑", -1: " ↓", 0: ""}


def directions(of: Dossier) -> Markup:
    """Which directions are held, how that was seen, and dependence plots."""
    held = [it for it in of.manifest.features if it.direction]
    rows = [{"name": it.name, "word": WORDS[it.direction]} for it in held]
    columns = (Column("feature", "name"), Column("more of it", "word"))
    return join(
        element("p", _swept(of, len(held))),
        long_table(columns, rows) if rows else None,
        _plots(of),
    )


def _swept(of: Dossier, held: int) -> str:
    if not held:
        return "No feature was given a direction."
    told = of.metrics.get("monotone") or {}
    wrong = told.get("violations") or []
    rows = some(told["rows"], "real row") if told.get("rows") else "real rows"
    said = f"{some(held, 'feature')} may move P(bad) one way only; each was swept over {rows} "
    said += "after the fit: "
    if not wrong:
        return said + "no violation."
    return said + f"{some(len(wrong), 'violation')}: {', '.join(map(_violation, wrong[:5]))}."


def _violation(wrong: Any) -> str:
    return text(wrong.get("feature") if isinstance(wrong, Mapping) else wrong)


def _plots(of: Dossier) -> Markup | None:
    plots = [_plot(it) for it in of.seen.dependence if len(it.xs) > 1]
    if not plots:
        return None
    return join(
        element("h3", "Dependence, strongest features first"),
        element(
            "p",
            "Mean P(bad) of sampled test rows as one feature moves and all else stays (bold), and "
            "some of these rows singly (thin). ↑ and ↓ mark a direction that is held. Where "
            "features move together in life, the far ends are hypothetical.",
            class_="soft",
        ),
        element("div", *plots, class_="charts small"),
    )


def _plot(one: Dependence) -> Markup:
    ends = [value for line in (*one.lines, one.mean) for value in line]
    most = max(ends) * 1.06
    margin = 0.5 if one.words else 0.0
    frame = Frame(
        "", "P(bad)", one.xs[0] - margin, one.xs[-1] + margin, 0, most,
        width=330, height=220, bottom=30, show_x=tick, show_y=percent,
    )  # fmt: skip
    names = (
        [(x, _cut(word)) for x, word in zip(one.xs, one.words, strict=True)] if one.words else None
    )
    thin = [
        element(
            "polyline",
            points=" ".join(
                f"{frame.x(x)},{frame.y(y)}" for x, y in zip(one.xs, line, strict=True)
            ),
            class_="line s2 thin",
        )
        for line in one.lines
    ]
    kind = "linked" if one.words else "line"
    mean = Series("", one.xs, one.mean, kind=kind)
    said = f"P(bad) from {share(one.mean[0])} to {share(one.mean[-1])} across its values."
    title = f"{one.name}{ARROWS[one.direction]}"
    return chart(title, said, frame, (mean,), under=thin, names_x=names)


def _cut(word: str) -> str:
    return word if len(word) <= WORD_MAX else word[: WORD_MAX - 1] + "…"
