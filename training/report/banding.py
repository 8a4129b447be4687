"""Score bands: bad rate, odds and expected loss of each."""

from collections.abc import Mapping
from typing import Any

from training.report.charts import Series, chart, whiskers
from training.report.dossier import Dossier
from training.report.frame import Frame
from training.report.markup import Markup, element, join
from training.report.tables import Column, table
from training.report.words import count, money, odds, percent, share


def banding(of: Dossier) -> Markup:
    """The table of bands and its picture; nothing where none were made."""
    told = of.metrics.get("bands")
    if not told or not told["rows"]:
        return join()
    rows = [_shown(row, of) for row in told["rows"]]
    currency = of.manifest.data.currency or ""
    columns = (
        Column("band", "band", str),
        Column("score", "score", str),
        Column("P(bad)", "chance", str),
        Column("rows", "rows", count),
        Column("bads", "bads", count),
        Column("bad rate", "bad_rate", share),
        Column("expected", "expected", share),
        Column("odds", "odds", odds),
        Column("bads caught", "caught", share),
        Column(f"amount {currency}", "amount_minor", money),
        Column(f"expected loss {currency}", "expected_loss_minor", money),
        Column("of the amount", "loss_share", share),
    )
    return join(
        element("p", _words(told, of)),
        element("div", _picture(told["rows"]), class_="charts"),
        table(columns, rows),
    )


def _shown(row: Mapping[str, Any], of: Dossier) -> dict[str, Any]:
    bads_above = of.test_bads - row["bads_up_to"] + row["bads"]
    shown = dict(row) | {
        "score": f"{row['score_from']} to {row['score_to']}",
        "chance": f"{share(row['from'])} to {share(row['to'])}",
        "caught": bads_above / of.test_bads if of.test_bads else None,
    }
    if row.get("amount_minor"):
        shown["loss_share"] = row["expected_loss_minor"] / row["amount_minor"]
    return shown


def _words(told: Mapping[str, Any], of: Dossier) -> str:
    said = "Ten bands of equal count, best first; scores as decisions carry them: 600 at odds of "
    said += (
        "30 to 1, twenty points double the odds. Bads caught: those in this band or a riskier one. "
    )
    if told.get("loss_given_default") is None:
        return said + "No amount is known of these rows, so no loss in money can be told."
    total = sum(row.get("expected_loss_minor", 0) for row in told["rows"])
    lent = sum(row.get("amount_minor", 0) for row in told["rows"])
    return said + (
        f"Expected loss is P(bad) times the amount times a loss given default of "
        f"{share(told['loss_given_default'])}, which is the shipped policy's assumption and not "
        f"measured here: {money(total)} {of.manifest.data.currency or ''} of {money(lent)} in all."
    )


def _picture(rows: Any) -> Markup:
    xs = [row["band"] for row in rows]
    most = max([row["high"] for row in rows] + [row["expected"] for row in rows]) * 1.06
    frame = Frame("band, best first", "bad rate", 0.5, len(rows) + 0.5, 0, most, show_y=percent)
    reach = whiskers(frame, xs, [row["low"] for row in rows], [row["high"] for row in rows])
    series = (
        Series("observed, 95% interval", xs, [row["bad_rate"] for row in rows], kind="dots"),
        Series("expected", xs, [row["expected"] for row in rows], 1, kind="linked"),
    )
    names = [(float(x), str(x)) for x in xs]
    said = "Observed bad rate of each band with its interval beside the expected one."
    return chart("Bad rate by band", said, frame, series, over=[reach], names_x=names)
