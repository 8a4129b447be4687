"""The trainer on any labelled table."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.errors import InputError
from credit.progress import Progress
from models.keys import home_keys
from models.manifest import TABLE
from training.context import Context
from training.fairness.protected import protected_columns
from training.large import taught
from training.lineage import Origin
from training.outputs import check_replaceable
from training.record import record
from training.result import TrainingResult
from training.rows.columns import Prepared, check_named, features_from, label_of, time_of
from training.rows.duplicates import duplicates
from training.rows.sample import Sample, check_two_classes
from training.rows.split import BY_TIME, Split, split
from training.rows.table_file import read_table, sha256_of

if TYPE_CHECKING:
    import pyarrow as pa

RESERVED = ("probability", "bad")  # columns that the reference adds beside the features


@dataclass(frozen=True, slots=True)
class Roles:
    """What each named column of a table is for; all that are not named are features."""

    label: str
    time: str | None
    drop: tuple[str, ...]
    monotone: Mapping[str, int]
    protected: tuple[str, ...]
    allow_leakage: tuple[str, ...]

    @property
    def aside(self) -> frozenset[str]:
        """Columns that are never features."""
        return frozenset({self.label, *self.times, *self.drop, *self.protected})

    @property
    def times(self) -> tuple[str, ...]:
        """The time column, where one is named."""
        return () if self.time is None else (self.time,)


def train_table(
    file: Path,
    *,
    label: str,
    time: str | None = None,
    split_at: str | None = None,
    test_share: float | None = None,
    drop: Collection[str] = (),
    monotone: Mapping[str, int] | None = None,
    protected: Collection[str] = (),
    allow_leakage: Collection[str] = (),
    trials: int,
    seed: int,
    out: Path,
    home: Path,
    now: datetime,
    progress: Progress | None = None,
) -> TrainingResult:
    """A model of `label` in `out` from a parquet or csv table, signed by `home`; never registered.

    `protected` columns are never features. InputError names a column or value that cannot be
    used.
    """
    check_replaceable(out)
    roles = Roles(label, time, tuple(drop), monotone or {}, tuple(protected), tuple(allow_leakage))
    table, warnings = read_table(file)
    _check(table, roles)
    sample, prepared, groups, said = _sample(table, roles)
    del table  # of millions of rows there is no room for two
    chosen = split(sample, split_at=split_at, test_share=test_share, seed=seed)
    sample, dropped = _without_days_of_the_test(sample, chosen, prepared)
    copies = duplicates(sample, chosen.rest, chosen.test)
    told = taught(
        sample, chosen, groups,
        trials=trials, seed=seed, allow_leakage=allow_leakage, progress=progress,
    )  # fmt: skip
    del sample, prepared
    warned = (*warnings, *said, *dropped, *chosen.warnings, *told.lesson.warnings)
    facts = _facts(file, roles) | dict(told.facts)
    origin = _origin(file, roles, facts, trials=trials, seed=seed, now=now, warnings=warned)
    metrics = record(
        out,
        told.sample,
        told.split,
        told.lesson,
        origin,
        keys=home_keys(home),
        context=Context(protected=told.protected, duplicates=copies),
        progress=progress,
    )
    return TrainingResult(out, metrics, told.lesson.leaks, None, tuple(metrics["warnings"]))


def _origin(
    file: Path,
    roles: Roles,
    facts: Mapping[str, Any],
    *,
    trials: int,
    seed: int,
    now: datetime,
    warnings: tuple[str, ...],
) -> Origin:
    return Origin(
        product=TABLE,
        label={"column": roles.label, "bad": 1},
        data_sha256=sha256_of(file),
        definitions_sha256=None,
        currency=None,
        utc_offset_minutes=0,
        seed=seed,
        trials=trials,
        now=now,
        facts=facts,
        warnings=warnings,
    )


def _check(table: "pa.Table", roles: Roles) -> None:
    check_named(table, [roles.label], "--label")
    check_named(table, roles.times, "--time")
    check_named(table, roles.drop, "--drop")
    check_named(table, list(roles.monotone), "--monotone")
    check_named(table, roles.protected, "--protected")
    check_named(table, roles.allow_leakage, "--allow-leakage")
    for name, direction in roles.monotone.items():
        if direction not in {-1, 0, 1}:
            raise InputError(f"--monotone {name}={direction}", "use +1, -1 or 0")
        if name in roles.aside:
            raise InputError(f"--monotone {name}: it is no feature", "take it out of --monotone")
    if roles.label in {*roles.times, *roles.drop, *roles.protected}:
        raise InputError(f"--label {roles.label!r} is used otherwise too", "name each column once")


def _sample(
    table: "pa.Table", roles: Roles
) -> tuple[Sample, Prepared, Mapping[str, Any], tuple[str, ...]]:
    import pyarrow as pa

    labels, known, warnings = label_of(table, roles.label)
    check_two_classes(labels, f"label {roles.label!r}")
    times = None
    if roles.time is not None:
        times, timed, said = time_of(table, roles.time)
        kept = np.isin(known, timed)
        labels, known = labels[kept], known[kept]
        times, warnings = times[known], (*warnings, *said)
        check_two_classes(labels, f"label {roles.label!r} where {roles.time!r} is known")
    rows = table.take(known) if len(known) < table.num_rows else table
    names = [name for name in table.column_names if name not in roles.aside]
    _check_reserved(names)
    prepared = features_from(rows, names, monotone=roles.monotone)
    ids = pa.array(known, pa.int64())
    sample = Sample(prepared.plans, prepared.table, labels, ids, time=times, entity=prepared.owner)
    protected = protected_columns(rows, roles.protected)
    return sample, prepared, protected, (*warnings, *prepared.warnings)


def _facts(file: Path, roles: Roles) -> dict[str, object]:
    return {
        "table": file.name,
        "label": roles.label,
        "time": roles.time,
        "dropped": sorted(roles.drop),
        "protected": sorted(roles.protected),
    }


def _check_reserved(names: Sequence[str]) -> None:
    for name in names:
        if name in RESERVED:
            raise InputError(
                f"column {name!r} has the name of what the model adds", "rename it, or --drop it"
            )


def _without_days_of_the_test(
    sample: Sample, chosen: Split, prepared: Prepared
) -> tuple[Sample, tuple[str, ...]]:
    """Dates that simply go on past the split say nothing about rows after it."""
    if chosen.method != BY_TIME:
        return sample, ()
    gone = [name for name in prepared.days if _goes_on(sample, chosen, name)]
    if not gone:
        return sample, ()
    kept = tuple(plan for plan in sample.features if plan.name not in gone)
    if not kept:
        raise InputError("no column is left to learn from", "give columns that are no dates")
    said = tuple(f"column {name!r}: a date that passes with the split: left out" for name in gone)
    return replace(sample, features=kept, table=sample.table.drop_columns(gone)), said


def _goes_on(sample: Sample, chosen: Split, name: str) -> bool:
    days = sample.table.column(name).to_numpy()
    before, after = days[chosen.rest], days[chosen.test]
    if np.isnan(before).all() or np.isnan(after).all():
        return False
    return bool(np.nanmedian(after) > np.nanquantile(before, 0.95))
