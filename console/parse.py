"""What people type, as values; what cannot be read is named with its mend."""

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


def parse_columns(text: str) -> tuple[str, ...]:
    """Column names from a list with commas; blanks fall away.

    >>> parse_columns("age, income,")
    ('age', 'income')
    """
    return tuple(name.strip() for name in text.split(",") if name.strip())


def parse_monotone(text: str) -> dict[str, int]:
    """Directions from `COL=+1,COL=-1`.

    >>> parse_monotone("age=-1,debt=+1")
    {'age': -1, 'debt': 1}
    """
    directions = {}
    for part in parse_columns(text):
        name, _, sign = part.rpartition("=")
        if not name or sign not in {"+1", "1", "-1"}:
            raise InputError(f"--monotone has {part!r}", "use COLUMN=+1 or COLUMN=-1")
        directions[name] = int(sign)
    return directions
