"""Which rows teach, which choose, which judge: by time, or stratified at random by seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from credit.errors import InputError
from training.rows.duplicates import copies_said, owners_said
from training.rows.sample import Sample, check_enough, few_bads
from training.rows.times import as_units, point, shown

TEST_SHARE = 0.3
VALID_SHARE = 0.2
BY_TIME, AT_RANDOM = "time", "random"


@dataclass(frozen=True, slots=True)
class Split:
    """Places of the train, valid and test rows, and how they were chosen.

    `at` is the split value as text (None at random). `immature_at_split` counts rows before
    the split whose outcome was known only after it; `purged` how many of them were dropped.
    """

    method: str
    at: str | None
    train: Any
    valid: Any
    test: Any
    immature_at_split: int = 0
    purged: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def rest(self) -> Any:
        """Train and valid rows together, in the order of the sample."""
        return np.sort(np.concatenate([self.train, self.valid]))


def split(
    sample: Sample,
    *,
    split_at: str | None = None,
    test_share: float | None = None,
    seed: int,
    purge: bool = False,
) -> Split:
    """Test rows have time >= `split_at`; by default they are the last 30% by whole days.

    Valid is the last 20% of the rest. One single time, or `test_share`, splits stratified at
    random. InputError where a split leaves a side without rows, or train with one class.
    """
    _check(sample, split_at, test_share)
    if test_share is not None or sample.time is None or not _divisible(sample.time):
        if split_at is not None:
            raise InputError(
                f"--split-at {split_at}: all rows have one time", "use --test-share instead"
            )
        chosen = _at_random(sample, test_share or TEST_SHARE, seed)
    else:
        chosen = _by_time(sample, split_at, seed, purge=purge)
    check_enough(sample.label[chosen.train], "train rows")
    return chosen


def _check(sample: Sample, split_at: str | None, test_share: float | None) -> None:
    if split_at is not None and test_share is not None:
        raise InputError(
            f"--split-at {split_at} and --test-share {test_share} exclude each other", "give one"
        )
    if test_share is not None and not 0 < test_share < 1:
        raise InputError(f"--test-share is {test_share}", "use a share above 0 and below 1")
    if split_at is not None and sample.time is None:
        raise InputError(f"--split-at {split_at}: rows have no time", "name a column with --time")


def _divisible(time: Any) -> bool:
    units = as_units(time)
    return bool(np.any(units != units[0])) if len(units) else False


def _at_random(sample: Sample, share: float, seed: int) -> Split:
    random = np.random.default_rng(seed)
    rest, test = _stratified(sample.label, np.arange(len(sample)), share, random)
    train, valid = _stratified(sample.label, rest, VALID_SHARE, random)
    if not len(test):
        raise InputError(f"--test-share {share}: no test rows of {len(sample)}", "use a larger one")
    twins = copies_said(sample, rest, test) + owners_said(sample, rest, test)
    warnings = twins + tuple(_few(sample, rest, test))
    return Split(AT_RANDOM, None, train, valid, test, warnings=warnings)


def _stratified(label: Any, rows: Any, share: float, random: Any) -> tuple[Any, Any]:
    kept, taken = [], []
    for outcome in (0, 1):
        mine = random.permutation(rows[label[rows] == outcome])
        cut = round(len(mine) * share)
        taken.append(mine[:cut])
        kept.append(mine[cut:])
    return np.sort(np.concatenate(kept)), np.sort(np.concatenate(taken))


def _by_time(sample: Sample, split_at: str | None, seed: int, *, purge: bool) -> Split:
    time = sample.time
    at = point(time, split_at) if split_at is not None else _last(as_units(time), TEST_SHARE)
    late = time >= at
    if late.all() or not late.any():
        side = "all" if late.all() else "no"
        raise InputError(
            f"--split-at {split_at}: {side} rows are at or after it",
            f"choose one between {shown(time.min())} and {shown(time.max())}",
        )
    rest, test = np.flatnonzero(~late), np.flatnonzero(late)
    immature = _immature(sample, rest, at)
    kept = rest[~immature] if purge else rest
    if not len(kept):
        raise InputError(
            f"--purge: no row before {shown(at)} had matured by then", "choose a later --split-at"
        )
    train, valid = _valid(sample, kept, seed)
    warnings = copies_said(sample, kept, test) + tuple(_few(sample, kept, test))
    return Split(
        BY_TIME,
        shown(at),
        train,
        valid,
        test,
        immature_at_split=int(immature.sum()),
        purged=int(immature.sum()) if purge else 0,
        warnings=warnings,
    )


def _immature(sample: Sample, rest: Any, at: Any) -> Any:
    if sample.matured_at is None:
        return np.zeros(len(rest), dtype=bool)
    return sample.matured_at[rest] > at


def _valid(sample: Sample, rest: Any, seed: int) -> tuple[Any, Any]:
    units = as_units(sample.time[rest])
    if np.all(units == units[0]):
        return _stratified(sample.label, rest, VALID_SHARE, np.random.default_rng(seed))
    late = sample.time[rest] >= _last(units, VALID_SHARE)
    if len(np.unique(sample.label[rest[~late]])) < 2:  # noqa: PLR2004  # too few rows to cut by time
        return _stratified(sample.label, rest, VALID_SHARE, np.random.default_rng(seed))
    return rest[~late], rest[late]


def _last(units: Any, share: float) -> Any:
    """The first of the last whole days (or values) that hold as near `share` of rows as may be."""
    values, counts = np.unique(units, return_counts=True)
    after = np.cumsum(counts[::-1])[::-1] / len(units)
    return values[1:][np.argmin(np.abs(after[1:] - share))]


def _few(sample: Sample, rest: Any, test: Any) -> Sequence[str]:
    return (*few_bads(sample.label[rest], "train"), *few_bads(sample.label[test], "test"))
