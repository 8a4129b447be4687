"""What each feature adds to the margin of many rows at once: exact TreeSHAP (Lundberg 2018)."""

from typing import TYPE_CHECKING, Any

import numpy as np

from models.score import Scorer

if TYPE_CHECKING:
    import pyarrow as pa

WORK_MAX = 1_500_000  # trees times rows that a second or two explains


def contributions(scorer: Scorer, table: "pa.Table") -> Any:
    """float64 (rows, features): what each adds to the raw margin, the model's level left out."""
    import lightgbm

    booster = lightgbm.Booster(model_str=scorer.artefact.model_text)
    found = booster.predict(scorer.matrix(table), pred_contrib=True, num_threads=1)
    return np.asarray(found, dtype=np.float64)[:, :-1]


def rows_explained(scorer: Scorer, *, most: int) -> int:
    """How many rows may be explained in a second or two: fewer, the more trees there are."""
    trees = max(1, scorer.artefact.model_text.count("\nTree="))
    return int(np.clip(WORK_MAX // trees // 4, min(50, most), most))


def by_reason(scorer: Scorer, added: Any) -> tuple[tuple[str, ...], Any]:
    """Reasons in the signature's order, and what each adds to each row: (rows, reasons)."""
    codes = tuple(dict.fromkeys(feature.reason for feature in scorer.features))
    place = {code: number for number, code in enumerate(codes)}
    sums = np.zeros((len(added), len(codes)))
    for number, feature in enumerate(scorer.features):
        sums[:, place[feature.reason]] += added[:, number]
    return codes, sums
