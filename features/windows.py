"""Which days every additive measure of payments adds up: the one declaration of all windows.

As of a day D, an event of day E is `D - E` days ago: 0 is the day D itself.
"""

from dataclasses import dataclass

from features.definition import LONGEST_WINDOW, WINDOWS

WEEKS = 12
WEEKDAYS = 7
WEEKDAY_SPAN = WEEKS * 7  # days over which weekdays are told apart
COUNTERPART_WINDOWS = (30, 90, LONGEST_WINDOW)
SCENES = ("bike", "power_bank", "umbrella", "hotel", "clinic", "school", "self_service_retail")


@dataclass(frozen=True, slots=True)
class WindowSum:
    """The sum of the tile column `amount` over `first_ago <= ago < end_ago`.

    With a `weekday` only the days count whose number leaves it as the rest of a division by 7.
    """

    name: str
    amount: str
    first_ago: int
    end_ago: int
    weekday: int | None = None


def _last(amount: str, *windows: int) -> tuple[WindowSum, ...]:
    return tuple(WindowSum(f"{amount}_{days}d", amount, 0, days) for days in windows)


def _before(amount: str, *windows: int) -> tuple[WindowSum, ...]:
    """The window before the last one of its length: days 31-60, days 91-180."""
    return tuple(WindowSum(f"{amount}_prev_{days}d", amount, days, 2 * days) for days in windows)


WEEK_SUMS = tuple(
    WindowSum(f"payment_minor_week_{week}", "payment_minor", 7 * week, 7 * week + 7)
    for week in range(WEEKS)
)
WEEKDAY_SUMS = tuple(
    WindowSum(f"payment_minor_weekday_{day}", "payment_minor", 0, WEEKDAY_SPAN, weekday=day)
    for day in range(WEEKDAYS)
)
WINDOW_SUMS: tuple[WindowSum, ...] = (
    *_last("payment_count", *WINDOWS),
    *_last("payment_minor", *WINDOWS),
    *_before("payment_count", 30, 90),
    *_before("payment_minor", 30, 90),
    *_last("refund_count", 30, 90),
    *_last("refund_minor", 30, 90),
    *_last("chargeback_count", 90, 180),
    *_last("chargeback_minor", 30, 90),
    *_last("payout_minor", 30, 90),
    *_last("night_count", 90),
    *_last("weekend_minor", 90),
    *_last("instalment_count", 90),
    *_last("subsidised_count", 90),
    *_last("round_count", 90),
    *_last("self_count", 90),
    *(window for scene in SCENES for window in _last(f"scene_{scene}_minor", 90)),
    *WEEK_SUMS,
    *WEEKDAY_SUMS,
)
