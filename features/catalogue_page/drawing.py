"""A distribution as a small SVG: bars of a histogram, or of the most frequent names."""

from math import ceil

from features.catalogue_page.markup import Markup, element, join
from features.catalogue_page.words import Words, number, percent
from features.distributions import HALF, Category, Distribution, Histogram

WIDE, HIGH = 300, 74  # what the bars of a histogram fill
FOOT = 16  # for what stands under them
WIDEST = 46
LABELS_MAX = 8
LEFT = 128  # for the names of categories
ROW = 17
NAME_LENGTH = 20


def drawn(name: str, seen: Distribution, words: Words) -> Markup | None:
    """The picture of what was seen; None where every value is missing."""
    if seen.histogram is not None:
        inner, high = join(*_bars(seen.histogram), *_ends(seen.histogram)), HIGH + FOOT
    elif seen.categories:
        inner = join(*_lines(seen.categories, words))
        high = ROW * len(seen.categories) + 2
    else:
        return None
    said = words.say("histogram", name)
    return element("svg", element("title", said), inner, viewBox=f"0 0 {WIDE} {high}", role="img")


def _bars(histogram: Histogram) -> list[Markup]:
    """One bar a bin, of one width: bins of a long tail are wider than they are drawn."""
    room = WIDE / len(histogram.counts)
    wide = min(room - 1, WIDEST)
    most = max(histogram.counts)
    bars = []
    for place, count in enumerate(histogram.counts):
        tall = HIGH * count / most
        told = element("title", f"{_told(histogram, place)}: {count:,}")
        bars.append(_bar(room * (place + HALF) - wide / 2, HIGH - tall, wide, tall, told))
    return bars


def _told(histogram: Histogram, place: int) -> str:
    left, right = histogram.edges[place], histogram.edges[place + 1]
    return number(left + HALF) if histogram.whole else f"{number(left)} – {number(right)}"


def _bar(x: float, y: float, wide: float, tall: float, told: Markup) -> Markup:
    places = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{wide:.1f}", "height": f"{tall:.1f}"}
    return element("rect", told, class_="bar", **places)


def _ends(histogram: Histogram) -> list[Markup]:
    """The axis, and what its ends and its middle mean."""
    line = element("line", x1="0", x2=str(WIDE), y1=str(HIGH), y2=str(HIGH), class_="axis")
    bins = len(histogram.counts)
    if histogram.whole:
        shown = [(WIDE * (place + HALF) / bins, _told(histogram, place)) for place in range(bins)]
        every = ceil(bins / LABELS_MAX)
        return [line, *(_under(x, said, "middle") for x, said in shown[::every])]
    edges = histogram.edges
    return [
        line,
        _under(0, number(edges[0]), "start"),
        _under(WIDE * (bins // 2) / bins, number(edges[bins // 2]), "middle"),
        _under(WIDE, number(edges[-1]), "end"),
    ]


def _under(x: float, said: str, anchor: str) -> Markup:
    return element("text", said, x=f"{x:.1f}", y=str(HIGH + 13), text_anchor=anchor)


def _lines(categories: tuple[Category, ...], words: Words) -> list[Markup]:
    whole = sum(category.rows for category in categories)
    most = max(category.rows for category in categories)
    lines = []
    for place, category in enumerate(categories):
        name = words.say("others") if category.name is None else category.name
        shown = name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}…"
        wide = (WIDE - LEFT - 44) * category.rows / most
        told = element("title", f"{name}: {category.rows:,}")
        y = ROW * place
        lines += [
            element("text", shown, x=str(LEFT - 6), y=str(y + 12), text_anchor="end"),
            _bar(LEFT, y + 2, max(wide, 1), ROW - 4, told),
            element("text", percent(category.rows / whole), x=f"{LEFT + wide + 5:.1f}", y=y + 12),
        ]
    return lines
