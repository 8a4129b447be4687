"""Room under a credit line: what new authorisations may still take."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One credit line and what is used of it, shared by products and partners.

    `limit_minor` None: nobody has set one, and the policy's ceiling stands alone. A line may be
    cut below what is used of it: room binds new authorisations only.
    """

    used_minor: int = 0
    limit_minor: int | None = None
    source: str | None = None
    valid_until: datetime | None = None


def room_minor(line: Line, *, ceiling_minor: int, at: datetime) -> int:
    """What a new authorisation may take at most, never negative.

    `ceiling_minor` is the policy's, over everything one merchant or consumer has open. A line
    past its validity has no room.

    >>> from datetime import UTC
    >>> now = datetime(2026, 6, 30, tzinfo=UTC)
    >>> room_minor(Line(used_minor=30, limit_minor=100), ceiling_minor=80, at=now)
    50
    >>> room_minor(Line(used_minor=130, limit_minor=100), ceiling_minor=500, at=now)
    0
    >>> room_minor(Line(limit_minor=100, valid_until=now), ceiling_minor=500, at=now)
    0
    """
    if line.valid_until is not None and at >= line.valid_until:
        return 0
    limit_minor = ceiling_minor if line.limit_minor is None else line.limit_minor
    return max(0, min(limit_minor, ceiling_minor) - line.used_minor)
