"""Bands of probability: what both products' bands have in common."""

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Band(Protocol):
    """What bands of both products have."""

    @property
    def name(self) -> str:
        """What the band is called in answers."""

    @property
    def probability_from_ppm(self) -> int:
        """Where it begins, itself not included, but for 0."""

    @property
    def probability_to_ppm(self) -> int:
        """Where it ends, itself included."""


B = TypeVar("B", bound=Band)


def band_of(bands: Sequence[B], probability_ppm: int) -> B:
    """The band in which a probability lies; bands end where the next begins, ends included."""
    return next(band for band in bands if probability_ppm <= band.probability_to_ppm)


def measuring_band(bands: Sequence[B], probability_ppm: int, approve_max_ppm: int) -> B:
    """The band whose ceilings measure a request: its own, or the last that may be approved.

    A request that a person may still approve is measured as the last that needs no person, so that
    a riskier request is never measured by more.
    """
    return band_of(bands, min(probability_ppm, approve_max_ppm))
