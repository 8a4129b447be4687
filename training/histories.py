"""All that a training reads of histories: rows to learn from, and who is known beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit.progress import Progress
from features.sources import open_history
from training.fairness.protected import protected_of
from training.rows.applications import without_outcome
from training.rows.cohort import Cohort, read_cohort
from training.rows.dataset import point_in_time_sample
from training.rows.labels import Label
from training.rows.onset import days_to_bad
from training.rows.sample import Sample, check_two_classes
from training.unseen.rejects import Rejected, rejected_applications

if TYPE_CHECKING:
    import pyarrow as pa

MIX = ("scene", "amount_minor", "term_days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What histories tell of a product's cohort; arrays have one entry a row of the sample."""

    cohort: Cohort
    sample: Sample
    warnings: tuple[str, ...]
    protected: Mapping[str, Any]
    days_to_bad: Any
    rejected: Rejected | None
    without_outcome: "pa.Table | None"
    data_sha256: str
    currency: str | None

    @property
    def amount_minor(self) -> Any:
        """What each was asked for; None where that is not known of all."""
        amounts = self.cohort.table.column("amount_minor")
        return None if amounts.null_count else amounts.to_numpy()

    @property
    def mix(self) -> Mapping[str, Any]:
        """What was asked for, whose mix may change from month to month."""
        rows = self.cohort.table
        known = [name for name in MIX if rows.column(name).null_count < rows.num_rows]
        return {name: rows.column(name).to_numpy(zero_copy_only=False) for name in known}


def read_histories(
    product: str,
    data: Path,
    *,
    by: datetime,
    label: Label | None,
    scratch: Path,
    utc_offset_minutes: int,
    engine: str,
    progress: Progress | None,
    also: tuple[Path, ...] = (),
) -> Told:
    """The cohort matured at `by` in `data`, with features as they were known, and those beside.

    Rows in the folders `also` count as if they lay in `data`.
    """
    with open_history(
        data,
        utc_offset_minutes=utc_offset_minutes,
        scratch=scratch,
        also=also,
        engine=engine,
    ) as history:
        cohort = read_cohort(history, product, by=by, label=label)
        check_two_classes(cohort.table.column("bad").to_numpy(), f"{product} outcomes")
        sample, missing = point_in_time_sample(
            history, product, cohort, scratch=scratch, progress=progress
        )
        return Told(
            cohort=cohort,
            sample=sample,
            warnings=missing,
            protected=protected_of(history, sample.entity),
            days_to_bad=days_to_bad(history, product, cohort, by=by, label=label),
            rejected=rejected_applications(
                history, product, by=by, scratch=scratch, progress=progress
            ),
            without_outcome=without_outcome(history, product, by=by),
            data_sha256=history.sha256,
            currency=history.currency,
        )
