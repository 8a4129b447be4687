"""What people type, as values; what cannot be read is named with its mend."""

from collections.abc import Sequence
from datetime import date

from credit.errors import InputError


def parse_day(text: str, option: str) -> date:
    """A day such as 2026-06-30.

    >>> parse_day("2026-06-30", "--end")
    datetime.date(2026, 6, 30)
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{option} is {text!r}", "use a day such as 2026-06-30") from None


def parse_columns(texts: Sequence[str] | None) -> tuple[str, ...]:
    """Column names from lists with commas, one for each time an option is given; blanks fall away.

    >>> parse_columns(["age, income,", "sex"])
    ('age', 'income', 'sex')
    """
    names = (name.strip() for text in texts or () for name in text.split(","))
    return tuple(filter(None, names))


def parse_monotone(texts: Sequence[str] | None) -> dict[str, int]:
    """Directions from `COL=+1,COL=-1`, one for each time the option is given.

    >>> parse_monotone(["age=-1,debt=+1", "late=1"])
    {'age': -1, 'debt': 1, 'late': 1}
    """
    directions: dict[str, int] = {}
    for part in parse_columns(texts):
        name, _, sign = part.rpartition("=")
        if not name or sign not in {"+1", "1", "-1"}:
            raise InputError(f"--monotone has {part!r}", "use COLUMN=+1 or COLUMN=-1")
        if directions.setdefault(name, int(sign)) != int(sign):
            raise InputError(f"--monotone {name} is +1 and -1", "give one direction")
    return directions
