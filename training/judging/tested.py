"""What evaluation looks at: the test rows, what the served model says of them, and who they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.manifest import ModelFeature
from models.score import Scorer

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Tested:
    """The test rows, one entry of every array a row.

    `probability` is calibrated P(bad) from `scorer`, the artefact that serves. `months` (text)
    is None where rows have no dates. `amount_minor` is None where no amount is known.
    `protected` holds text or None by attribute: never a feature. `cut_off` is the P(bad) above
    which a row counts as declined.
    """

    label: Any
    probability: Any
    table: "pa.Table"
    features: tuple[ModelFeature, ...]
    scorer: Scorer
    cut_off: float
    row_id: "pa.Array"
    months: Any = None
    amount_minor: Any = None
    protected: Mapping[str, Any] | None = None

    @property
    def declined(self) -> Any:
        """True where P(bad) is above the cut-off."""
        return self.probability > self.cut_off
