"""What the declined might have become: outcomes that nobody saw, inferred and so marked.

Whether this helps is an open question. Where acceptance followed what the model reads, the
accepted tell all there is to tell and inference adds nothing but its own assumption; where it
followed something else, no method can know how bad the declined are, and the uplift is a
guess. Crook and Banasik (2004, Does reject inference really improve the performance of
application scoring models?) found little or no gain and sometimes harm; a sample of the
declined approved at random is worth more than either method.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

NONE, PARCELLING, FUZZY = "none", "parcelling", "fuzzy"
HOW = (NONE, PARCELLING, FUZZY)
BANDS = 10
UPLIFT = 1.5  # the declined of a band are taken to be worse than its accepted: stated, not known
BAND_ROWS_MIN = 20  # a band holds at least so many accepted, else its bad rate is noise


@dataclass(frozen=True, slots=True)
class Band:
    """P(bad) above `low` up to `high`, and what is assumed of the declined among them."""

    low: float
    high: float
    accepted: int
    bad_rate: float
    rejected: int
    assumed_bad_rate: float


@dataclass(frozen=True, slots=True)
class Inferred:
    """Rows to add to the accepted: which declined applicant, the label given, how it counts."""

    place: Any
    label: Any
    weight: Any


def score_bands(
    label: Any, accepted: Any, rejected: Any, *, uplift: float = UPLIFT, bands: int = BANDS
) -> tuple[Band, ...]:
    """Bands of equal count by P(bad) of the accepted, their bad rates, and how many declined.

    Bands follow the accepted's quantiles, and fewer are made of few rows. An assumed rate never
    passes 1.
    """
    if not len(label):
        return ()
    edges = _edges(accepted, max(1, min(bands, len(label) // BAND_ROWS_MIN)))
    mine, theirs = _band(accepted, edges), _band(rejected, edges)
    found = []
    for place, (low, high) in enumerate(pairwise(edges)):
        here = label[mine == place]
        bad_rate = float(here.mean())
        assumed = min(1.0, bad_rate * uplift)
        declined = int((theirs == place).sum())
        found.append(Band(float(low), float(high), len(here), bad_rate, declined, assumed))
    return tuple(found)


def parcelled(rejected: Any, bands: tuple[Band, ...], *, seed: int) -> Inferred:
    """Each declined applicant bad or good as its score band's assumed rate has it, by lot.

    Parcelling (Siddiqi 2006, Credit Risk Scorecards, chapter 6; Anderson 2007, The Credit
    Scoring Toolkit, chapter 19). Of the declined in a band as many are made bad as the rate says,
    to the nearest row, and a seeded draw says which. Each counts once.
    """
    random = np.random.default_rng(seed)
    label = np.zeros(len(rejected), dtype=np.int8)
    mine = _band(rejected, np.array([0.0, *(band.high for band in bands)]))
    for place, band in enumerate(bands):
        here = random.permutation(np.flatnonzero(mine == place))
        label[here[: round(len(here) * band.assumed_bad_rate)]] = 1
    return Inferred(np.arange(len(rejected)), label, np.ones(len(rejected)))


def fuzzy(rejected: Any, *, uplift: float = UPLIFT) -> Inferred:
    """Each declined applicant twice: bad with weight P(bad), good with what is left of 1.

    Fuzzy augmentation (Siddiqi 2006, chapter 6; Anderson 2007, chapter 19). P(bad), times
    `uplift`, is held at 1, so the two weights of an applicant always sum to 1.
    """
    chance = np.clip(np.asarray(rejected, dtype=np.float64) * uplift, 0.0, 1.0)
    place = np.repeat(np.arange(len(chance)), 2)
    label = np.tile(np.array([1, 0], dtype=np.int8), len(chance))
    return Inferred(place, label, np.column_stack([chance, 1 - chance]).ravel())


def _edges(probability: Any, bands: int) -> Any:
    """0, quantiles that are values themselves and below the greatest (no band is empty), and 1."""
    shares = np.arange(1, bands) / bands
    inner = np.unique(np.quantile(probability, shares, method="inverted_cdf")) if bands > 1 else []
    kept = [edge for edge in inner if edge < np.max(probability)]
    return np.array([0.0, *kept, 1.0])


def _band(probability: Any, edges: Any) -> Any:
    return np.searchsorted(edges[1:-1], probability, side="left")
