"""The part of the plane that a chart shows: where values lie on the page, and its axes."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from training.report.markup import Markup, element, join
from training.report.words import tick

TICKS = 5


@dataclass(frozen=True, slots=True)
class Frame:
    """What the axes say and reach, on a drawing of `width` by `height`."""

    x_label: str
    y_label: str
    x_min: float = 0.0
    x_max: float = 1.0
    y_min: float = 0.0
    y_max: float = 1.0
    width: int = 440
    height: int = 300
    left: int = 60
    right: int = 14
    top: int = 14
    bottom: int = 44
    show_x: Callable[[float], str] = tick
    show_y: Callable[[float], str] = tick

    def x(self, value: float) -> float:
        """Where a value lies across."""
        share = (value - self.x_min) / ((self.x_max - self.x_min) or 1.0)
        return round(self.left + min(max(share, -0.02), 1.02) * self.wide, 1)

    def y(self, value: float) -> float:
        """Where a value lies from the top."""
        share = (value - self.y_min) / ((self.y_max - self.y_min) or 1.0)
        return round(self.top + (1 - min(max(share, -0.02), 1.02)) * self.high, 1)

    @property
    def wide(self) -> int:
        """The width within the axes."""
        return self.width - self.left - self.right

    @property
    def high(self) -> int:
        """The height within the axes."""
        return self.height - self.top - self.bottom

    @property
    def floor(self) -> int:
        """Where the lower axis lies from the top."""
        return self.height - self.bottom


def marks(low: float, high: float, *, count: int = TICKS) -> list[float]:
    """About `count` round values from low to high.

    >>> marks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not (isfinite(low) and isfinite(high)) or high <= low:
        return [low]
    rough = (high - low) / count
    unit = 10.0 ** floor(log10(rough))
    step = next(size * unit for size in (1, 2, 2.5, 5, 10) if size * unit >= rough * 0.999)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [float(f"{place * step:.12g}") for place in range(first, last + 1)]


def axes(frame: Frame, *, names_x: list[tuple[float, str]] | None = None) -> Markup:
    """Gridlines, marks and what they say; `names_x` stands for round values across."""
    across = names_x or [(x, frame.show_x(x)) for x in marks(frame.x_min, frame.x_max)]
    upright = [(y, frame.show_y(y)) for y in marks(frame.y_min, frame.y_max)]
    return join(
        *(_line(frame.left, frame.y(y), frame.width - frame.right, frame.y(y)) for y, _ in upright),
        _line(frame.left, frame.floor, frame.width - frame.right, frame.floor, class_="axis"),
        *(written(frame.x(x), frame.floor + 15, said, anchor="middle") for x, said in across),
        *(written(frame.left - 6, frame.y(y) + 4, said, anchor="end") for y, said in upright),
        written(frame.left + frame.wide / 2, frame.height - 8, frame.x_label, anchor="middle"),
        _upright(frame),
    )


def written(x: float, y: float, said: str, *, anchor: str = "start", class_: str = "") -> Markup:
    """Text in a drawing."""
    return element(
        "text", said, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, class_=class_ or None
    )


def _upright(frame: Frame) -> Markup:
    middle = frame.top + frame.high / 2
    turned = f"rotate(-90 12 {middle:.1f})"
    return element(
        "text", frame.y_label, x="12", y=f"{middle:.1f}", text_anchor="middle", transform=turned
    )


def _line(x1: float, y1: float, x2: float, y2: float, *, class_: str = "grid") -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)
