"""Charts as inline SVG: no script, no font, no picture from elsewhere; all text escaped."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 420, 300, 48, 40, 14, 12
COLOURS = ("#1b6ca8", "#c8553d", "#8a8f98")
TICKS = 5
POINTS_MAX = 300


@dataclass(frozen=True, slots=True)
class Line:
    """One series: its name, points, and whether it is dashed or drawn as marks."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    colour: str = COLOURS[0]
    dashed: bool = False
    marks: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of the plane that a chart shows, and what its axes say."""

    x_label: str
    y_label: str
    x_min: float = 0.0
    x_max: float = 1.0
    y_min: float = 0.0
    y_max: float = 1.0

    def x(self, value: float) -> float:
        """Where on the page a value lies."""
        return LEFT + (value - self.x_min) / (self.x_max - self.x_min) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Where on the page a value lies."""
        share = (value - self.y_min) / (self.y_max - self.y_min)
        return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)


def line_chart(title: str, frame: Frame, lines: Sequence[Line], *, extra: str = "") -> str:
    """Lines over a frame with ticks and a legend."""
    body = [_axes(frame), extra, *(_line(frame, line) for line in lines), _legend(lines)]
    return _svg(title, HEIGHT, "".join(body))


def intervals(
    frame: Frame, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float]
) -> str:
    """Upright bars from low to high."""
    return "".join(
        f'<line x1="{frame.x(x):.1f}" x2="{frame.x(x):.1f}" y1="{frame.y(low):.1f}" '
        f'y2="{frame.y(high):.1f}" stroke="{COLOURS[0]}" stroke-width="1"/>'
        for x, low, high in zip(xs, lows, highs, strict=True)
    )


def bars(title: str, names: Sequence[str], values: Sequence[float]) -> str:
    """Lying bars, one a name, longest first as given."""
    step, left = 20, 210
    most = max([*values, 1e-12])
    rows = []
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        y = TOP + place * step
        wide = value / most * (WIDTH + 120 - left - 60)
        rows.append(
            f'<text x="{left - 6}" y="{y + 12}" text-anchor="end">{escape(_short(name))}</text>'
            f'<rect x="{left}" y="{y + 2}" width="{wide:.1f}" height="13" fill="{COLOURS[0]}"/>'
            f'<text x="{left + wide + 4:.1f}" y="{y + 12}">{value:.1%}</text>'
        )
    return _svg(title, TOP * 2 + step * len(names), "".join(rows), width=WIDTH + 120)


def steps(edges: Any, heights: Any) -> tuple[list[float], list[float]]:
    """A histogram's outline as points."""
    xs, ys = [float(edges[0])], [0.0]
    for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True):
        xs += [float(left), float(right)]
        ys += [float(height), float(height)]
    return [*xs, float(edges[-1])], [*ys, 0.0]


def _svg(title: str, height: int, body: str, *, width: int = WIDTH) -> str:
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(title)}">'
        f"{body}</svg></figure>"
    )


def _axes(frame: Frame) -> str:
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - BOTTOM - TOP
    box = f'x="{LEFT}" y="{TOP}" width="{wide}" height="{high}"'
    parts = [f'<rect {box} fill="none" stroke="#ccc"/>']
    for tick in range(TICKS + 1):
        x = frame.x_min + tick / TICKS * (frame.x_max - frame.x_min)
        y = frame.y_min + tick / TICKS * (frame.y_max - frame.y_min)
        parts.append(
            f'<text x="{frame.x(x):.1f}" y="{HEIGHT - BOTTOM + 14}" '
            f'text-anchor="middle">{_tick(x)}</text>'
            f'<text x="{LEFT - 5}" y="{frame.y(y) + 4:.1f}" text-anchor="end">{_tick(y)}</text>'
        )
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(frame.x_label)}</text>'
        f'<text x="12" y="{HEIGHT / 2}" text-anchor="middle" '
        f'transform="rotate(-90 12 {HEIGHT / 2})">{escape(frame.y_label)}</text>'
    )
    return "".join(parts)


def _tick(value: float) -> str:
    return f"{value:.3g}"


def _line(frame: Frame, line: Line) -> str:
    if line.marks:
        return "".join(
            f'<circle cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="3.5" fill="{line.colour}"/>'
            for x, y in zip(line.xs, line.ys, strict=True)
        )
    kept = _thinned(len(line.xs))
    points = " ".join(f"{frame.x(line.xs[i]):.1f},{frame.y(line.ys[i]):.1f}" for i in kept)
    dash = ' stroke-dasharray="4 3"' if line.dashed else ""
    return (
        f'<polyline points="{points}" fill="none" stroke="{line.colour}" stroke-width="1.6"{dash}/>'
    )


def _thinned(count: int) -> list[int]:
    if count <= POINTS_MAX:
        return list(range(count))
    return sorted({round(i * (count - 1) / (POINTS_MAX - 1)) for i in range(POINTS_MAX)})


def _legend(lines: Sequence[Line]) -> str:
    named = [line for line in lines if line.name]
    return "".join(
        f'<rect x="{LEFT + 10}" y="{TOP + 9 + 15 * place}" width="10" height="3" '
        f'fill="{line.colour}"/>'
        f'<text x="{LEFT + 25}" y="{TOP + 14 + 15 * place}">{escape(line.name)}</text>'
        for place, line in enumerate(named)
    )


def _short(name: str) -> str:
    return name if len(name) <= 32 else name[:29] + "..."  # noqa: PLR2004  # what fits beside a bar
