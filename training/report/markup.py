"""HTML that cannot be broken by what it prints: text is escaped unless it was built here.

A page is made of `Markup` alone, and `Markup` is made by `element` alone: names, words and times
from data arrive as plain text and leave escaped, whatever they hold.
"""

import re
from html import escape
from typing import Any

ELEMENTS = frozenset({
    "a", "b", "body", "caption", "circle", "dd", "desc", "details", "div", "dl", "dt", "em",
    "figcaption", "figure", "footer", "g", "h1", "h2", "h3", "head", "header", "html", "li",
    "line", "main", "meta", "nav", "ol", "p", "path", "polygon", "polyline", "rect", "section",
    "small", "span", "style", "summary", "svg", "table", "tbody", "td", "text", "th", "thead",
    "title", "tr", "ul",
})  # fmt: skip
_ENDLESS = frozenset({"meta"})
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_PICTURES = 0x2400  # Unicode's pictures of control characters
_PICTURED = 0x20
_UNKNOWN = "\ufffd"


class Markup(str):
    """HTML made by `element`: printed as it is."""

    __slots__ = ()


def element(name: str, /, *children: Any, **attributes: Any) -> Markup:
    """One element; children that are not `Markup` are escaped, None is left out.

    Attributes are named as in HTML with `_` for `-`, `class_` for `class`; one of None is left
    out. ValueError for an element that no page needs.

    >>> print(element("p", "1 < 2", element("b", "sure"), class_="note"))
    <p class="note">1 &lt; 2<b>sure</b></p>
    """
    if name not in ELEMENTS:
        raise ValueError(f"no page has an element {name!r}")
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{plain(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _ENDLESS:
        return Markup(f"<{name}{said}>")
    return Markup(f"<{name}{said}>{join(*children)}</{name}>")


def join(*children: Any) -> Markup:
    """Several pieces as one."""
    return Markup(
        "".join(
            child if isinstance(child, Markup) else plain(child)
            for child in children
            if child is not None
        )
    )


def plain(value: Any) -> str:
    r"""Escaped text; what is invisible or turns the direction of writing is made visible.

    >>> plain('<b>"x"' + chr(0))
    '&lt;b&gt;&quot;x&quot;␀'
    """
    return escape(_CONTROLS.sub(_visible, str(value)), quote=True)


def _visible(found: re.Match[str]) -> str:
    code = ord(found.group())
    return chr(_PICTURES + code) if code < _PICTURED else _UNKNOWN
