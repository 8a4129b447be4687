"""Whether a fitted model keeps the directions it was given, swept over real rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.manifest import ModelFeature

ROWS = 500
STEPS = 8
TOLERANCE = 1e-9


def violations(
    model_text: str, features: Sequence[ModelFeature], matrix: Any, *, seed: int
) -> tuple[str, ...]:
    """Names of constrained features along which some real row's margin moves the wrong way.

    Each is set to its quantiles in turn while the rest of the row stays as it was; steps from
    or to missing are not compared, since missing has no place in the order.
    """
    import lightgbm as lgb

    if not any(feature.direction for feature in features) or not len(matrix):
        return ()
    booster = lgb.Booster(model_str=model_text)
    rows = np.random.default_rng(seed).permutation(len(matrix))[:ROWS]
    return tuple(
        feature.name
        for place, feature in enumerate(features)
        if feature.direction
        and _moves_wrong(booster, matrix[rows], matrix[:, place], place, feature.direction)
    )


def _moves_wrong(booster: Any, rows: Any, values: Any, place: int, direction: int) -> bool:
    known = values[~np.isnan(values)]
    if not len(known):
        return False
    steps = np.unique(np.quantile(known, np.linspace(0, 1, STEPS)))
    swept = np.repeat(rows[None], len(steps), axis=0)
    swept[:, :, place] = steps[:, None]
    margins = booster.predict(swept.reshape(-1, rows.shape[1]), raw_score=True, num_threads=1)
    moves = np.diff(margins.reshape(len(steps), len(rows)), axis=0) * direction
    return bool((moves < -TOLERANCE).any())
