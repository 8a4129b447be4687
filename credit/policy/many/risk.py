"""Scores, bands and cut-offs over columns."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from credit.policy.bands import Band
from credit.policy.many.columns import Real
from credit.policy.scorecard import EDGES_PPM, SCORE_MAX

_EDGES = np.array(EDGES_PPM, np.float64)


def scores_of(ppm: Real) -> NDArray[np.int16]:
    """`scorecard.score_of` of each: the same table, searched the same way."""
    return (SCORE_MAX - np.searchsorted(_EDGES, ppm, side="left")).astype(np.int16)


def bands_of(bands: Sequence[Band], ppm: Real) -> NDArray[np.intp]:
    """`bands.band_of` of each, as places among the bands."""
    ends = np.array([band.probability_to_ppm for band in bands], np.float64)
    return np.searchsorted(ends, ppm, side="left")
