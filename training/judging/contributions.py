"""What each feature adds to the margin of many rows at once: exact TreeSHAP (Lundberg 2018)."""

from typing import TYPE_CHECKING, Any

import numpy as np

from models.score import Scorer

if TYPE_CHECKING:
    import pyarrow as pa

WORK_MAX = 400_000  # trees times rows that a second or two explains
ROWS_MIN = 50


def contributions(scorer: Scorer, table: "pa.Table") -> Any:
    """float64 (rows, features): what each adds to the raw margin, the model's level left out."""
    import lightgbm

    booster = lightgbm.Booster(model_str=scorer.artefact.model_text)
    found = booster.predict(scorer.matrix(table), pred_contrib=True, num_threads=1)
    return np.asarray(found, dtype=np.float64)[:, :-1]


def rows_explained(scorer: Scorer, *, rows: int, most: int) -> int:
    """How many of `rows` to explain: a third, at most `most`, and fewer the more trees it has."""
    affordable = max(ROWS_MIN, WORK_MAX // trees_of(scorer))
    return min(rows, most, affordable, max(ROWS_MIN, rows // 3))


def trees_of(scorer: Scorer) -> int:
    """How many trees a model has."""
    return max(1, scorer.artefact.model_text.count("\nTree="))
