"""The trainer of a product: histories in, a registered candidate out."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from credit.progress import Progress
from features.catalogue import definitions_sha256
from features.sources import open_history
from models.keys import home_keys
from models.registry import Registry
from training.cohort import cut_off, read_cohort
from training.dataset import point_in_time_sample
from training.labels import Label
from training.lesson import learn
from training.outputs import check_replaceable
from training.record import Origin, record
from training.result import TrainingResult
from training.sample import check_two_classes
from training.split import split

__all__ = ["TrainingResult", "train_product"]


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
    progress: Progress | None = None,
) -> TrainingResult:
    """A model of `product` from the histories in `data`, registered in `home` unless it leaks.

    Needs nothing built before: what it builds lies in `home/scratch`, keyed by the data's hash.
    Without `out`, files go to `home/training/PRODUCT/`. Features are those known at the end of
    the day before each decision; outcomes those matured by `as_of`, or `now`.
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
        data_sha256, currency = history.sha256, history.currency
    chosen = split(sample, split_at=split_at, test_share=test_share, seed=seed, purge=purge)
    lesson = learn(
        sample, chosen, trials=trials, seed=seed, allow_leakage=allow_leakage, progress=progress
    )
    warnings = (*missing, *chosen.warnings, *lesson.warnings)
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
    written = out or home / "training" / product / f"{data_sha256[:12]}-{seed}"
    metrics = record(
        written, sample, chosen, lesson, origin, keys=home_keys(home), progress=progress
    )
    ref = None if lesson.leaks else Registry(home).register(written)
    return TrainingResult(written, metrics, lesson.leaks, ref, warnings)
