"""Years of two digits: which century, told by all years of a column together."""

from collections.abc import Callable, Sequence
from itertools import pairwise

CENTURY = 100
LATEST = 50  # years that end by 2050 are of this century, later ones of the last


def whole_years(written: Sequence[str]) -> Callable[[str], int]:
    """How to read each of these years; those of four digits are as they are.

    Years of a column lie together, so the widest gap among the hundred is where they begin: true
    of all columns that span less than fifty years, and of longer ones without such a hole.

    >>> read = whole_years(["62", "75", "88", "98", "07", "14"])
    >>> read("62"), read("14"), whole_years(["14", "22"])("14")
    (1962, 2014, 2014)
    """
    short = sorted({int(year) for year in written if year.isdigit() and len(year) == 2})  # noqa: PLR2004  # digits
    first, last = _span(short)

    def whole(year: str) -> int:
        if len(year) != 2:  # noqa: PLR2004  # digits
            return int(year)
        if first > last:  # on across the end of the last century
            return int(year) + (1900 if int(year) >= first else 2000)
        return int(year) + (2000 if last <= LATEST else 1900)

    return whole


def _span(short: Sequence[int]) -> tuple[int, int]:
    """The first and the last year around the widest gap."""
    if not short:
        return 0, 0
    around = [*short, short[0] + CENTURY]
    _, last, first = max((later - earlier, earlier, later) for earlier, later in pairwise(around))
    return first % CENTURY, last
