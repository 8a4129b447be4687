"""Lying charts: a name to the left, a bar or an interval in the middle, its figure to the right."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from training.report.charts import figure, mark
from training.report.frame import marks, written
from training.report.markup import Markup, element, join
from training.report.words import share, tick

WIDTH, LEFT, RIGHT, TOP, STEP = 480, 170, 66, 10, 22
NAME_MAX = 27


@dataclass(frozen=True, slots=True)
class Interval:
    """One row of a forest: a value with its limits, and whether it is cause for a look."""

    name: str
    value: float
    low: float | None
    high: float | None
    doubtful: bool = False


def bars(
    title: str,
    said: str,
    rows: Sequence[tuple[str, float]],
    *,
    show: Callable[[Any], str] = share,
) -> Markup:
    """One bar a name, in the order given."""
    most = max([value for _, value in rows] + [1e-12])
    parts = []
    for place, (name, value) in enumerate(rows):
        y = TOP + place * STEP
        wide = round(max(value, 0) / most * (WIDTH - LEFT - RIGHT), 1)
        parts += [
            _name(name, y),
            element("rect", x=LEFT, y=y + 4, width=wide, height=13, class_="bar"),
            written(LEFT + wide + 6, y + 15, show(value)),
        ]
    return figure(title, said, WIDTH, TOP * 2 + STEP * len(rows), join(*parts))


def forest(
    title: str,
    said: str,
    rows: Sequence[Interval],
    *,
    line: float,
    line_says: str,
    show: Callable[[Any], str],
) -> Markup:
    """Values with their limits beside an upright line that matters."""
    ends = [end for row in rows for end in (row.low, row.high, row.value) if end is not None]
    low, high = min([line, *ends]), max([line, *ends])
    room = (high - low or 1.0) * 0.06
    low, high = low - room, high + room
    floor = TOP + 18 + STEP * len(rows)

    def x(value: float) -> float:
        return round(LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)

    ruled = [
        element("line", x1=x(line), x2=x(line), y1=TOP + 12, y2=floor, class_="limit"),
        written(x(line), TOP + 8, line_says, anchor="middle", class_="note"),
    ]
    scale = [written(x(at), floor + 14, tick(at), anchor="middle") for at in marks(low, high)]
    grid = element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=floor, y2=floor, class_="axis")
    drawn = [_interval(row, TOP + 14 + place * STEP, x, show) for place, row in enumerate(rows)]
    return figure(title, said, WIDTH, floor + 22, join(grid, *ruled, *scale, *drawn))


def _interval(
    row: Interval, y: int, x: Callable[[float], float], show: Callable[[Any], str]
) -> Markup:
    middle = y + 11
    style = 1 if row.doubtful else 0
    reach = None
    if row.low is not None and row.high is not None:
        reach = element(
            "line", x1=x(row.low), x2=x(row.high), y1=middle, y2=middle, class_=f"whisker s{style}"
        )
    figure_said = written(WIDTH - RIGHT + 8, y + 15, show(row.value))
    return join(_name(row.name, y), reach, mark(x(row.value), middle, style), figure_said)


def _name(name: str, y: float) -> Markup:
    said = name if len(name) <= NAME_MAX else name[: NAME_MAX - 1] + "…"
    return written(LEFT - 8, y + 15, said, anchor="end", class_="name")
