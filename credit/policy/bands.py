"""Bands of probability: what both products' bands have in common."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from credit.policy.declared import Direction, Unit, declarations, declared
from credit.policy.directions import Met, meet, shown


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


@dataclass(frozen=True, slots=True)
class BandFault:
    """Where a band gives more than the bands above it: its place, counted from 1, and the bound."""

    place: int
    name: str
    stated: str
    bound: str


@dataclass(frozen=True, slots=True)
class BandsUnder(Generic[B]):
    """Bands cut anew, bounded by those above, and where they had to be."""

    bands: tuple[B, ...]
    faults: tuple[BandFault, ...]


def bands_under(above: Sequence[B], stated: Sequence[B]) -> BandsUnder[B]:
    """`stated` where at no probability it gives more than `above` does there.

    A band gives one value over its whole width: at most the least that the bands above give
    anywhere in it.
    """
    faults: list[BandFault] = []
    made = []
    for place, band in enumerate(stated, start=1):
        over = [one for one in above if _overlap(one, band)]
        changes = {}
        for attribute, name, bound, value in _bounded(band, over):
            faults.append(BandFault(place, name, value, bound.bound))
            changes[attribute] = bound.effective
        made.append(replace(band, **changes))
    return BandsUnder(tuple(made), tuple(faults))


def _bounded(band: Band, over: Sequence[Band]) -> Iterator[tuple[str, str, Met, str]]:
    for attribute, name, row in declarations(type(band)):
        if row.direction is Direction.LOWER_ONLY and over:
            least = min(getattr(one, attribute) for one in over)
            value = getattr(band, attribute)
            met = meet(row, least, value, ())
            if met.bound:
                yield attribute, name, met, shown(row, value)


def _overlap(one: Band, other: Band) -> bool:
    begins = max(one.probability_from_ppm, other.probability_from_ppm)
    return begins < min(one.probability_to_ppm, other.probability_to_ppm)
