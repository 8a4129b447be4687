"""Instants as the records write them: text of one width, which sorts as time runs."""

from datetime import UTC, datetime


def instant_text(moment: datetime) -> str:
    """An aware instant as the records write it: UTC, microseconds, one width.

    >>> instant_text(datetime(2026, 6, 30, 12, tzinfo=UTC))
    '2026-06-30T12:00:00.000000Z'
    """
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds") + "Z"


def instant_of(text: str) -> datetime:
    """The aware instant that the records wrote.

    >>> instant_of('2026-06-30T12:00:00.000000Z').isoformat()
    '2026-06-30T12:00:00+00:00'
    """
    return datetime.fromisoformat(text)
