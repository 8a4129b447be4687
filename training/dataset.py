"""The rows of a product's model: its cohort joined to the features that serving would have had."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.progress import Progress
from features.catalogue import features_of
from features.historical import historical
from models.manifest import CATEGORY
from training.cohort import Cohort
from training.sample import FeaturePlan, Sample
from training.times import MICROSECOND

if TYPE_CHECKING:
    import pyarrow as pa

    from features.sources import History


def point_in_time_sample(
    history: "History",
    product: str,
    cohort: Cohort,
    *,
    scratch: Path,
    progress: Progress | None = None,
) -> tuple[Sample, tuple[str, ...]]:
    """The cohort's rows with every feature as it was known the day before; warnings."""
    plans = tuple(
        FeaturePlan(feature.name, feature.dtype, feature.direction, feature.reason)
        for feature in features_of(product)
    )
    joined = historical(history, product, cohort.table, scratch=scratch, progress=progress)
    rows = cohort.table
    sample = Sample(
        features=plans,
        table=_typed(joined, plans),
        label=rows.column("bad").to_numpy().astype(np.int8),
        row_id=rows.column("reference_id").combine_chunks(),
        time=_instants(rows.column("observed_at")),
        matured_at=_instants(rows.column("matured_at")),
        entity=rows.column("entity_id").to_numpy(zero_copy_only=False).astype(np.str_),
    )
    return sample, _all_missing(sample)


def _typed(joined: "pa.Table", plans: tuple[FeaturePlan, ...]) -> "pa.Table":
    import pyarrow as pa

    columns = {
        plan.name: joined.column(plan.name).cast(
            pa.string() if plan.dtype == CATEGORY else pa.float64()
        )
        for plan in plans
    }
    return pa.table(columns)


def _instants(column: Any) -> Any:
    import pyarrow as pa

    return column.cast(pa.timestamp("us")).to_numpy().astype(MICROSECOND)


def _all_missing(sample: Sample) -> tuple[str, ...]:
    empty = [
        plan.name
        for plan in sample.features
        if sample.table.column(plan.name).null_count == len(sample)
    ]
    if not empty:
        return ()
    named = ", ".join(empty[:6]) + (", ..." if len(empty) > 6 else "")  # noqa: PLR2004  # a line's worth
    return (f"{len(empty)} features are missing in every row: {named}",)
