"""Reasons: what declined applicants are told, whether it holds, and what would change it."""

from collections.abc import Mapping
from typing import Any

from training.report.dossier import Dossier
from training.report.lying import bars
from training.report.markup import Markup, element, join
from training.report.tables import Column, table
from training.report.words import count, number, share, some, text

SHOWN = 15


def reasons(of: Dossier) -> Markup:
    """Shares of reasons, the direction test, counterfactuals."""
    parts = (_given(of), _direction(of), _changes(of))
    return join(*parts) if any(part is not None for part in parts) else join()


def _given(of: Dossier) -> Markup | None:
    told = of.metrics.get("reasons")
    if not told:
        return None
    said = (
        f"Of the test rows {count(told['declined'])} lie above the cut-off; "
        f"{count(told['sampled'])} of them were explained. A declined applicant is told at most "
        "four reasons, exact contributions summed by reason, strongest first."
    )
    rows = [(_named(row), row["share"]) for row in told["given"][:SHOWN]]
    drawing = bars("Share of declined to whom each reason is given", said, rows) if rows else None
    worded = any(_named(row) != row["reason"] for row in told["given"])
    columns = (
        Column("reason", "reason"),
        *((Column("in words", "message"),) if worded else ()),
        Column("given to", "share", share),
        Column("given first to", "first_share", share),
    )
    shares = table(columns, told["given"][:SHOWN])
    return join(element("p", said), element("div", drawing, shares, class_="charts"))


def _named(row: Mapping[str, Any]) -> str:
    return text(row.get("message") or row["reason"])


def _direction(of: Dossier) -> Markup | None:
    told = of.metrics.get("direction_test")
    if not told:
        return None
    if not told.get("worsened"):
        said = "No direction is held, so no value can be called worse: nothing was tested."
        return join(element("h3", "Direction test"), element("p", said))
    failures = told.get("failures")
    failed = failures if isinstance(failures, int) else len(failures or ())
    said = (
        f"In {count(told.get('cases'))} declined cases the features behind the reasons given were "
        f"made worse, {count(told.get('worsened'))} times in all: nobody may be approved for it, "
        "nor lose the reason while P(bad) falls. "
    )
    said += (
        "It never happened."
        if not failed
        else (f"It happened {some(failed, 'time')}: reasons cannot be relied on.")
    )
    return join(element("h3", "Direction test"), element("p", said), _displaced(told))


def _displaced(told: Mapping[str, Any]) -> Markup | None:
    if not told.get("displaced_of"):
        return None
    said = (
        f"Of {count(told['displaced_of'])} moves where P(bad) did not fall, "
        f"{count(told.get('reason_displaced'))} put another reason in this one's place: features "
        "share out what they do together."
    )
    return element("p", said, class_="soft")


def _changes(of: Dossier) -> Markup | None:
    told = of.metrics.get("counterfactuals")
    if not told:
        return None
    examples = told.get("examples") or ()
    return join(
        element("h3", "What would change the answer"),
        element(
            "p",
            _changed(told),
        ),
        _most_changed(told.get("most_changed") or ()),
        _examples(examples),
    )


def _changed(told: Mapping[str, Any]) -> str:
    said = (
        f"{some(told['actionable'], 'feature')} can be acted on. For {count(told['found'])} of "
        f"{count(told['cases'])} declined cases a change of these is enough for an approval, each "
        "the smallest that was found; applied and scored again, "
        f"{count(told['flipped'])} of {count(told['found'])} are approved."
    )
    if told["none"]:
        said += f" For {count(told['none'])} no feasible change is enough, and none is promised."
    if told["features_median"] is not None:
        said += f" The usual change moves {some(round(told['features_median']), 'feature')}."
    return said


def _most_changed(rows: Any) -> Markup | None:
    if not rows:
        return None
    shown = [(text(row["feature"]), float(row["changes"])) for row in rows]
    return bars("What is changed most often", "Changes by feature.", shown, show=count)


def _examples(examples: Any) -> Markup | None:
    rows = [_example(one) for one in examples if isinstance(one, Mapping)]
    if not rows:
        return None
    columns = (
        Column("case", "case"),
        Column("change", "change"),
        Column("P(bad) before", "before", share),
        Column("after", "after", share),
    )
    return table(columns, rows, caption="Examples")


def _example(one: Mapping[str, Any]) -> dict[str, Any]:
    changes = one.get("changes") or ()
    if isinstance(changes, Mapping):
        changes = [{"feature": name, "to": value} for name, value in changes.items()]
    said = "; ".join(
        f"{change.get('feature')}: {_value(change.get('from'))} → {_value(change.get('to'))}"
        for change in changes
    )
    return {
        "case": text(one.get("row_id")),
        "change": said or "none",
        "before": one.get("probability_from"),
        "after": one.get("probability_to"),
    }


def _value(value: Any) -> str:
    return number(value) if isinstance(value, int | float) else text(value)
