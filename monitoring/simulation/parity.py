"""Adverse impact: how often a group is approved, against the group approved most often."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from monitoring.simulation.intervals import UNDEFINED, Estimate, ratio, share

FOUR_FIFTHS = 0.8  # 29 CFR 1607.4 D: below this a selection rate is looked into
GROUP_MIN = 30
ITSELF = Estimate(1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Approvals:
    """A group's approval rate, and its ratio to that of the group approved most often."""

    rate: Estimate
    ratio: Estimate

    @property
    def is_below(self) -> bool:
        """Whether it falls short of four fifths."""
        return self.ratio.value is not None and self.ratio.value < FOUR_FIFTHS


@dataclass(frozen=True, slots=True)
class Parity:
    """One group of a protected attribute. `few`: too few requests to be judged."""

    attribute: str
    value: str
    requests: int
    few: bool
    candidate: Approvals
    current: Approvals


def parities_of(
    entity_id: Any, candidate: Any, current: Any, protected: Mapping[str, Mapping[str, str]]
) -> tuple[Parity, ...]:
    """Every group of every attribute; requests of whom it is not known are in none."""
    return tuple(
        one
        for attribute, of_entity in protected.items()
        for one in _groups(attribute, entity_id, candidate, current, of_entity)
    )


def _groups(
    attribute: str, entity_id: Any, candidate: Any, current: Any, of_entity: Mapping[str, str]
) -> list[Parity]:
    places, entities = pd.factorize(entity_id)
    of_each = np.array([of_entity.get(one) or "" for one in entities], object)
    groups, words = pd.factorize(of_each, sort=True)
    of_row = groups[places]
    masks = {word: of_row == group for group, word in enumerate(words) if word}
    sides = [_approvals(masks, approved) for approved in (candidate, current)]
    return [
        Parity(
            attribute,
            word,
            int(mask.sum()),
            int(mask.sum()) < GROUP_MIN,
            sides[0][word],
            sides[1][word],
        )
        for word, mask in masks.items()
    ]


def _approvals(masks: Mapping[str, Any], approved: Any) -> dict[str, Approvals]:
    counts = {word: (int(approved[mask].sum()), int(mask.sum())) for word, mask in masks.items()}
    judged = {word: one for word, one in counts.items() if one[1] >= GROUP_MIN}
    if len(judged) < 2:  # noqa: PLR2004 - a ratio is of two
        return {word: Approvals(share(*one), UNDEFINED) for word, one in counts.items()}
    first = max(judged, key=lambda word: judged[word][0] / judged[word][1])
    return {
        word: Approvals(share(*one), _against(word, one, first, judged))
        for word, one in counts.items()
    }


def _against(
    word: str, counts: tuple[int, int], first: str, judged: Mapping[str, tuple[int, int]]
) -> Estimate:
    """The ratio to the group approved most often, whose own is one by definition."""
    most, of = judged[first]
    if word not in judged or not most:
        return UNDEFINED
    return ITSELF if word == first else ratio(*counts, against=most, against_of=of)
