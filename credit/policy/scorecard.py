"""A calibrated probability as a score that people can compare: 600 at odds of 30 to 1.

Score = 600 + 20 * log2(odds / 30), odds = good : bad, rounded to the nearest whole and clamped to
300..900: twenty points double the odds (the usual "points to double the odds" scaling: Siddiqi,
Credit Risk Scorecards, 2006, ch. 6).
"""

from bisect import bisect_left
from collections.abc import Iterator
from math import exp2

from credit.money import MILLION
from credit.policy.decision import Outcome

SCORE_MIN = 300
SCORE_MAX = 900
SCORE_AT_BASE = 600
BASE_ODDS = 30
POINTS_TO_DOUBLE = 20


def _edge_ppm(score: float) -> float:
    odds = BASE_ODDS * exp2((score - SCORE_AT_BASE) / POINTS_TO_DOUBLE)
    return MILLION / (1.0 + odds)


# The highest probability that still earns each score above the least, from the best score down. A
# table, because a search in whole numbers gives the same answer on every machine and in every
# vectorised form, where two libraries' logarithms may differ in the last bit.
EDGES_PPM: tuple[int, ...] = tuple(
    int(_edge_ppm(score - 0.5)) for score in range(SCORE_MAX, SCORE_MIN, -1)
)


def score_of(probability_ppm: int) -> int:
    """The score of a probability of bad, in parts per million.

    >>> score_of(32_258), score_of(16_393), score_of(62_500)
    (600, 620, 580)
    """
    return SCORE_MAX - bisect_left(EDGES_PPM, probability_ppm)


def probability_of(score: int) -> int:
    """The probability of bad that a score stands for, in parts per million: the inverse.

    >>> probability_of(600)
    32258
    """
    return round(_edge_ppm(score))


def against_risk(
    probability_ppm: int, approve_max_ppm: int, refer_max_ppm: int
) -> Iterator[tuple[Outcome, str]]:
    """What stands against a probability: nothing up to and with the first cut-off."""
    if probability_ppm > refer_max_ppm:
        yield Outcome.DECLINE, "PROBABILITY_ABOVE_CUTOFF"
    elif probability_ppm > approve_max_ppm:
        yield Outcome.REFER, "PROBABILITY_IN_REFER_BAND"
