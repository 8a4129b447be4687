"""Calibration: whether what happened is what was promised."""

from collections.abc import Mapping
from typing import Any

from training.report.charts import Series, chart, whiskers
from training.report.dossier import Dossier
from training.report.frame import Frame
from training.report.markup import Markup, element, join
from training.report.tables import Column, folded, pairs, table
from training.report.words import between, count, figure, percent, share, short, some


def trueness(of: Dossier) -> Markup:
    """The map chosen, the reliability plot, the line of calibration, and the prior's shift."""
    told = of.metrics["calibration"]
    return join(
        element("p", _sentence(of)),
        element("div", _plot(told.get("bins")), _tried(told), class_="charts"),
        pairs(_facts(of)),
        _shift(told.get("prior_shift")),
        _bins(told.get("bins")),
    )


def _sentence(of: Dossier) -> str:
    ece, chance = of.test["ece"], of.metrics.get("intervals", {}).get("ece_by_chance")
    said = f"Promised and observed bad rates lie {share(ece)} apart on average (ECE, ten bins)"
    if chance is not None and ece is not None:
        verb = "within" if ece <= chance else "beyond"
        said += f", {verb} what true probabilities of so many rows show by chance ({share(chance)})"
    flagged = [row["group"] for row in _groups(of) if row["beyond_chance"]]
    if flagged:
        return f"{said}. Beyond chance: {', '.join(flagged)}."
    return said + (". No month or segment strays beyond chance." if _groups(of) else ".")


def _groups(of: Dossier) -> list[Mapping[str, Any]]:
    told = of.metrics["calibration"]
    segments = (
        dict(row) | {"group": f"{column} = {row['group']}"}
        for column, rows in told.get("by_segment", {}).items()
        for row in rows
    )
    return [*told.get("by_month", ()), *segments]


def _plot(bins: Any) -> Markup | None:
    if not bins:
        return None
    said, found = [row["expected"] for row in bins], [row["bad_rate"] for row in bins]
    most = max([*said, *(row["high"] for row in bins)]) * 1.05
    frame = Frame(
        "promised: mean P(bad)", "observed: share of bads", 0, most, 0, most,
        show_x=percent, show_y=percent,
    )  # fmt: skip
    ideal = element(
        "line", x1=frame.x(0), y1=frame.y(0), x2=frame.x(most), y2=frame.y(most), class_="ideal"
    )
    reach = whiskers(frame, said, [row["low"] for row in bins], [row["high"] for row in bins])
    series = (Series("ten bins of equal count, 95% interval", said, found, kind="dots"),)
    told = "On the diagonal, what was promised is what happened."
    return chart("Reliability, test rows", told, frame, series, under=[ideal], over=[reach])


def _tried(told: Mapping[str, Any]) -> Markup | None:
    losses = told.get("cross_fitted")
    if not losses:
        return None
    rows = [
        {"map": kind, "chosen": "chosen" if kind == told["kind"] else " "}
        | (dict(loss) if isinstance(loss, Mapping) else {"log_loss": loss})
        for kind, loss in losses.items()
    ]
    columns = (
        Column("map", "map"),
        Column("log loss", "log_loss", lambda value: f"{value:.5f}"),
        Column("Brier", "brier", lambda value: f"{value:.5f}"),
        Column("", "chosen"),
    )
    note = "Cross-fitted on margins of folds that did not see the row. The plainer map stands "
    note += "unless another wins by more than chance."
    return element(
        "div", table(columns, rows, caption="Maps tried"), element("p", note, class_="soft")
    )


def _facts(of: Dossier) -> list[tuple[str, Any]]:
    test, known = of.test, of.metrics.get("intervals", {})
    slope, intercept = test.get("calibration_slope"), test.get("calibration_intercept")
    return [
        ("Map", of.metrics["calibration"]["kind"]),
        ("ECE", f"{figure(test['ece'])} ({between(known.get('ece'))})"),
        ("Slope (1: neither too extreme nor too timid)", short(slope)),
        ("Intercept (0: level is right)", short(intercept)),
    ]


def _shift(told: Mapping[str, Any] | None) -> Markup | None:
    if not told or told["test"] is None:
        return None
    said = (
        f"Before the split {share(told['before'])} were bad, in the test rows "
        f"{share(told['test'])} "
        f"({share(told['low'])} to {share(told['high'])}); {share(told['expected'])} were "
        f"promised. "
    )
    said += (
        "The bad rate moved beyond chance. "
        if told["beyond_chance"]
        else ("The difference is within chance. ")
    )
    if told["scores_alone"] is not None:
        said += (
            f"The scores alone, without any outcome, would have said {share(told['scores_alone'])} "
            "(Saerens, Latinne and Decaestecker 2002)."
        )
    return join(element("h3", "Shift of the bad rate"), element("p", said))


def _bins(bins: Any) -> Markup | None:
    if not bins:
        return None
    columns = (
        Column("P(bad) from", "from", share),
        Column("to", "to", share),
        Column("rows", "rows", count),
        Column("bads", "bads", count),
        Column("promised", "expected", share),
        Column("observed", "bad_rate", share),
        Column("95% low", "low", share),
        Column("high", "high", share),
    )
    return folded(some(len(bins), "bin"), table(columns, bins))
