"""The head of the report: the verdict, what it rests on, and the figures at a glance."""

from training.report.dossier import Dossier
from training.report.markup import Markup, element, join
from training.report.verdict import Check, verdict
from training.report.words import between, count, share, short

_MARKS = {"good": "✓ pass", "doubt": "! look", "bad": "✕ fail", "none": "– open"}


def summary(of: Dossier, title: str) -> Markup:
    """Verdict first."""
    said = verdict(of.metrics)
    made = f"Version {of.manifest.version}, made {of.manifest.created_at:%Y-%m-%d %H:%M} UTC"
    made += f" from {count(of.manifest.data.rows)} rows"
    return element(
        "header",
        element("h1", title),
        element("p", made, class_="under"),
        element("p", join(element("b", f"{said.word}."), said.why), class_=f"verdict {said.tone}"),
        element("ul", *map(_check, said.checks), class_="checks"),
        element("div", *_tiles(of), class_="tiles"),
    )


def _check(check: Check) -> Markup:
    mark = element("span", _MARKS[check.tone], class_=f"mark-{check.tone}")
    return element("li", mark, element("span", element("b", check.name), f": {check.why}"))


def _tiles(of: Dossier) -> list[Markup]:
    test, known = of.test, of.metrics.get("intervals", {})
    tiles = [
        _tile(name, short(test[key]), between(known.get(key), short))
        for name, key in (("Gini", "gini"), ("AUC", "auc"), ("KS", "ks"), ("Brier", "brier"))
    ]
    tiles.append(_tile("ECE", short(test["ece"]), between(known.get("ece"), short)))
    rows = f"{count(of.test_bads)} bad of {count(test['rows'])}"
    return [*tiles, _tile("Test bad rate", share(test["bad_rate"]), rows)]


def _tile(name: str, value: str, under: str) -> Markup:
    return element(
        "div", element("small", name), element("b", value), element("small", under), class_="tile"
    )
