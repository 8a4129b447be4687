"""Charts as inline SVG: no script, no font, nothing from elsewhere; all text is escaped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from monitoring.simulation.intervals import Estimate

CANDIDATE, CURRENT, WARNING, FAINT = "#1b6ca8", "#8a8f98", "#c8553d", "#d6dae0"
WIDTH, LABEL, RIGHT, STEP, TOP, AXIS = 470, 158, 62, 34, 8, 24
TICKS_MAX = 6
NAME_CHARACTERS = 25


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a dot chart: its name, and a figure of each series, the current first."""

    name: str
    marks: Sequence[tuple[Estimate, str]]


@dataclass(frozen=True, slots=True)
class Scale:
    """The values that a chart spans, and how they are spelt."""

    low: float
    high: float
    spelt: Callable[[float], str]

    def x(self, value: float) -> float:
        """Where on the page a value lies."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return LABEL + min(1.0, max(0.0, share)) * (WIDTH - LABEL - RIGHT)


def spanning(rows: Sequence[Row], spelt: Callable[[float], str], *also: float) -> Scale:
    """A scale that holds every figure with its interval, and what else it must show."""
    told = [
        value
        for row in rows
        for one, _ in row.marks
        for value in (one.low, one.value, one.high)
        if value is not None
    ]
    low, high = min([*told, *also], default=0.0), max([*told, *also], default=1.0)
    ticks = round_ticks(low, high if high > low else low + 1.0)
    return Scale(ticks[0], ticks[-1], spelt)


def round_ticks(low: float, high: float) -> list[float]:
    """At most seven round values, evenly apart, from at most `low` to at least `high`.

    >>> round_ticks(-0.113, 0.05)
    [-0.15, -0.1, -0.05, 0.0, 0.05]
    """
    raw = (high - low) / TICKS_MAX
    power = 10.0 ** floor(log10(raw))
    step = next(times * power for times in (1, 2, 2.5, 5, 10) if times * power >= raw * (1 - 1e-9))
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


def dots(title: str, rows: Sequence[Row], scale: Scale, *, line: float | None = None) -> str:
    """Figures as dots with their intervals, one row a name; `line` marks a value."""
    high = TOP + STEP * len(rows) + AXIS
    body = [_axis(scale, high)]
    if line is not None:
        body.append(_upright(scale.x(line), high, WARNING, dashed=True))
    for place, row in enumerate(rows):
        y = TOP + STEP * place + STEP / 2
        body.append(_name(row.name, y))
        for shift, (one, colour) in zip(_shifts(len(row.marks)), row.marks, strict=True):
            body.append(_mark(one, scale, y + shift, colour))
    return _figure(title, high, "".join(body))


def bars(
    title: str, rows: Sequence[tuple[str, Sequence[tuple[float, str, str]]]], *, room: int = RIGHT
) -> str:
    """Lying bars: for each name some (value, what stands beside it, colour); `room` for that."""
    most = max((value for _, parts in rows for value, _, _ in parts), default=0.0) or 1.0
    high, body = TOP + STEP * len(rows) + 4, []
    for place, (name, parts) in enumerate(rows):
        y = TOP + STEP * place + STEP / 2
        body.append(_name(name, y))
        for shift, (value, told, colour) in zip(_shifts(len(parts)), parts, strict=True):
            wide = value / most * (WIDTH - LABEL - room)
            body.append(
                f'<rect x="{LABEL}" y="{y + shift - 5:.1f}" width="{wide:.1f}" height="10" '
                f'fill="{colour}"/>'
                f'<text x="{LABEL + wide + 5:.1f}" y="{y + shift + 4:.1f}">{escape(told)}</text>'
            )
    return _figure(title, high, "".join(body))


def steps(
    title: str,
    edges: Sequence[float],
    heights: Sequence[tuple[Sequence[int], str, bool]],
    cuts: Sequence[tuple[float, str, str]],
) -> str:
    """Histograms on the same edges: (counts, colour, filled or not); `cuts`: (at, name, colour)."""
    left, right, high = 44, 24, 240
    most = max((max(counts) for counts, _, _ in heights), default=1) or 1
    top = edges[-1]

    def x(value: float) -> float:
        return left + value / top * (WIDTH - left - right)

    def y(count: float) -> float:
        return high - AXIS - count / most * (high - AXIS - 26)

    body = [
        f'<text x="{x(tick):.1f}" y="{high - 8}" text-anchor="middle">{tick:.1%}</text>'
        for tick in round_ticks(0.0, top)
        if tick <= top
    ]
    for counts, colour, filled in heights:
        points = [f"{x(0):.1f},{y(0):.1f}"]
        for begin, end, count in zip(edges[:-1], edges[1:], counts, strict=True):
            points += [f"{x(begin):.1f},{y(count):.1f}", f"{x(end):.1f},{y(count):.1f}"]
        points.append(f"{x(top):.1f},{y(0):.1f}")
        paint = f'fill="{colour}"' if filled else f'fill="none" stroke="{colour}" stroke-width="2"'
        body.append(f'<polygon points="{" ".join(points)}" {paint}/>')
    for place, (at, name, colour) in enumerate(one for one in cuts if one[0] <= top):
        body.append(
            f'<line x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{12 + 11 * place}" y2="{high - AXIS}" '
            f'stroke="{colour}" stroke-dasharray="4 3"/>'
            f'<text x="{x(at) + 4:.1f}" y="{12 + 11 * place + 8}">{escape(name)}</text>'
        )
    body.append(f'<text x="{left - 6}" y="{y(most) + 4:.1f}" text-anchor="end">{most:,}</text>')
    return _figure(title, high, "".join(body))


def _axis(scale: Scale, high: float) -> str:
    parts = []
    for value in round_ticks(scale.low, scale.high):
        x = scale.x(value)
        parts.append(_upright(x, high, "#eef0f3"))
        parts.append(
            f'<text x="{x:.1f}" y="{high - 8}" text-anchor="middle">'
            f"{escape(scale.spelt(value))}</text>"
        )
    if scale.low < 0 < scale.high:
        parts.append(_upright(scale.x(0.0), high, "#8a8f98"))
    return "".join(parts)


def _upright(x: float, high: float, colour: str, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{high - AXIS + 4}" '
        f'stroke="{colour}"{dash}/>'
    )


def _mark(one: Estimate, scale: Scale, y: float, colour: str) -> str:
    if one.value is None or one.low is None or one.high is None:
        return f'<text x="{LABEL + 4}" y="{y + 4:.1f}">not known</text>'
    x, low, high = scale.x(one.value), scale.x(one.low), scale.x(one.high)
    return (
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" '
        f'stroke-width="3" stroke-opacity=".45"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>'
        f'<text x="{WIDTH - RIGHT + 10}" y="{y + 4:.1f}">{escape(scale.spelt(one.value))}</text>'
    )


def _shifts(count: int) -> list[float]:
    return [(place - (count - 1) / 2) * 13 for place in range(count)]


def _name(name: str, y: float) -> str:
    short = name if len(name) <= NAME_CHARACTERS else f"{name[: NAME_CHARACTERS - 1]}…"
    return (
        f'<text x="{LABEL - 10}" y="{y + 4:.1f}" text-anchor="end">{escape(short)}'
        f"<title>{escape(name)}</title></text>"
    )


def _figure(title: str, high: float, body: str) -> str:
    told = escape(title)
    return (
        f'<figure><figcaption>{told}</figcaption><svg viewBox="0 0 {WIDTH} {high:.0f}" '
        f'width="{WIDTH}" height="{high:.0f}" role="img" aria-label="{told}">{body}</svg></figure>'
    )
