"""The rows of a product's model: its cohort joined to the features that serving would have had."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.progress import Progress
from features.catalogue import features_of
from features.historical import historical
from models.manifest import CATEGORY
from training.rows.cohort import Cohort
from training.rows.sample import FeaturePlan, Sample
from training.rows.times import MICROSECOND

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
    plans = plans_of(product)
    table = features_at(history, product, cohort.table, scratch=scratch, progress=progress)
    rows = cohort.table
    sample = Sample(
        features=plans,
        table=table,
        label=rows.column("bad").to_numpy().astype(np.int8),
        row_id=rows.column("reference_id").combine_chunks(),
        time=instants(rows.column("observed_at")),
        matured_at=instants(rows.column("matured_at")),
        entity=rows.column("entity_id").to_numpy(zero_copy_only=False).astype(np.str_),
    )
    return sample, _all_missing(sample)


def plans_of(product: str) -> tuple[FeaturePlan, ...]:
    """The product's features as the trainer may use them, in signature order."""
    return tuple(
        FeaturePlan(feature.name, feature.dtype, feature.direction, feature.reason)
        for feature in features_of(product)
    )


def features_at(
    history: "History",
    product: str,
    spine: "pa.Table",
    *,
    scratch: Path,
    progress: Progress | None = None,
) -> "pa.Table":
    """The product's features for each row of `spine`, as they were known the day before it.

    The one way to them, for who was accepted and who was not. `spine` has the columns that
    `features.historical.historical` asks for.
    """
    import pyarrow as pa

    joined = historical(history, product, spine, scratch=scratch, progress=progress)
    columns = {
        plan.name: joined.column(plan.name).cast(
            pa.string() if plan.dtype == CATEGORY else pa.float64()
        )
        for plan in plans_of(product)
    }
    return pa.table(columns)


def instants(column: Any) -> Any:
    """A column of instants as datetime64[us] in UTC."""
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
