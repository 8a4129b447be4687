"""Bands of probability: what both products' bands have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from credit.policy.declared import Direction, Unit, declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One band of probability: above `probability_from`, up to and with `probability_to`."""

    name: str = declared(Unit.TEXT, Direction.FIXED, "What the band is called in answers")
    probability_from_ppm: int = declared(
        Unit.SHARE, Direction.DELEGATED, "P(bad) above which the band begins (0: from 0 itself)"
    )
    probability_to_ppm: int = declared(
        Unit.SHARE, Direction.DELEGATED, "P(bad) up to and with which the band reaches"
    )


B = TypeVar("B", bound=Band)


def band_of(bands: Sequence[B], probability_ppm: int) -> B:
    """The band in which a probability lies; bands end where the next begins, ends included."""
    return next(band for band in bands if probability_ppm <= band.probability_to_ppm)
