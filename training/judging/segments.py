"""Segments: the groups of test rows that figures are told for, beside the whole."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.manifest import CATEGORY
from training.judging.tested import Tested

COLUMNS_MAX = 6
WORDS_MAX = 12
BLANK = "(missing)"


def segments(tested: Tested) -> Mapping[str, Any]:
    """Words (text) by column: the first categories of the signature with few words.

    A column of many words would say little of each; one of a single word says nothing new.
    """
    found: dict[str, Any] = {}
    for feature in tested.features:
        if feature.dtype == CATEGORY and len(feature.vocabulary) <= WORDS_MAX:
            words = tested.table.column(feature.name).cast("string").fill_null(BLANK)
            column = np.array(words.to_pylist(), dtype=object)
            if 1 < len(set(column)) <= WORDS_MAX + 1:
                found[feature.name] = column
        if len(found) == COLUMNS_MAX:
            break
    return found
