"""Who is not in the sample: applicants turned away, as the model would have seen them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.progress import Progress
from models.manifest import ModelFeature
from models.signature import from_table
from training.ranking.fit import Rows
from training.rows.applications import approved_at_random, turned_away
from training.rows.dataset import features_at, instants
from training.rows.sample import Sample
from training.rows.split import BY_TIME, Split
from training.rows.times import point, shown

if TYPE_CHECKING:
    import pyarrow as pa

    from features.sources import History


@dataclass(frozen=True, slots=True)
class Rejected:
    """Applications declined or left in review, one entry of every array an application, by time.

    `table` holds the features that a `Sample` of the product holds, as known the day before.
    `answer` is the contract's word, `amount_minor` what was asked for. `by_chance` names what was
    approved at random, whatever the policy said: nobody here, but a witness of all here.
    """

    table: "pa.Table"
    row_id: "pa.Array"
    time: Any
    entity: Any
    answer: Any
    amount_minor: Any
    by_chance: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.time)

    def take(self, rows: Any) -> "Rejected":
        """The applications at these places."""
        return Rejected(
            self.table.take(rows),
            self.row_id.take(rows),
            self.time[rows],
            self.entity[rows],
            self.answer[rows],
            self.amount_minor[rows],
            self.by_chance,
        )

    def at_random(self, row_id: "pa.Array") -> Any:
        """Which of these outcomes, by reference, are of applicants approved at random (bool)."""
        return np.array([name in self.by_chance for name in row_id.to_pylist()], dtype=bool)

    def divided(self, sample: Sample, split: Split) -> tuple["Rejected", "Rejected"]:
        """Those who applied before the test began, who may teach, and those who applied after.

        A split at random has no before and after: all may teach, none is left to look at.
        """
        every = np.arange(len(self))
        if split.method != BY_TIME or split.at is None:
            return self, self.take(every[:0])
        late = self.time >= point(sample.time, split.at)
        return self.take(every[~late]), self.take(every[late])

    def facts(self) -> dict[str, Any]:
        """How many, by the contract's word for the answer, and from when to when."""
        return {
            "rejected": len(self),
            "by_answer": dict(sorted(Counter(self.answer.tolist()).items())),
            "first": shown(self.time.min()) if len(self) else None,
            "last": shown(self.time.max()) if len(self) else None,
        }


def rejected_applications(
    history: "History",
    product: str,
    *,
    by: datetime,
    scratch: Path,
    progress: Progress | None = None,
) -> Rejected | None:
    """Applicants turned away, as known at `by`, with their features the day before they applied.

    None where no applications are given or none was turned away. What they would have done
    is not known and is not looked for.
    """
    spine = turned_away(history, product, by=by)
    if spine is None or not spine.num_rows:
        return None
    amount = spine.column("amount_minor").cast("float64").to_numpy()
    return Rejected(
        table=features_at(history, product, spine, scratch=scratch, progress=progress),
        row_id=spine.column("reference_id").combine_chunks(),
        time=instants(spine.column("observed_at")),
        entity=spine.column("entity_id").to_numpy(zero_copy_only=False).astype(np.str_),
        answer=spine.column("outcome").to_numpy(zero_copy_only=False).astype(np.str_),
        amount_minor=amount,
        by_chance=approved_at_random(history, product, by=by),
    )


def rejected_rows(rejected: Rejected, features: Sequence[ModelFeature]) -> Rows:
    """What LightGBM is given of them; the label is a place holder, 0 for all."""
    matrix = from_table(features, rejected.table)
    nobody_knows = np.zeros(len(rejected), dtype=np.int8)
    return Rows(matrix, nobody_knows, tuple(features), rejected.entity, time=rejected.time)
