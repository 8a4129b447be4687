"""Whether what a declined applicant is told holds: making it worse must never get them approved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.score import REASONS_MAX
from training.judging.tested import Tested

CASES = 2_000
CASES_LEAST = 200
WORK_MAX = 5_000_000  # trees times rows whose reasons are looked at: half a minute
THREADS = 2  # reasons are the same to the bit whatever the threads
WORSE_STEPS = 2  # the next quantiles of the test rows; then their worst value
QUANTILES = 20
DISPLACED_SAMPLE = 100
EXAMPLES = 5
TOLERANCE = 1e-9  # of a probability and of a contribution


@dataclass(frozen=True, slots=True)
class _Declined:
    """Declined rows as the model reads them, and what each reason adds to each."""

    tested: Tested
    rows: Any
    matrix: Any
    chance: Any
    codes: tuple[str, ...]
    added: Any

    def reason(self, place: int) -> int:
        """The column of the reason that a feature speaks for."""
        return self.codes.index(self.tested.features[place].reason)


@dataclass(frozen=True, slots=True)
class _Worse:
    """Moves for the worse, one an entry: which row, which feature, what it becomes."""

    rows: Any
    places: Any
    values: Any

    def take(self, some: Any) -> "_Worse":
        """Some of the moves."""
        return _Worse(self.rows[some], self.places[some], self.values[some])

    def applied(self, matrix: Any) -> Any:
        """The rows after the moves."""
        moved = matrix[self.rows].copy()
        moved[np.arange(len(moved)), self.places] = self.values
        return moved


def direction_test(tested: Tested, *, cases: int = CASES, seed: int) -> dict[str, Any]:
    """Each feature behind a given reason made worse in declined rows, and the rows scored again.

    Of up to `cases` declined rows the reasons given (four at most) are found; each feature with
    a direction that such a reason speaks for is moved in its bad direction to the next two
    vigintiles of the test rows and to their worst value, all else left as it is. A move is a
    failure where it is

    - `approved_after`: P(bad) is no longer above the cut-off, or
    - `reason_lost`: P(bad) fell, and so did what the reason adds.

    Where P(bad) did not fall the reason may still add less than before: interactions share out
    among features (TreeSHAP). That is no failure, since nothing got better for it. Of a sample of
    `displaced_of` such moves `displaced` made the reason add less, and `reason_displaced` so much
    less that it is no longer given.
    """
    declined = _declined(tested, cases, seed)
    worse = _worsened(declined)
    chance = np.array(tested.scorer.probabilities(worse.applied(declined.matrix)))
    approved = chance <= tested.cut_off
    fell = chance < declined.chance[worse.rows] - TOLERANCE
    lost = np.zeros(len(chance), dtype=bool)
    lost[fell], _ = _less(declined, worse.take(fell))
    failed = approved | lost
    return {
        "cases": len(declined.rows),
        "worsened": len(chance),
        "approved_after": int(approved.sum()),
        "reason_lost": int(lost.sum()),
        "failures": int(failed.sum()),
        **_displaced(declined, worse.take(_sampled(np.flatnonzero(~fell), DISPLACED_SAMPLE, seed))),
        "examples": list(_examples(declined, worse.take(failed), chance[failed])),
    }


def _declined(tested: Tested, cases: int, seed: int) -> _Declined:
    trees = max(1, tested.scorer.artefact.model_text.count("\nTree="))
    affordable = min(cases, max(CASES_LEAST, WORK_MAX // trees))
    rows = _sampled(np.flatnonzero(tested.declined), affordable, seed)
    matrix = tested.scorer.matrix(tested.table.take(rows))
    codes, added = tested.scorer.explained(matrix, threads=THREADS)
    return _Declined(tested, rows, matrix, tested.probability[rows], codes, added)


def _worsened(declined: _Declined) -> _Worse:
    """Every move to be tried, feature by feature."""
    everybody = declined.tested.scorer.matrix(declined.tested.table)
    given = _given(declined.added)
    moves = [
        _moves(declined, given, place, _steps(everybody[:, place] * feature.direction))
        for place, feature in enumerate(declined.tested.features)
        if feature.direction
    ]
    columns = ([getattr(one, name) for one in moves] for name in ("rows", "places", "values"))
    nothing = np.zeros(0, dtype=np.int64)
    return _Worse(*(np.concatenate([nothing, *column]) for column in columns))


def _moves(declined: _Declined, given: Any, place: int, steps: Any) -> _Worse:
    """One feature's moves; `steps` rise from good to bad."""
    direction = declined.tested.features[place].direction
    start = declined.matrix[:, place] * direction
    rows = np.flatnonzero(given[:, declined.reason(place)] & ~np.isnan(start))
    first = np.searchsorted(steps, start[rows], side="right")
    reached = first[:, None] + np.arange(WORSE_STEPS)
    worst = np.full((len(rows), 1), len(steps) - 1)
    reached = np.hstack([reached, np.where(worst > reached[:, -1:], worst, len(steps))])
    line, at = np.nonzero(reached < len(steps))
    values = steps[reached[line, at]] * direction if len(line) else np.zeros(0)
    return _Worse(rows[line], np.full(len(line), place), values)


def _steps(values: Any) -> Any:
    known = values[~np.isnan(values)]
    if not len(known):
        return known
    return np.unique(np.quantile(known, np.linspace(0, 1, QUANTILES + 1), method="inverted_cdf"))


def _less(declined: _Declined, worse: _Worse) -> tuple[Any, Any]:
    """Of each move: whether its reason adds less than before, and whether it is given no more."""
    _, after = declined.tested.scorer.explained(worse.applied(declined.matrix), threads=THREADS)
    reasons = np.array([declined.reason(place) for place in worse.places], dtype=np.int64)
    at = np.arange(len(after)), reasons
    before = declined.added[worse.rows, reasons]
    return after[at] < before - TOLERANCE, ~_given(after)[at]


def _displaced(declined: _Declined, worse: _Worse) -> dict[str, int]:
    less, gone = _less(declined, worse)
    return {
        "displaced_of": len(less),
        "displaced": int(less.sum()),
        "reason_displaced": int((less & gone).sum()),
    }


def _examples(declined: _Declined, worse: _Worse, chance: Any) -> Iterator[dict[str, Any]]:
    moves = zip(worse.rows[:EXAMPLES], worse.places, worse.values, chance, strict=False)
    for row, place, value, after in moves:
        yield {
            "row_id": declined.tested.row_id[int(declined.rows[row])].as_py(),
            "feature": declined.tested.features[place].name,
            "from": float(declined.matrix[row, place]),
            "to": float(value),
            "probability_from": float(declined.chance[row]),
            "probability_to": float(after),
        }


def _given(sums: Any) -> Any:
    """Which reasons are given to each row: those that raise P(bad), the strongest four."""
    order = np.argsort(-sums, axis=1, kind="stable")[:, :REASONS_MAX]
    strongest = np.zeros(sums.shape, dtype=bool)
    np.put_along_axis(strongest, order, values=True, axis=1)
    return strongest & (sums > 0)


def _sampled(rows: Sequence[int] | Any, count: int, seed: int) -> Any:
    if len(rows) <= count:
        return rows
    return np.sort(np.random.default_rng(seed).permutation(rows)[:count])
