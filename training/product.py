"""The trainer of a product: histories in, a registered candidate out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit.errors import InputError
from credit.progress import Progress
from features.catalogue import definitions_sha256
from features.sources import open_history
from models.artefact import Artefact
from models.keys import home_keys
from models.registry import Registry
from training.applications import without_outcome
from training.augmentation import NONE
from training.cohort import Cohort, cut_off, read_cohort
from training.context import Context
from training.dataset import point_in_time_sample
from training.fit import Rows
from training.labels import Label
from training.lesson import learn
from training.lineage import Origin
from training.maturity import maturity
from training.onset import days_to_bad
from training.outputs import check_replaceable
from training.protected import protected_of
from training.record import record
from training.reject_inference import augmented
from training.rejects import Rejected, rejected_applications, rejected_rows
from training.result import TrainingResult
from training.sample import Sample, check_two_classes
from training.split import Split, split

if TYPE_CHECKING:
    import pyarrow as pa

    from features.sources import History

__all__ = ["TrainingResult", "train_product"]
MIX = ("scene", "amount_minor", "term_days")


def train_product(
    product: str,
    data: Path,
    *,
    home: Path,
    split_at: str | None = None,
    test_share: float | None = None,
    as_of: date | datetime | None = None,
    now: datetime,
    trials: int,
    seed: int,
    out: Path | None = None,
    purge: bool = False,
    utc_offset_minutes: int,
    label: Label | None = None,
    allow_leakage: Sequence[str] = (),
    reject_inference: str = NONE,
    progress: Progress | None = None,
) -> TrainingResult:
    """A model of `product` from the histories in `data`, registered in `home` unless it leaks.

    Needs nothing built before: what it builds lies in `home/scratch`, keyed by the data's hash.
    Without `out`, files go to `home/training/PRODUCT/`. Features are those known at the end of
    the day before each decision; outcomes those matured by `as_of`, or `now`. With
    `reject_inference` the applicants turned away before the split teach too.
    """
    if out is not None:
        check_replaceable(out)
    scratch = home / "scratch"
    by = min(cut_off(as_of, now), now)
    with open_history(data, utc_offset_minutes=utc_offset_minutes, scratch=scratch) as history:
        cohort = read_cohort(history, product, by=by, label=label)
        check_two_classes(cohort.table.column("bad").to_numpy(), f"{product} outcomes")
        sample, missing = point_in_time_sample(
            history, product, cohort, scratch=scratch, progress=progress
        )
        beside = _beside(
            history, product, cohort, sample, by=by, label=label, scratch=scratch, progress=progress
        )
        data_sha256, currency = history.sha256, history.currency
    chosen = split(sample, split_at=split_at, test_share=test_share, seed=seed, purge=purge)
    lesson = learn(
        sample,
        chosen,
        trials=trials,
        seed=seed,
        allow_leakage=allow_leakage,
        taught_too=_turned_away(beside.rejected, sample, chosen, how=reject_inference, seed=seed),
        progress=progress,
    )
    ripeness = maturity(
        cohort,
        by=by,
        immature_at_split=chosen.immature_at_split,
        without_outcome=beside.without_outcome,
    )
    champion, away = _champion(home, product)
    warnings = (*missing, *chosen.warnings, *lesson.warnings, *ripeness.warnings, *away)
    origin = Origin(
        product=product,
        label=cohort.label,
        data_sha256=data_sha256,
        definitions_sha256=definitions_sha256(product),
        currency=currency,
        utc_offset_minutes=utc_offset_minutes,
        seed=seed,
        trials=trials,
        now=now,
        facts={"label": dict(cohort.label), "left_out": dict(cohort.left_out)},
        warnings=warnings,
    )
    context = Context(
        protected=beside.protected,
        amount_minor=_amounts(cohort.table),
        days_to_bad=beside.days_to_bad,
        mix=_mix(cohort.table),
        rejected=beside.rejected,
        reject_inference=reject_inference,
        champion=champion,
        maturity=ripeness.facts,
    )
    written = out or home / "training" / product / f"{data_sha256[:12]}-{seed}"
    metrics = record(
        written,
        sample,
        chosen,
        lesson,
        origin,
        keys=home_keys(home),
        context=context,
        progress=progress,
    )
    ref = None if lesson.leaks else Registry(home).register(written)
    return TrainingResult(written, metrics, lesson.leaks, ref, tuple(metrics["warnings"]))


@dataclass(frozen=True, slots=True)
class _Beside:
    """What histories tell beside the rows to learn from."""

    protected: Mapping[str, Any]
    days_to_bad: Any
    rejected: Rejected | None
    without_outcome: "pa.Table | None"


def _beside(
    history: "History",
    product: str,
    cohort: Cohort,
    sample: Sample,
    *,
    by: datetime,
    label: Label | None,
    scratch: Path,
    progress: Progress | None,
) -> _Beside:
    return _Beside(
        protected_of(history, sample.entity),
        days_to_bad(history, product, cohort, by=by, label=label),
        rejected_applications(history, product, by=by, scratch=scratch, progress=progress),
        without_outcome(history, product, by=by),
    )


def _turned_away(
    rejected: Rejected | None, sample: Sample, chosen: Split, *, how: str, seed: int
) -> Callable[[Rows], Rows] | None:
    """Adds those turned away before the split to the rows that teach; None where none does."""
    if how == NONE:
        return None
    if rejected is None:
        raise InputError(f"--reject-inference {how}: nobody was turned away", "leave it out")
    before, _ = rejected.divided(sample, chosen)
    return lambda rest: augmented(rest, rejected_rows(before, rest.features), how, seed=seed)


def _champion(home: Path, product: str) -> tuple[Artefact | None, tuple[str, ...]]:
    """The model in service; a damaged one is warned of, since training goes on without it."""
    try:
        return Registry(home).champion(product), ()
    except InputError as error:
        return None, (f"not held against the champion: {error.problem}",)


def _amounts(rows: "pa.Table") -> Any:
    amounts = rows.column("amount_minor")
    return None if amounts.null_count else amounts.to_numpy()


def _mix(rows: "pa.Table") -> dict[str, Any]:
    """What was asked for, whose mix may change from month to month."""
    known = [name for name in MIX if rows.column(name).null_count < rows.num_rows]
    return {name: rows.column(name).to_numpy(zero_copy_only=False) for name in known}
