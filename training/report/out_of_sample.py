"""What is not in the sample: the rejected, what the champion would have done, the immature."""

from collections.abc import Mapping, Sequence
from typing import Any

from training.report.charts import Series, chart, whiskers
from training.report.dossier import Dossier
from training.report.frame import Frame
from training.report.groups import month_names
from training.report.markup import Markup, element, join
from training.report.tables import Column, folded, long_table, table
from training.report.words import count, figure, percent, share, short, text

_GROUPS: Mapping[str, str] = {
    "approved_by_both": "approved by both",
    "swap_in": "newly approved",
    "swap_out": "newly declined",
    "declined_by_both": "declined by both",
}
_RATED = (
    Column("rows", "rows", count),
    Column("bads", "bads", count),
    Column("bad rate", "bad_rate", share),
    Column("95% low", "low", share),
    Column("high", "high", share),
)


def out_of_sample(of: Dossier) -> Markup:
    """Reject inference, swap set, vintages and maturity, each where it is known."""
    parts = [_rejects(of), _swap_set(of), _vintages(of), _maturity(of)]
    told = [part for part in parts if part is not None]
    return join(element("p", _said(of)), *told)


def _said(of: Dossier) -> str:
    if of.metrics.get("rejects"):
        return (
            "Outcomes are known of those who were given credit; of the declined they are assumed."
        )
    return (
        "Outcomes are known only of those who were once given credit. Nothing here tells how the "
        "declined would have paid: figures hold for applicants like those in the rows."
    )


def _rejects(of: Dossier) -> Markup | None:
    told = of.metrics.get("rejects")
    if not told:
        return None
    ways = [{"way": name} | dict(facts) for name, facts in (told.get("ways") or {}).items()]
    columns = (
        Column("trained", "way"),
        Column("AUC, accepted test rows", "auc", figure),
        Column("Gini", "gini", figure),
        Column("Brier", "brier", figure),
        Column("ECE", "ece", figure),
        Column("mean P(bad) of test rows", "test_mean", share),
        Column("of rejected", "rejected_mean", share),
        Column("rejected it would approve", "approved_rejected", share),
        Column("decisions changed, test", "changed_test", share),
        Column("changed, rejected", "changed_rejected", share),
    )
    return join(
        element("h3", "Reject inference"),
        element("p", _rejected(told)),
        table(columns, ways, caption="Trained without and with the rejected"),
        _distance(told.get("distance") or {}),
        _reject_bands(told.get("bands") or ()),
        element("p", told["note"], class_="soft") if told.get("note") else None,
    )


def _rejected(told: Mapping[str, Any]) -> str:
    said = f"{count(told.get('rejected'))} applicants were rejected beside "
    said += f"{count(told.get('accepted'))} accepted ({share(told.get('acceptance_rate'))})."
    word = (told.get("distance") or {}).get("word")
    return f"{said} {word}" if word else said


def _distance(told: Mapping[str, Any]) -> Markup | None:
    if not told.get("features"):
        return None
    columns = (
        Column("feature", "feature"),
        Column("PSI", "psi", short),
        Column("missing, accepted", "missing_accepted", share),
        Column("missing, rejected", "missing_rejected", share),
    )
    return folded("What tells accepted and rejected apart", table(columns, told["features"]))


def _reject_bands(rows: Sequence[Mapping[str, Any]]) -> Markup | None:
    if not rows:
        return None
    columns = (
        Column("band", "band", str),
        Column("P(bad) from", "low", share),
        Column("to", "high", share),
        Column("accepted", "accepted", count),
        Column("bad rate", "bad_rate", share),
        Column("rejected", "rejected", count),
        Column("assumed bad rate", "assumed_bad_rate", share),
    )
    return folded("What is assumed of the rejected, by band", table(columns, rows))


def _swap_set(of: Dossier) -> Markup | None:
    told = of.metrics.get("swap_set")
    if not told:
        return None
    equal = told.get("at_equal_share") or told
    if told.get("why_not"):
        said = f"{text(told.get('champion'))} cannot score these rows: {told['why_not']}"
        return join(element("h3", "Swap set"), element("p", said))
    return join(
        element("h3", f"Swap set against {text(told.get('champion'))}"),
        element("p", told["sentence"]) if told.get("sentence") else _sentence(equal),
        _swapped(told, equal, f"At {share(told.get('approved_share'))} approved by both"),
        _at_the_champions(told),
        element("p", told["note"], class_="soft") if told.get("note") else None,
    )


def _sentence(told: Mapping[str, Any]) -> Markup | None:
    return element("p", told["sentence"]) if told.get("sentence") else None


