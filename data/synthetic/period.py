"""The stretch of time a synthetic world covers, and how its days and instants are counted.

Instants are whole microseconds since 1970, UTC; days are counted from the first day of payments.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
LOCAL_US = 8 * HOUR_US  # the world lives at UTC+8
WARM_UP_DAYS = 180  # payments before the first application: its longest window is full
BLOCK_DAYS = 30  # latent states move from block to block
NEVER = 1 << 62  # the instant of what does not happen
NEVER_DAY = 1 << 20  # its day

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """Payments run from `start`, applications from `applications_from`, both through `end`."""

    start: date
    applications_from: date
    end: date

    @property
    def days(self) -> int:
        """Number of days from `start` to `end`, both counted."""
        return (self.end - self.start).days + 1

    @property
    def blocks(self) -> int:
        """Number of blocks that cover the days, with one to spare for interpolation."""
        return self.days // BLOCK_DAYS + 2

    @property
    def first_application_day(self) -> int:
        """Day on which applications begin."""
        return (self.applications_from - self.start).days

    @property
    def start_epoch_day(self) -> int:
        """Days from 1970 to `start`."""
        return (self.start - _EPOCH).days

    @property
    def opens_us(self) -> int:
        """First instant of the period."""
        return self.start_epoch_day * DAY_US

    @property
    def closes_us(self) -> int:
        """First instant after the period: nothing is recorded then or later."""
        return self.opens_us + self.days * DAY_US

    def share_day(self, share: float) -> int:
        """Day on which `share` of the time of applications has passed."""
        first = self.first_application_day
        return first + round(share * (self.days - first))

    def instants(self, days: Ints) -> Ints:
        """First instants of days."""
        return self.opens_us + days * DAY_US

    def days_of(self, instants: Ints) -> Ints:
        """UTC days of instants."""
        return (instants - self.opens_us) // DAY_US

    def dates(self) -> list[date]:
        """Every day, and one more: the local day that UTC's last one reaches into."""
        return [self.start + timedelta(days=day) for day in range(self.days + 1)]


def period_of(*, months: int, end: date) -> Period:
    """The period whose applications run over `months` months up to and with `end`."""
    after = end + timedelta(days=1)
    first = _months_before(after, months)
    return Period(first - timedelta(days=WARM_UP_DAYS), first, end)


def _months_before(day: date, months: int) -> date:
    place = day.year * 12 + day.month - 1 - months
    year, month = divmod(place, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
