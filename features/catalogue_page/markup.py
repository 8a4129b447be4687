"""HTML and SVG that cannot be broken by what they show: text is escaped unless it was built here.

Names of industries come from data. They arrive as plain text and leave escaped, whatever they
hold; only what `element` made is printed as it is.
"""

import re
from html import escape
from typing import Any

_ENDLESS = frozenset({"meta"})
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
_REPLACEMENT = "\ufffd"


class Markup(str):
    """HTML made by `element`."""

    __slots__ = ()


def element(name: str, /, *children: Any, **attributes: Any) -> Markup:
    """One element; children that are not `Markup` are escaped, None is left out.

    Attributes are named as in HTML with `_` for `-` and `class_` for `class`; None is left out.

    >>> print(element("p", "1 < 2", element("b", "sure"), class_="note"))
    <p class="note">1 &lt; 2<b>sure</b></p>
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _ENDLESS:
        return Markup(f"<{name}{said}>")
    return Markup(f"<{name}{said}>{join(*children)}</{name}>")


def join(*children: Any) -> Markup:
    """Several pieces as one."""
    told = (child for child in children if child is not None)
    return Markup("".join(it if isinstance(it, Markup) else text(it) for it in told))


def text(value: Any) -> str:
    """Escaped text; what is invisible or turns the direction of writing is made visible.

    >>> text('<b>"x"')
    '&lt;b&gt;&quot;x&quot;'
    """
    return escape(_UNSEEN.sub(_REPLACEMENT, str(value)), quote=True)
