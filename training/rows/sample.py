"""The rows that a model is made of: features, label, time and where each row came from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.errors import InputError
from models.manifest import NUMBER

if TYPE_CHECKING:
    import pyarrow as pa

FEW_BADS = 50
ROWS_MIN = 20  # below this there is nothing to hold out and learn from


@dataclass(frozen=True, slots=True)
class FeaturePlan:
    """One input as the trainer may use it; `direction` +1 means that more is riskier.

    `is_day` marks dates that are now days since 1970.
    """

    name: str
    dtype: str = NUMBER
    direction: int = 0
    reason: str = ""
    is_day: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows to learn from, one entry of every array a row.

    `table` holds the features alone, numbers as float64 and categories as text, in the order
    of `features`. `label` is 1 for bad. `time` is what the split divides by: datetime64,
    float64 or text, comparable with `<`; None where rows have no time. `matured_at`
    (datetime64) and `entity` are known for products alone.
    """

    features: tuple[FeaturePlan, ...]
    table: "pa.Table"
    label: Any
    row_id: "pa.Array"
    time: Any = None
    matured_at: Any = None
    entity: Any = None

    def __len__(self) -> int:
        return len(self.label)

    def take(self, rows: Any) -> "Sample":
        """The rows at these places, in this order."""
        return replace(
            self,
            table=self.table.take(rows),
            label=self.label[rows],
            row_id=self.row_id.take(rows),
            time=_taken(self.time, rows),
            matured_at=_taken(self.matured_at, rows),
            entity=_taken(self.entity, rows),
        )


def _taken(values: Any, rows: Any) -> Any:
    return None if values is None else values[rows]


def check_two_classes(label: Any, where: str) -> None:
    """InputError where `label` has no rows, or goods or bads alone."""
    if len(label) == 0:
        raise InputError(f"{where}: no rows", "give rows with a known outcome")
    if len(np.unique(label)) < 2:  # noqa: PLR2004  # goods and bads
        only = "bad (1)" if label[0] else "good (0)"
        raise InputError(
            f"{where}: all {len(label)} rows are {only}", "give rows of both goods and bads"
        )


def check_enough(label: Any, where: str) -> None:
    """InputError where there is too little to learn from and hold out."""
    check_two_classes(label, where)
    if len(label) < ROWS_MIN:
        raise InputError(f"{where}: {len(label)} are too few", f"give at least {ROWS_MIN}")


def few_bads(label: Any, where: str) -> Sequence[str]:
    """A warning where the rarer class is too small for figures to be trusted."""
    bads = int(label.sum())
    few, name = min((bads, "bads"), (len(label) - bads, "goods"))
    if few >= FEW_BADS:
        return ()
    return (f"{where}: {few} {name} are few (under {FEW_BADS}): figures are uncertain",)
