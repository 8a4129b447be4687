"""What a feature is, and the few shapes of expression that many features share.

A feature is written once, as an expression over the measures of its entity at a time (`windows`,
`payment_measures`, `loan_measures` and `user_measures` say which). Ibis defers it: `_` stands for
the row of measures.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ibis
from ibis import _

NUMBER = "number"
CATEGORY = "category"
WINDOWS = (7, 30, 90, 180)
LONGEST_WINDOW = WINDOWS[-1]
MERCHANT = "merchant"
USER = "user"

RAISES = +1  # a higher value means a higher P(bad)
LOWERS = -1
FREE = 0
CAN_RAISE = +1  # who is scored can move it up, or down, by what they do from now on
CAN_LOWER = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature: what it says, in what unit, which way it points and which reason it feeds.

    It is said in English and Chinese, side by side; `owner` is the team that answers for it.
    `view` is the group of tables that it is computed from ("request" for one of the request).
    `expression` is deferred Ibis over measures, or the closed arithmetic of `features.request`.
    `window_days` is None where the value describes a state, not a window. `actionable` says which
    way who is scored can move it (`CAN_RAISE`, `CAN_LOWER`); 0 where it is not theirs to change,
    as what is past, how long they are known and the calendar.
    """

    name: str
    entity: str
    view: str
    owner: str
    unit: str
    reason: str
    description: str
    description_zh: str
    expression: Any = field(compare=False, repr=False)
    window_days: int | None = None
    direction: int = FREE
    dtype: str = NUMBER
    actionable: int = FREE


def ratio(part: Any, whole: Any) -> Any:
    """`part / whole`; missing where either is missing or `whole` is zero."""
    return part.cast("float64") / whole.nullif(0)


def measure(name: str) -> Any:
    """The measure called `name`."""
    return getattr(_, name)


def counted(flag: Any) -> Any:
    """1 where `flag` holds, else 0, also where it is missing: a term of a count."""
    return ibis.ifelse(flag, 1, 0).cast("int32")


def total(values: Any) -> Any:
    """The exact sum, kept in 64 bits (engines widen it)."""
    return values.sum().cast("int64")


def per_window(windows: tuple[int, ...], family: Callable[[int], Feature]) -> tuple[Feature, ...]:
    """One feature a window."""
    return tuple(family(days) for days in windows)
