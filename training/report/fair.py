"""Fairness: approval by group, the four-fifths rule, errors, and a search for a fairer model."""

from collections.abc import Iterator, Mapping
from typing import Any

from training.report.dossier import Dossier
from training.report.lying import Interval, forest
from training.report.markup import Markup, element, join
from training.report.tables import Column, folded, long_table, table
from training.report.words import between, count, figure, share, short, signed, text

FOUR_FIFTHS = 0.8


def fair(of: Dossier) -> Markup:
    """Each protected attribute, then the search for a less discriminatory model."""
    told = of.metrics.get("fairness")
    if not told:
        return join()
    return join(
        element(
            "p",
            "Protected attributes are read here alone, never by the model. The adverse impact "
            "ratio "
            "(AIR) is a group's approval rate over the reference group's; under 0.8 is the "
            "four-fifths rule's threshold for a look (29 CFR 1607.4 D), and intervals say how sure "
            "it is.",
        ),
        *(_attribute(name, facts) for name, facts in told.items()),
        _search(of.metrics.get("less_discriminatory")),
    )


def _attribute(name: str, told: Mapping[str, Any]) -> Markup:
    said = f"Reference group: {text(told.get('reference'))}. Approved: "
    said += f"{share(told.get('approved_share'))} at a cut-off of {share(told.get('cut_off'))}."
    return join(
        element("h3", name),
        element("p", said),
        element("p", told["note"], class_="soft") if told.get("note") else None,
        _impact(name, told),
        _approvals(told),
        _errors(told),
        _by_share(told),
    )


def _impact(name: str, told: Mapping[str, Any]) -> Markup | None:
    rows = [
        Interval(text(one["group"]), one["air"], one.get("air_low"), one.get("air_high"),
                 doubtful=one["air"] < FOUR_FIFTHS)
        for one in told["groups"]
        if _judged(one) and one["group"] != told.get("reference")
    ]  # fmt: skip
    if not rows:
        return None
    return forest(
        f"Adverse impact ratio by {name}",
        "Approval rate over the reference group's, with 95% intervals; left of the line is under "
        "four fifths.",
        rows,
        line=FOUR_FIFTHS,
        line_says="0.8",
        show=short,
    )


def _judged(one: Mapping[str, Any]) -> bool:
    return bool(one.get("judged")) and one.get("air") is not None


def _approvals(told: Mapping[str, Any]) -> Markup:
    columns = (
        Column("group", "group"),
        Column("rows", "rows", count),
        Column("bads", "bads", count),
        Column("approved", "approved", share),
        Column("AIR", "air", short),
        Column("95% interval", "air_between", str),
        Column("four-fifths", "four_fifths"),
        Column("expected bad rate", "expected", share),
        Column("observed", "observed", share),
        Column("calibration", "reading"),
    )
    return long_table(columns, [_approval(one) for one in told["groups"]])


def _approval(one: Mapping[str, Any]) -> dict[str, Any]:
    true = one.get("calibration") or {}
    return dict(one) | {
        "approved": (one.get("approval_rate") or {}).get("rate"),
        "air_between": between({"low": one.get("air_low"), "high": one.get("air_high")}, short),
        "expected": true.get("mean_probability"),
        "observed": true.get("bad_rate"),
        "reading": true.get("reading"),
    }


def _errors(told: Mapping[str, Any]) -> Markup:
    columns = (
        Column("group", "group"),
        Column("AUC", "auc", short),
        Column("AUC 95% interval", "auc_between", str),
        Column("goods declined", "goods", share),
        Column("goods: 95% interval", "goods_between", str),
        Column("bads approved", "bads_in", share),
        Column("bads: 95% interval", "bads_between", str),
        Column("bad rate of approved", "approved_bads", share),
    )
    return folded("Ranking and errors by group", table(columns, map(_error, told["groups"])))


