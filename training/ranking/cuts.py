"""Which rows a fit sees and which judge it: folds at random, and once forward in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.ranking.fit import Rows, folds_of

FOLDS = 5
SMALL_ROWS = 3000  # below this a second round of folds costs little and steadies what they say
BADS_AHEAD_MIN = 50  # fewer cannot tell ways apart
ROWS_MANY = 300_000  # of more rows a sample teaches what is judged; the final fits see all
ROWS_TAUGHT = 200_000


@dataclass(frozen=True, slots=True)
class Cut:
    """Places of rows that a fit sees and of rows it does not; `ahead` where these come later."""

    seen: Any
    unseen: Any
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Margins of rows from fits that did not see them.

    `crossed` holds one for every row, from folds at random. `ahead` holds those of the latest
    rows from a fit of the earlier ones: empty where rows have no time.
    """

    crossed: Any
    ahead: Any


def cuts_of(rows: Rows, *, ahead: Any = None, quick: bool, seed: int) -> tuple[Cut, ...]:
    """The cuts of `rows`; `ahead` marks the latest rows (None: not known)."""
    label = rows.label
    folds = min(FOLDS, max(2, int(min(label.sum(), (1 - label).sum()))))
    taught = _taught(len(label), seed)
    repeats = 2 if len(label) < SMALL_ROWS and not quick else 1
    crossed = [
        _cut(folds_of(rows, folds=folds, seed=seed + repeat) == place, taught, ahead=False)
        for repeat in range(repeats)
        for place in range(folds)
    ]
    if ahead is None or not _tells(label, ahead):
        return tuple(crossed)
    return (*crossed, _cut(ahead, taught, ahead=True))


def held_out(cuts: Sequence[Cut], margins: Sequence[Any]) -> HeldOut:
    """What each cut's fit said of its unseen rows, put in their places (NaN: never unseen)."""
    crossed = [(cut, said) for cut, said in zip(cuts, margins, strict=True) if not cut.ahead]
    rows = 1 + max(int(max(cut.unseen.max(), cut.seen.max())) for cut, _ in crossed)
    total, times = np.zeros(rows), np.zeros(rows)
    for cut, said in crossed:
        total[cut.unseen] += said
        times[cut.unseen] += 1
    ahead = [said for cut, said in zip(cuts, margins, strict=True) if cut.ahead]
    mean = np.divide(total, times, out=np.full(rows, np.nan), where=times > 0)
    return HeldOut(mean, ahead[0] if ahead else np.empty(0))


def _taught(rows: int, seed: int) -> Any:
    """Which rows may be seen: all, or some of very many."""
    taught = np.ones(rows, dtype=bool)
    if rows > ROWS_MANY:
        taught[np.random.default_rng(seed).permutation(rows)[ROWS_TAUGHT:]] = False
    return taught


def _cut(unseen: Any, taught: Any, *, ahead: bool) -> Cut:
    return Cut(np.flatnonzero(taught & ~unseen), np.flatnonzero(unseen), ahead)


def _tells(label: Any, ahead: Any) -> bool:
    sides = (label[ahead], label[~ahead])
    return all(min(side.sum(), (1 - side).sum()) >= BADS_AHEAD_MIN for side in sides)