def _swapped(told: Mapping[str, Any], at: Mapping[str, Any], caption: str) -> Markup | None:
    if not at.get("groups"):
        return None
    rows = [dict(row) | {"name": _GROUPS.get(row["group"], row["group"])} for row in at["groups"]]
    columns = (
        Column("group", "name"),
        Column("of all", "share", share),
        *_RATED,
        Column("expected by this model", "expected", share),
        Column(f"by {text(told.get('champion'))}", "expected_champion", share),
    )
    return table(columns, rows, caption=caption)


def _at_the_champions(told: Mapping[str, Any]) -> Markup | None:
    at = told.get("at_champion_cut_off")
    if not at:
        return None
    inside = join(_sentence(at), _swapped(told, at, "At the champion's cut-off"))
    return folded("At the champion's own cut-off", inside)


def _vintages(of: Dossier) -> Markup | None:
    told = of.metrics.get("vintages")
    if not told or not told.get("months"):
        return None
    rows = [_mixed(row) for row in told["months"]]
    columns = (
        Column("vintage", "month"),
        Column("part", "part"),
        *_RATED,
        Column("expected", "mean_probability", share),
        Column("mix PSI", "mix_psi", _largest),
    )
    return join(
        element("h3", "Vintages"),
        element("div", _vintage_chart(rows), _ages(told.get("by_age") or ()), class_="charts"),
        long_table(columns, rows),
    )


def _mixed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A vintage, without its mix where none is known."""
    return {key: value for key, value in row.items() if key != "mix_psi" or value}


def _largest(mix: Mapping[str, float | None]) -> str:
    """The column whose mix moved most, and how far."""
    known = {name: psi for name, psi in mix.items() if psi is not None}
    if not known:
        return text(None)
    name = max(known, key=known.__getitem__)
    return f"{short(known[name])} ({name})"


def _vintage_chart(rows: Sequence[Mapping[str, Any]]) -> Markup:
    known = [(x, row) for x, row in enumerate(rows) if row.get("bad_rate") is not None]
    promised = [(x, row) for x, row in enumerate(rows) if row.get("mean_probability") is not None]
    ends = [row["high"] for _, row in known] + [row["mean_probability"] for _, row in promised]
    frame = Frame(
        "", "bad rate", -0.5, len(rows) - 0.5, 0, max([*ends, 1e-6]) * 1.06, show_y=percent
    )
    reach = whiskers(
        frame, [x for x, _ in known], [r["low"] for _, r in known], [r["high"] for _, r in known]
    )
    observed = [row["bad_rate"] for _, row in known]
    expected = [row["mean_probability"] for _, row in promised]
    series = (
        Series("observed, 95% interval", [x for x, _ in known], observed, kind="dots"),
        Series("expected", [x for x, _ in promised], expected, 1, kind="linked"),
    )
    said = "Observed bad rate of each month of origination beside the expected one."
    names = month_names([row["month"] for row in rows])
    return chart("Bad rate by vintage", said, frame, series, over=[reach], names_x=names)


def _ages(curves: Sequence[Mapping[str, Any]]) -> Markup | None:
    curves = [one for one in curves if len(one.get("curve", ())) > 1][-4:]
    if not curves:
        return None
    longest = max(point["days"] for one in curves for point in one["curve"])
    most = max(point["bad_rate"] for one in curves for point in one["curve"]) * 1.08 or 1.0
    frame = Frame(
        "days since origination", "turned bad by then", 0, longest, 0, most, show_y=percent
    )
    series = [
        Series(
            str(one["vintage"]),
            [point["days"] for point in one["curve"]],
            [point["bad_rate"] for point in one["curve"]],
            style,
        )
        for style, one in enumerate(curves)
    ]
    said = "Share of each vintage that had turned bad by age."
    return chart("Vintages by age", said, frame, series)


def _maturity(of: Dossier) -> Markup | None:
    told = of.metrics.get("maturity")
    if not told or not told.get("months"):
        return None
    columns = (
        Column("observed in", "month"),
        Column("matured", "matured", count),
        Column("not matured", "not_matured", count),
        Column("without outcome", "without_outcome", count),
        Column("matured", "share_matured", share),
        *_RATED[1:],
    )
    said = f"By {text(told.get('as_of'))} {count(told.get('matured'))} outcomes had matured and "
    said += f"{count(told.get('not_matured'))} had not; those are left out."
    return join(
        element("h3", "Maturity of labels"),
        element("p", said),
        long_table(columns, told["months"]),
    )
