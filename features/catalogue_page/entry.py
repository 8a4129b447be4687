"""One feature in the catalogue: what it is, what it is computed from, how its values lie."""

import re
from typing import Any

from credit.policy.reasons import REASON
from features.catalogue_page.drawing import drawn
from features.catalogue_page.markup import Markup, element, join
from features.catalogue_page.words import Words, number, percent
from features.definition import Feature
from features.distributions import PROBABILITIES, Distribution

FORMULA_LENGTH = 260  # a longer one is told by the measures that it reads
_CASTS = re.compile(r"\.cast\('(?:float64|int64)'\)")
_MEASURE = re.compile(r"_\.(\w+)\b(?!\()")
_CLASSES = re.compile(r"(?:Field|Const)\((?:name|value)=")
_SHOWN = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def entry(feature: Feature, seen: Distribution | None, absent: str | None, words: Words) -> Markup:
    """One feature's part of the page; `absent` says why no distribution of it is there."""
    said, otherwise = words.first(feature.description, feature.description_zh)
    about = element(
        "div",
        element("h4", feature.name),
        element("p", said),
        element("p", otherwise, class_="soft"),
        _formula(feature, words),
    )
    values = element("p", absent, class_="soft") if seen is None else _values(feature, seen, words)
    return element(
        "article",
        about,
        _facts(feature, words),
        element("div", values),
        id=f"{feature.entity}.{feature.name}",
    )


def _facts(feature: Feature, words: Words) -> Markup:
    reason = REASON[feature.reason]
    days = feature.window_days
    facts = {
        "unit": words.unit(feature.unit),
        "window": words.say("days", str(days)) if days else words.say("state"),
        "direction": words.direction(feature.direction),
        "can": words.hand(feature.actionable),
        "reason": words.first(reason.message, reason.message_zh)[0],
        "owner": words.owner(feature.owner),
    }
    pairs = (
        join(element("dt", words.say(name)), element("dd", fact)) for name, fact in facts.items()
    )
    return element("dl", *pairs)


def _formula(feature: Feature, words: Words) -> Markup | None:
    if feature.view == "fresh":
        return None  # plain Python over the payments that came in
    shown = element("code", formula(feature.expression))
    return element("details", element("summary", words.say("formula")), shown)


def formula(expression: Any) -> str:
    """An expression as text, over the names of measures; a long one by the measures it reads."""
    written = repr(expression)
    if len(written) > FORMULA_LENGTH:
        measures = dict.fromkeys(_MEASURE.findall(written))
        return f"f({', '.join(measures)})"
    return _CLASSES.sub("(", _MEASURE.sub(r"\1", _CASTS.sub("", written)))


def _values(feature: Feature, seen: Distribution, words: Words) -> Markup:
    share = seen.missing_share
    told = [] if share is None else [f"{words.say('missing')} {percent(share)}"]
    if seen.quantiles:
        told += [f"{words.say('least')} {number(seen.quantiles[0])}"]
        told += [f"{words.say('most')} {number(seen.quantiles[-1])}"]
    return join(
        drawn(feature.name, seen, words),
        _quantiles(seen) if seen.quantiles else None,
        element("p", " · ".join(told), class_="soft", title=f"{seen.missing:,} / {seen.rows:,}"),
    )


def _quantiles(seen: Distribution) -> Markup:
    at = dict(zip(PROBABILITIES, seen.quantiles, strict=True))
    return element(
        "table",
        element("tr", *(element("th", f"{100 * share:g}%") for share in _SHOWN)),
        element("tr", *(element("td", number(at[share])) for share in _SHOWN)),
    )
