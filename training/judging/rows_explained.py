"""How many rows to explain: TreeSHAP (Lundberg 2018) costs by the tree and the row."""

from models.score import Scorer

WORK_MAX = 400_000  # trees times rows that a second or two explains
ROWS_MIN = 50


def rows_explained(scorer: Scorer, *, rows: int, most: int) -> int:
    """How many of `rows` to explain: a third, at most `most`, and fewer the more trees it has."""
    affordable = max(ROWS_MIN, WORK_MAX // trees_of(scorer))
    return min(rows, most, affordable, max(ROWS_MIN, rows // 3))


def trees_of(scorer: Scorer) -> int:
    """How many trees a model has."""
    return max(1, scorer.artefact.model_text.count("\nTree="))
