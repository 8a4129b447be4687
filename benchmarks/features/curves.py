"""The growth of seconds and memory as a drawing (SVG) with logarithmic axes, for both themes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log10
from typing import Any

WIDTH, HEIGHT = 880, 310
PANEL_WIDTH, PANEL_HEIGHT, TOP = 330, 230, 46
STYLE = """<style>
svg { font: 12px system-ui, sans-serif; }
text { fill: #444; } .title { font-size: 13px; font-weight: 600; fill: #222; }
.grid { stroke: #d8d8d8; stroke-width: 1; } .vouch { stroke: #0b6bcb; fill: #0b6bcb; }
.scan { stroke: #888; fill: #888; } .line { fill: none; stroke-width: 2; }
text.vouch, text.scan { stroke: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #bbb; } .title { fill: #eee; } .grid { stroke: #3a3f46; }
  .vouch { stroke: #66aaf5; fill: #66aaf5; } .scan { stroke: #9a9a9a; fill: #9a9a9a; }
}
</style>"""
NAMES = {"vouch": "Vouch", "scan": "bare scan"}
PANELS = (
    ("work_seconds", "seconds, by payments"),
    ("peak_mb", "peak memory in MB, by payments"),
)


@dataclass(frozen=True, slots=True)
class Axis:
    """A logarithmic axis over whole decades, on pixels."""

    first: int
    last: int
    start: float
    length: float

    def at(self, value: float) -> float:
        """Where `value` stands."""
        return self.start + self.length * (log10(value) - self.first) / (self.last - self.first)

    def decades(self) -> list[float]:
        """What stands beside the axis."""
        return [10.0**power for power in range(self.first, self.last + 1)]


def axis_over(values: list[float], *, start: float, length: float) -> Axis:
    """The decades that hold `values`."""
    first, last = log10(min(values)), log10(max(values))
    low = int(first // 1)
    return Axis(low, max(low + 1, int(-(-last // 1))), start, length)


def drawing(growth: Mapping[str, Any]) -> str:
    """The whole SVG; `growth` is that part of the results."""
    panels = [
        panel(growth, name, title, left=70 + number * (PANEL_WIDTH + 95))
        for number, (name, title) in enumerate(PANELS)
    ]
    said = "Seconds and peak memory of a build against the number of payments"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
    return "\n".join([f'{head} aria-label="{said}">', STYLE, *panels, "</svg>"]) + "\n"


def panel(growth: Mapping[str, Any], name: str, title: str, *, left: float) -> str:
    """One figure against payments."""
    sizes = sorted(map(int, growth))
    lines = {arm: [float(growth[str(size)][arm][name]) for size in sizes] for arm in NAMES}
    across = axis_over([float(size) for size in sizes], start=left, length=PANEL_WIDTH)
    values = [value for line in lines.values() for value in line]
    up = axis_over(values, start=TOP + PANEL_HEIGHT, length=-PANEL_HEIGHT)
    drawn = [_text(left, TOP - 22, title, "title")]
    drawn += [_across(up, value, left) for value in up.decades()]
    drawn += [_upright(across, value) for value in across.decades()]
    drawn += [_line(arm, sizes, line, across.at, up.at) for arm, line in lines.items()]
    return "\n".join(drawn)


def _line(
    arm: str,
    sizes: list[int],
    values: list[float],
    across: Callable[[float], float],
    up: Callable[[float], float],
) -> str:
    points = [(across(size), up(value)) for size, value in zip(sizes, values, strict=True)]
    drawn = [
        f'<line class="{arm} line" x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
        for (x, y), (x2, y2) in pairwise(points)
    ]
    drawn += [f'<circle class="{arm}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in points]
    x, y = points[-1]
    return "\n".join([*drawn, _text(x - 4, y - 9, NAMES[arm], arm, anchor="end")])


def _across(axis: Axis, value: float, left: float) -> str:
    y = axis.at(value)
    right = left + PANEL_WIDTH
    line = f'<line class="grid" x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>'
    return line + _text(left - 8, y + 4, f"{value:,.10g}", "tick", anchor="end")


def _upright(axis: Axis, value: float) -> str:
    x, foot = axis.at(value), TOP + PANEL_HEIGHT
    line = f'<line class="grid" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{foot}"/>'
    named = f"{value / 1e6:g} million" if value >= 1e6 else f"{value:,.0f}"
    return line + _text(x, foot + 20, named, "tick", anchor="middle")


def _text(x: float, y: float, said: str, kind: str, *, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{said}</text>'
