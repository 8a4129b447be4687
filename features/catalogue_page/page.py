"""The catalogue as one self-contained page of HTML: definitions, and the values of a snapshot."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from features.catalogue_page.entry import entry
from features.catalogue_page.markup import Markup, element, join
from features.catalogue_page.style import STYLE
from features.catalogue_page.words import Words
from features.definition import Feature
from features.distributions import Distribution
from features.publication import Snapshot

HASH_LENGTH = 12
_NEVER_IN_A_SNAPSHOT = ("request", "fresh")


@dataclass(frozen=True, slots=True)
class Seen:
    """One entity's features with what its latest snapshot shows of each, or that it shows none.

    `current` says whether the snapshot was made from the definitions that stand here.
    """

    entity: str
    snapshot: Snapshot | None
    current: bool
    features: tuple[tuple[Feature, Distribution | None], ...]


def page(parts: tuple[Seen, ...], words: Words) -> str:
    """The page's HTML; every name on it is escaped, and nothing is fetched or run."""
    title = words.say("title")
    lead = element("p", words.say("lead")), element("p", words.say("bars"))
    top = element("header", element("h1", title), *lead)
    body = element("main", top, _contents(parts, words), *(_part(part, words) for part in parts))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_nothing_but_the_style()),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Markup(STYLE)),
    )
    language = "zh-Hans" if words.language == "zh" else "en"
    return "<!doctype html>" + element("html", head, element("body", body), lang=language) + "\n"


def _nothing_but_the_style() -> str:
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _contents(parts: tuple[Seen, ...], words: Words) -> Markup:
    links = (
        element(
            "li",
            element("a", f"{words.say(part.entity)}: {words.view(view)}", href=f"#{anchor}"),
            f" ({len(group)})",
        )
        for part in parts
        for view, anchor, group in _groups(part)
    )
    return element("nav", element("ul", *links), aria_label=words.say("contents"))


def _groups(part: Seen) -> Iterator[tuple[str, str, list[tuple[Feature, Distribution | None]]]]:
    """The features by what they are computed from: view, anchor, features."""
    by_view = groupby(part.features, key=lambda it: it[0].view)
    for number, (view, group) in enumerate(by_view):
        yield view, f"{part.entity}-{view}-{number}", list(group)


def _part(part: Seen, words: Words) -> Markup:
    groups = (
        join(
            element("h3", words.view(view), id=anchor),
            *(entry(it, seen, _absent(it, part, words), words) for it, seen in group),
        )
        for view, anchor, group in _groups(part)
    )
    return element("section", element("h2", words.say(part.entity)), *_head(part, words), *groups)


def _absent(feature: Feature, part: Seen, words: Words) -> str | None:
    if feature.view in _NEVER_IN_A_SNAPSHOT:
        return words.say(f"of_{feature.view}")
    return None if part.snapshot is None else words.say("not_in_snapshot")


def _head(part: Seen, words: Words) -> Iterator[Markup]:
    if part.snapshot is None:
        yield element("p", words.say("no_snapshot"), class_="doubt")
        return
    if not part.current:
        yield element("p", words.say("other_definitions"), class_="doubt")
    said = (
        f"{words.say('as_of')} {part.snapshot.as_of} · {words.say('rows')} "
        f"{part.snapshot.rows:,} · {words.say('features')} {len(part.features)} · "
        f"{words.say('data')} {part.snapshot.data_sha256[:HASH_LENGTH]} · "
        f"{words.say('definitions')} {part.snapshot.definitions_sha256[:HASH_LENGTH]}"
    )
    yield element("p", said, class_="soft")
