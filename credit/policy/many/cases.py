"""Many requests as columns, and the bridges from single ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, NamedTuple, Self

import numpy as np

from credit.policy.application import LoanApplication, WaiverApplication
from credit.policy.decision import Scored
from credit.policy.evidence import Evidence, Freshness
from credit.policy.loan_terms import LoanTerms
from credit.policy.many.columns import (
    UNBOUNDED,
    Column,
    Mask,
    Real,
    Rows,
    Small,
    Texts,
    Whole,
    columns,
    texts,
)
from credit.policy.requests import duration_days
from credit.policy.room import Room

FRESHNESS = tuple(Freshness)  # a freshness column holds places in this
LoanRow = tuple[LoanApplication, Evidence, Sequence[Scored], Room]
WaiverRow = tuple[WaiverApplication, Evidence, Sequence[Scored], Room]


def code_of(freshness: Freshness) -> int:
    """The code of a freshness in columns."""
    return FRESHNESS.index(freshness)


class Grid(NamedTuple):
    """The candidates of each request, n x C; column 0 is the request as asked.

    `valid` is false where a row has fewer. A row without any, the request included, is one that no
    model could score.
    """

    amount_minor: Whole
    term_days: Whole
    valid: Mask

    def part(self, rows: Rows) -> "Grid":
        """Some of the rows."""
        return Grid(self.amount_minor[rows], self.term_days[rows], self.valid[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """What loans and waivers have in common; every column has n rows.

    `values`, `context`: facts by name (context without the prefix), numbers as float64 with NaN
    where missing, texts as `Texts`; a name that is absent is missing everywhere. `freshness`:
    places in FRESHNESS. Rooms: UNBOUNDED where there is no line or no cap.
    """

    freshness: Small
    values: Mapping[str, Column]
    own_room_minor: Whole
    shared_room_minor: Whole
    context: Mapping[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.freshness)

    def part(self, rows: Rows) -> Self:
        """Some of the rows, as views where `rows` is a slice."""
        return replace(
            self, **{one.name: _part(getattr(self, one.name), rows) for one in fields(self)}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanCases(Cases):
    """Loans asked for.

    `grid` and `probability` (n x C): the candidates of `candidates_many`, scored; None while, or
    where, no model was asked.
    """

    amount_minor: Whole
    term_days: Whole
    grid: Grid | None = None
    probability: Real | None = None

    def measured_by(self, terms: LoanTerms) -> "LoanCases":
        """The same requests with only those facts from which limits are measured."""
        asked = (terms.capacity.turnover_feature, terms.capacity.debt_service_feature)
        values = {name: self.values[name] for name in asked if name in self.values}
        return replace(self, values=values, context={}, grid=None, probability=None)

    def scored(self, grid: Grid, probability: Real) -> "LoanCases":
        """The same requests with their candidates' P(bad)."""
        return replace(self, grid=grid, probability=probability)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverCases(Cases):
    """Deposits asked about.

    `duration_days`: begun days that the order lasts. `probability`: NaN where no model was asked.
    """

    scene: Texts
    deposit_minor: Whole
    duration_days: Whole
    probability: Real


def _part(found: Any, rows: Rows) -> Any:
    if found is None:
        return None
    if isinstance(found, Texts | Grid):
        return found.part(rows)
    if isinstance(found, Mapping):
        return {name: _part(one, rows) for name, one in found.items()}
    return found[rows]


def loan_cases(rows: Sequence[LoanRow]) -> LoanCases:
    """Single applications, as `decide_loan` takes them, as columns."""
    asked = [application for application, _, _, _ in rows]
    grid, probability = _packed([scored for _, _, scored, _ in rows])
    return LoanCases(
        amount_minor=np.array([one.amount_minor for one in asked], np.int64),
        term_days=np.array([one.term_days for one in asked], np.int64),
        grid=grid,
        probability=probability,
        **_applicants([row[1] for row in rows], [row[3] for row in rows]),
        context=columns([one.context for one in asked]),
    )


def waiver_cases(rows: Sequence[WaiverRow], at: datetime) -> WaiverCases:
    """Single orders, as `decide_waiver` takes them at `at`, as columns."""
    asked = [application for application, _, _, _ in rows]
    risks = [scored[0].probability if scored else np.nan for _, _, scored, _ in rows]
    return WaiverCases(
        scene=texts([one.scene for one in asked]),
        deposit_minor=np.array([one.deposit_minor for one in asked], np.int64),
        duration_days=np.array([duration_days(one, at) for one in asked], np.int64),
        probability=np.array(risks, np.float64),
        **_applicants([row[1] for row in rows], [row[3] for row in rows]),
        context=columns([one.context for one in asked]),
    )


def _applicants(known: Sequence[Evidence], rooms: Sequence[Room]) -> dict[str, Any]:
    return {
        "freshness": np.array([code_of(one.freshness) for one in known], np.int8),
        "values": columns([one.values for one in known]),
        "own_room_minor": _bounded([room.own_minor for room in rooms]),
        "shared_room_minor": _bounded([room.shared_minor for room in rooms]),
    }


def _bounded(left: Sequence[int | None]) -> Whole:
    return np.array([UNBOUNDED if one is None else one for one in left], np.int64)


def _packed(scored: Sequence[Sequence[Scored]]) -> tuple[Grid, Real]:
    width = max((len(one) for one in scored), default=0)
    shape = (len(scored), max(1, width))
    grid = Grid(np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.bool_))
    probability = np.zeros(shape)
    for row, candidates in enumerate(scored):
        for place, one in enumerate(candidates):
            grid.amount_minor[row, place] = one.amount_minor
            grid.term_days[row, place] = one.term_days
            probability[row, place] = one.probability
        grid.valid[row, : len(candidates)] = True
    return grid, probability
