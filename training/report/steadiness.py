"""Stability: how far the test rows lie from those the model was made of."""

from collections.abc import Mapping, Sequence
from typing import Any

from training.report.charts import Series, chart
from training.report.dossier import Dossier
from training.report.frame import Frame
from training.report.groups import level, month_names
from training.report.markup import Markup, element, join
from training.report.tables import Column, folded, long_table, table
from training.report.words import number, percent, share, short

MONTHS_SHOWN = 8
QUANTILES = ("p01", "p05", "p25", "p50", "p75", "p95", "p99")


def steadiness(of: Dossier) -> Markup:
    """PSI of the score, CSI of each feature, by month where months are known."""
    told = of.metrics.get("stability")
    if not told:
        return join()
    return join(
        element("p", _words(told)),
        element("div", _months(told), _bins(told), class_="charts"),
        element("h3", "Features, furthest moved first"),
        _features(told),
        _quantiles(told),
    )


def _words(told: Mapping[str, Any]) -> str:
    moved = [row["name"] for row in told["features"] if row["level"] == 2]  # noqa: PLR2004  # moved
    score = told["score"]
    verdict = ("steady", "moved a little", "moved")[score["level"]]
    said = f"The score of the test rows is {verdict}: PSI {short(score['psi'])} against "
    said += f"{told['reference_rows']:,} training rows. "
    said += f"Moved (0.25 or more): {', '.join(moved)}. " if moved else "No feature has moved. "
    return said + (
        "The index (PSI of the score, CSI of a feature) is cut at the deciles of the training "
        "rows, with a bin for missing values; from 0.10 (▲) it moved a little, from 0.25 (▲▲) it "
        "moved, never within what chance gives so few rows."
    )


def _months(told: Mapping[str, Any]) -> Markup | None:
    months, rows = told["months"], told["score"]["months"]
    if len(months) < 2:  # noqa: PLR2004  # one month is the whole
        return None
    most = max([row["psi"] for row in rows] + [row["chance"] for row in rows] + [0.12]) * 1.1
    frame = Frame("", "PSI of the score", -0.5, len(months) - 0.5, 0, most, bottom=28)
    xs = list(range(len(months)))
    limit = element(
        "line", x1=frame.left, x2=frame.width - frame.right, y1=frame.y(0.1), y2=frame.y(0.1),
        class_="limit",
    )  # fmt: skip
    series = (
        Series("index", xs, [row["psi"] for row in rows], kind="linked"),
        Series("what chance stays under", xs, [row["chance"] for row in rows], 2),
    )
    said = "The score's index month by month; the ruled line is 0.10."
    return chart("PSI of the score by month", said, frame, series, under=[limit],
                 names_x=month_names(months))  # fmt: skip


def _bins(told: Mapping[str, Any]) -> Markup | None:
    bins = [row for row in told["score"]["bins"] if row["bin"] != "missing"]
    if not bins:
        return None
    xs = list(range(1, len(bins) + 1))
    most = max(max(row["reference"], row["test"]) for row in bins) * 1.15
    frame = Frame(
        "decile of the training scores, best first", "share of rows", 0.5, len(bins) + 0.5, 0, most,
        show_y=percent,
    )  # fmt: skip
    series = (
        Series("training", xs, [row["reference"] for row in bins], 2, kind="linked"),
        Series("test", xs, [row["test"] for row in bins], 0, kind="linked"),
    )
    said = "Where test rows fall in the deciles of the training scores."
    names = [(float(x), str(x)) for x in xs]
    return chart("Scores, test against training", said, frame, series, names_x=names)


def _features(told: Mapping[str, Any]) -> Markup:
    months = told["months"][-MONTHS_SHOWN:]
    rows = sorted(told["features"], key=lambda row: (-row["psi"], row["name"]))
    shown = [_row(row, len(months)) for row in rows]
    columns = (
        Column("feature", "name"),
        Column("CSI", "index", _same),
        Column("by chance under", "chance", short),
        Column("missing in training", "missing_reference", share),
        Column("missing in test", "missing", share),
        *(Column(month, f"month {place}", _same) for place, month in enumerate(months)),
    )
    return long_table(columns, shown)


def _row(row: Mapping[str, Any], months: int) -> dict[str, Any]:
    latest: Sequence[Mapping[str, Any]] = row["months"][-months:] if months else ()
    return (
        dict(row)
        | {"index": level(row["level"], short(row["psi"]))}
        | {
            f"month {place}": level(one["level"], short(one["psi"]))
            for place, one in enumerate(latest)
        }
    )


def _same(value: Any) -> Any:
    return value


def _quantiles(told: Mapping[str, Any]) -> Markup:
    columns = (
        Column("", "name"),
        *(Column(name, name, number) for name in QUANTILES),
        Column("missing", "missing", share),
    )
    return folded("Quantiles of the training rows", table(columns, told["quantiles"]))
