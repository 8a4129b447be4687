"""Nothing that data is called or holds becomes part of the page."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stand.dossiers import dossier
from training.report.markup import ELEMENTS, Markup, element, join
from training.report.page import page

ATTRIBUTES = {
    "aria-label", "charset", "class", "content", "cx", "cy", "fill", "height", "href", "id", "lang",
    "name", "open", "points", "r", "role", "scope", "tabindex", "text-anchor", "transform",
    "viewbox", "width", "x", "x1", "x2", "y", "y1", "y2",
}  # fmt: skip
HOSTILE = (
    "<script>alert(1)</script>",
    "</title></style></svg><img src=x onerror=alert(1)>",
    '"><a href=\'https://example.com\' onclick="x">&lt;b&gt;',
    "</svg><desc><b>--><!--<![CDATA[",
    "\x00\x08\x1b[31m\x7f\x9b\u202e\u2066\ufeff\ud800 {{x}} %s {0}",
    "-" * 300,
)


class Page(HTMLParser):
    """What a browser would find: elements, their attributes, and what is open at the end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.strays: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.strays.append(tag)

    def handle_comment(self, data):  # noqa: ARG002  # as the parser calls it
        self.strays.append("comment")

    def unknown_decl(self, data):  # noqa: ARG002  # as the parser calls it
        self.strays.append("declaration")


def _whole(text: str) -> Page:
    found = Page(text)
    assert set(found.elements) <= ELEMENTS
    assert {name for name, _ in found.attributes} <= ATTRIBUTES
    assert not found.strays
    assert not found.open
    addresses = [value for name, value in found.attributes if name == "href"]
    assert all(value.startswith("#") for value in addresses)
    return found


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_name_or_word_breaks_the_page(hostile):
    text = page(dossier(hostile, hostile[::-1] if "script" in hostile else hostile + "!"))
    plain = _whole(page(dossier("income", "food")))
    found = _whole(text)
    assert found.elements == plain.elements, "what a thing is called added or took elements"
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    text.encode("utf-8")


@given(st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=25, deadline=None)
def test_whatever_a_thing_is_called_the_page_keeps_its_shape(name, word):
    plain = _whole(page(dossier("income", "food"))).elements
    name = name if name not in {"age", "trade", "", "logistic"} else "income"
    word = word if word not in {"other", "", "none", "(missing)", "reference"} else "food"
    found = _whole(page(dossier(name, word)))
    assert found.elements.count("section") == plain.count("section")
    assert found.elements.count("svg") == plain.count("svg")


def test_the_page_fetches_nothing_and_runs_nothing():
    text = page(dossier())
    assert "<script" not in text
    assert not re.search(r"https?://|url\(|@import|javascript:|\bon[a-z]+=", text)


def test_an_element_that_no_page_needs_is_refused():
    with pytest.raises(ValueError, match="script"):
        element("script", "alert(1)")


def test_markup_is_printed_as_it_is_and_text_is_not():
    bold = element("b", "<x>")
    assert bold == "<b>&lt;x&gt;</b>"
    assert join(bold, "<x>", None) == "<b>&lt;x&gt;</b>&lt;x&gt;"
    assert isinstance(join("a"), Markup)
    assert element("p", title_="'\"<") == '<p title="&#x27;&quot;&lt;"></p>'
