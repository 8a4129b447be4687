"""Charts as inline SVG: no script, no font, no picture from elsewhere.

A series is told apart by its dashes and by the shape of its marks as well as by its colour.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from training.report.frame import Frame, axes, written
from training.report.markup import Markup, element, join

POINTS_MAX = 300
SHAPES = 4
LEGEND_ROW = 16


@dataclass(frozen=True, slots=True)
class Series:
    """A name in the legend, its points in rising order, and which of the styles it wears.

    `kind` is `line`, `dots` or `linked` (dots on a line).
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    style: int = 0
    kind: str = "line"


def chart(
    title: str,
    said: str,
    frame: Frame,
    series: Sequence[Series] = (),
    *,
    under: Iterable[Markup] = (),
    over: Iterable[Markup] = (),
    names_x: list[tuple[float, str]] | None = None,
) -> Markup:
    """Series over a frame with a legend; `said` is what a person who cannot see it is told."""
    named = [one for one in series if one.name]
    rows = _rows_of_legend(named, frame)
    down = LEGEND_ROW * len(rows)
    inner = join(axes(frame, names_x=names_x), *under, *(drawn(frame, s) for s in series), *over)
    body = join(element("g", inner, transform=f"translate(0 {down})"), *_legend(rows))
    return figure(title, said, frame.width, frame.height + down, body)


def figure(title: str, said: str, width: int, height: int, body: Markup) -> Markup:
    """A drawing with its caption."""
    drawing = element(
        "svg",
        element("title", title),
        element("desc", said),
        body,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_label=f"{title}. {said}",
    )
    return element("figure", element("figcaption", title), drawing)


def drawn(frame: Frame, one: Series) -> Markup:
    """One series."""
    parts = []
    if one.kind != "dots":
        kept = _thinned(len(one.xs))
        points = " ".join(f"{frame.x(one.xs[i])},{frame.y(one.ys[i])}" for i in kept)
        parts.append(element("polyline", points=points, class_=f"line s{one.style}"))
    if one.kind != "line":
        parts += [
            mark(frame.x(x), frame.y(y), one.style) for x, y in zip(one.xs, one.ys, strict=True)
        ]
    return join(*parts)


def mark(x: float, y: float, style: int) -> Markup:
    """A dot of a series' own shape: circle, square, diamond or triangle."""
    said = f"mark m{style}"
    if style % SHAPES == 0:
        return element("circle", cx=x, cy=y, r=3.6, class_=said)
    reach = 3.6
    corners = {
        1: ((-1, -1), (1, -1), (1, 1), (-1, 1)),
        2: ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
        3: ((0, -1.2), (1.2, 1), (-1.2, 1)),
    }[style % SHAPES]
    points = " ".join(f"{x + reach * a:.1f},{y + reach * b:.1f}" for a, b in corners)
    return element("polygon", points=points, class_=said)


def whiskers(
    frame: Frame,
    xs: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    *,
    style: int = 0,
) -> Markup:
    """Upright intervals."""
    return join(
        *(
            element(
                "line",
                x1=frame.x(x),
                x2=frame.x(x),
                y1=frame.y(low),
                y2=frame.y(high),
                class_=f"whisker s{style}",
            )
            for x, low, high in zip(xs, lows, highs, strict=True)
        )
    )


def steps(edges: Any, heights: Any) -> tuple[list[float], list[float]]:
    """A histogram's outline as points."""
    xs, ys = [float(edges[0])], [0.0]
    for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True):
        xs += [float(left), float(right)]
        ys += [float(height), float(height)]
    return [*xs, float(edges[-1])], [*ys, 0.0]


def _thinned(count: int) -> list[int]:
    if count <= POINTS_MAX:
        return list(range(count))
    return sorted({round(i * (count - 1) / (POINTS_MAX - 1)) for i in range(POINTS_MAX)})


def _rows_of_legend(named: Sequence[Series], frame: Frame) -> list[list[tuple[Series, float]]]:
    rows: list[list[tuple[Series, float]]] = []
    x = float(frame.width)
    for one in named:
        wide = 34 + 6.3 * len(one.name)
        if not rows or x + wide > frame.width:
            rows.append([])
            x = float(frame.left)
        rows[-1].append((one, x))
        x += wide
    return rows


def _legend(rows: list[list[tuple[Series, float]]]) -> list[Markup]:
    parts = []
    for number, row in enumerate(rows):
        y = 12 + LEGEND_ROW * number
        for one, x in row:
            if one.kind != "dots":
                parts.append(
                    element(
                        "line", x1=x, x2=x + 20, y1=y - 4, y2=y - 4, class_=f"line s{one.style}"
                    )
                )
            if one.kind != "line":
                parts.append(mark(x + 10, y - 4, one.style))
            parts.append(written(x + 25, y, one.name))
    return parts
