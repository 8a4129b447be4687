"""Figures as a person reads them; a dash where there is none."""

from collections.abc import Mapping
from typing import Any

NONE = "–"
MINUS = "−"


def text(value: Any) -> str:
    """Words as they are."""
    return NONE if value is None or value == "" else str(value)


def count(value: Any) -> str:
    """A whole number.

    >>> count(12345)
    '12,345'
    """
    return NONE if value is None else f"{round(value):,}".replace("-", MINUS)


def share(value: Any) -> str:
    """A share in per cent, finer where it is small.

    >>> share(0.1234), share(0.00123), share(None)
    ('12.3%', '0.12%', '–')
    """
    if value is None:
        return NONE
    digits = 1 if abs(value) >= 0.02 or value == 0 else 2  # noqa: PLR2004  # where 0.1% is coarse
    return f"{value:.{digits}%}".replace("-", MINUS)


def percent(value: float) -> str:
    """A share as a mark on an axis, no longer than it must be.

    >>> percent(0.6), percent(0.025)
    ('60%', '2.5%')
    """
    return f"{100 * value:.3g}%".replace("-", MINUS)


def day(value: Any) -> str:
    """A time without what is nothing in it.

    >>> day("2025-01-01T00:00:00.000000"), day("2025-01-01T09:30:00.000000")
    ('2025-01-01', '2025-01-01 09:30:00')
    """
    said = text(value)
    whole, _, time = said.partition("T")
    time = time.partition(".")[0]
    return whole if time in {"", "00:00:00"} and whole else f"{whole} {time}"


def figure(value: Any) -> str:
    """A figure to four places."""
    return NONE if value is None else f"{value:.4f}".replace("-", MINUS)


def short(value: Any) -> str:
    """A figure to three places."""
    return NONE if value is None else f"{value:.3f}".replace("-", MINUS)


def signed(value: Any) -> str:
    """A difference, with its sign.

    >>> signed(0.0123), signed(-0.5)
    ('+0.0123', '−0.5000')
    """
    return NONE if value is None else f"{value:+.4f}".replace("-", MINUS)


def odds(value: Any) -> str:
    """Goods to a bad."""
    return NONE if value is None else f"{value:,.1f} : 1"


def money(value: Any) -> str:
    """Minor units as major ones."""
    return NONE if value is None else f"{value / 100:,.0f}".replace("-", MINUS)


def number(value: Any) -> str:
    """A value of a feature.

    >>> number(1234567.0), number(0.00012345)
    ('1,234,567', '0.000123')
    """
    if value is None:
        return NONE
    whole = abs(value) >= 1000  # noqa: PLR2004  # four digits say enough without decimals
    return (f"{value:,.0f}" if whole else f"{value:.3g}").replace("-", MINUS)


def tick(value: float) -> str:
    """A mark on an axis, short."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):.3g}{letter}".replace("-", MINUS)
    return f"{value:.3g}".replace("-", MINUS)


def between(interval: Mapping[str, Any] | None, show: Any = figure) -> str:
    """An interval, `low` to `high`."""
    if not interval or interval.get("low") is None:
        return NONE
    return f"{show(interval['low'])} to {show(interval['high'])}"


def some(things: int, one: str, many: str = "") -> str:
    """A number of things.

    >>> some(1, "month"), some(3, "month"), some(2, "loss", "losses")
    ('1 month', '3 months', '2 losses')
    """
    return f"{things:,} {one if things == 1 else many or one + 's'}"