def _error(one: Mapping[str, Any]) -> dict[str, Any]:
    auc, goods, bads = (one.get(name) or {} for name in ("auc", "declined_goods", "approved_bads"))
    return {
        "group": one["group"],
        "auc": auc.get("value"),
        "auc_between": between(auc, short),
        "goods": goods.get("rate"),
        "goods_between": between(goods, share),
        "bads_in": bads.get("rate"),
        "bads_between": between(bads, share),
        "approved_bads": (one.get("approved_bad_rate") or {}).get("rate"),
    }


def _by_share(told: Mapping[str, Any]) -> Markup | None:
    steps = told.get("by_share")
    if not steps:
        return None
    rows = [
        {"approved": step["share"], "group": group, "rate": facts.get("approval_rate")}
        | {"air": facts.get("air"), "between": between(facts, short)}
        for step in steps
        for group, facts in step["groups"].items()
    ]
    columns = (
        Column("approved in all", "approved", share),
        Column("group", "group"),
        Column("approved", "rate", _rate),
        Column("AIR", "air", short),
        Column("95% interval", "between", str),
    )
    return folded("At other shares of approval", table(columns, rows))


def _rate(value: Any) -> str:
    return share(value.get("rate") if isinstance(value, Mapping) else value)


def _search(told: Mapping[str, Any] | None) -> Markup | None:
    if not told:
        return None
    return join(
        element("h3", "Search for a less discriminatory model"),
        element("p", _found(told)),
        _candidates(told),
        _proxies(told.get("proxies") or {}),
    )


def _found(told: Mapping[str, Any]) -> str:
    said = f"Candidates were judged out of fold at a Gini within {told.get('tolerance')} of the "
    said += "served model's. "
    least = told.get("least")
    if not least:
        return said + "None of them brings groups closer at that price."
    sure = "beyond chance" if least.get("beyond_chance") else "no further than chance could"
    return (
        said
        + (
            f"Least discriminatory within that: {text(least.get('name'))}, which brings groups "
            f"closer "
            f"{sure}. To get it: {text(least.get('say'))}."
        )
        + _on_test(told.get("test"))
    )


def _on_test(told: Mapping[str, Any] | None) -> str:
    if not told:
        return ""
    return (
        f" On the test rows its Gini differs by {_interval(told.get('gini_difference'))}, its "
        f"least "
        f"AIR by {_interval(told.get('impact_gain'))}."
    )


def _candidates(told: Mapping[str, Any]) -> Markup:
    rows = [
        {
            "name": one["name"],
            "gini": one.get("gini"),
            "gap": _interval(one.get("gini_difference")) if one.get("how") else "",
            "impact": one.get("impact"),
            "gain": _interval(one.get("impact_gain")) if one.get("how") else "",
            "within": "yes" if one.get("within_tolerance") else "no",
        }
        for one in told.get("candidates", ())
    ]
    columns = (
        Column("candidate", "name"),
        Column("Gini", "gini", figure),
        Column("less the served", "gap", str),
        Column("least AIR", "impact", _impact_shown),
        Column("gain", "gain", str),
        Column("within tolerance", "within"),
    )
    return long_table(columns, rows)


def _impact_shown(value: Any) -> str:
    return short(value) if isinstance(value, int | float) or value is None else text(value)


def _interval(told: Any) -> str:
    if not isinstance(told, Mapping) or told.get("value") is None:
        return text(None)
    return f"{signed(told['value'])} ({between(told, signed)})"


def _proxies(told: Mapping[str, Any]) -> Markup | None:
    rows = list(_proxy_rows(told))
    if not rows:
        return None
    columns = (
        Column("attribute", "attribute"),
        Column("told by all features, AUC", "auc", short),
        Column("feature", "feature"),
        Column("by it alone, AUC", "alone_auc", short),
    )
    return folded("Features that stand in for an attribute", table(columns, rows))


def _proxy_rows(told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for attribute, facts in told.items():
        for one in facts.get("features", ()):
            yield {"attribute": attribute, "auc": facts.get("auc")} | dict(one)
