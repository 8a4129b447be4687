"""The trainer of a product: histories in, a registered candidate out."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from credit.errors import InputError
from credit.progress import Progress
from features.catalogue import definitions_sha256
from features.sources import DUCKDB
from models.artefact import Artefact
from models.keys import home_keys
from models.registry import Registry
from training.context import Context
from training.histories import Told, read_histories
from training.lesson import learn
from training.lineage import Origin
from training.outputs import check_replaceable
from training.ranking.fit import Rows
from training.record import record
from training.result import TrainingResult
from training.rows.cohort import cut_off
from training.rows.labels import Label
from training.rows.sample import Sample
from training.rows.split import Split, split
from training.unseen.augmentation import NONE
from training.unseen.maturity import maturity
from training.unseen.reject_inference import augmented
from training.unseen.rejects import Rejected, rejected_rows

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
    engine: str = DUCKDB,
    label: Label | None = None,
    allow_leakage: Sequence[str] = (),
    reject_inference: str = NONE,
    also: tuple[Path, ...] = (),
    progress: Progress | None = None,
) -> TrainingResult:
    """A model of `product` from the histories in `data`, registered in `home` unless it leaks.

    Needs nothing built before: what it builds lies in `home/scratch`, keyed by the data's hash.
    Without `out`, files go to `home/training/PRODUCT/`. Features are those known at the end of
    the day before each decision; outcomes those matured by `as_of`, or `now`. With
    `reject_inference` the applicants turned away before the split teach too. Rows in the folders
    `also` count as if they lay in `data`.
    """
    if out is not None:
        check_replaceable(out)
    by = min(cut_off(as_of, now), now)
    read = {"also": also, "utc_offset_minutes": utc_offset_minutes, "engine": engine}
    told = read_histories(
        product, data, by=by, label=label, scratch=home / "scratch", progress=progress, **read
    )
    sample = told.sample
    chosen = split(sample, split_at=split_at, test_share=test_share, seed=seed, purge=purge)
    lesson = learn(
        sample,
        chosen,
        trials=trials,
        seed=seed,
        allow_leakage=allow_leakage,
        taught_too=_turned_away(told.rejected, sample, chosen, how=reject_inference, seed=seed),
        progress=progress,
    )
    context, warnings = _context(told, chosen, home, product, by=by, how=reject_inference)
    said = (*told.warnings, *chosen.warnings, *lesson.warnings, *warnings)
    chances = {"seed": seed, "trials": trials, "utc_offset_minutes": utc_offset_minutes}
    origin = Origin(now=now, warnings=said, **chances, **_from_histories(product, told))
    written = out or home / "training" / product / f"{told.data_sha256[:12]}-{seed}"
    keys = home_keys(home)
    metrics = record(
        written, sample, chosen, lesson, origin, keys=keys, context=context, progress=progress
    )
    ref = None if lesson.leaks else Registry(home).register(written)
    return TrainingResult(written, metrics, lesson.leaks, ref, tuple(metrics["warnings"]))


def _from_histories(product: str, told: Told) -> dict[str, Any]:
    """The part of an origin that histories and catalogue tell."""
    label = dict(told.cohort.label)
    return {
        "product": product,
        "label": label,
        "data_sha256": told.data_sha256,
        "definitions_sha256": definitions_sha256(product),
        "currency": told.currency,
        "facts": {"label": label, "left_out": dict(told.cohort.left_out)},
    }


def _context(
    told: Told, chosen: Split, home: Path, product: str, *, by: datetime, how: str
) -> tuple[Context, tuple[str, ...]]:
    """What evaluation knows beside the rows, and what is to be warned of."""
    ripeness = maturity(
        told.cohort,
        by=by,
        immature_at_split=chosen.immature_at_split,
        without_outcome=told.without_outcome,
    )
    champion, away = _champion(home, product)
    context = Context(
        protected=told.protected,
        amount_minor=told.amount_minor,
        days_to_bad=told.days_to_bad,
        mix=told.mix,
        rejected=told.rejected,
        reject_inference=how,
        champion=champion,
        maturity=ripeness.facts,
    )
    return context, (*ripeness.warnings, *away)


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
