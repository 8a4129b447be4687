"""Whom a policy is simulated on: requests of one product as columns, with what came of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

NO_LINE = -1  # room: no line is kept, nothing caps it
NO_MODEL = -1
WITHOUT, NOT_MATURED, MATURED = 0, 1, 2  # what is known of an outcome


@dataclass(frozen=True, slots=True)
class Requested:
    """What was asked for. `duration_days`: a loan's term, or the begun days that an order lasts.

    `context`: what the partner sent along, a mapping for each row.
    """

    amount_minor: Any
    duration_days: Any
    scene: Any
    context: Any


@dataclass(frozen=True, slots=True)
class Scores:
    """Candidates that were scored already, n x R, the request as asked first.

    `model`: for each row the place of the model that scored it in `models` (manifest hashes),
    NO_MODEL where none was asked.
    """

    amount_minor: Any
    term_days: Any
    probability: Any
    valid: Any
    model: Any
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """What lines and shared caps left, in minor units; NO_LINE where nothing does.

    `is_kept`: recorded with the decision. Otherwise it is the policy's ceiling less what the
    evidence says is open.
    """

    own_minor: Any
    shared_minor: Any
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of requests.

    `state`: WITHOUT (never lent, or not told), NOT_MATURED (lent, no outcome yet) or MATURED.
    `bad`: 1.0 or 0.0 where matured, else NaN.
    """

    state: Any
    bad: Any


@dataclass(frozen=True, slots=True)
class Population:
    """Requests of one product, one row each, in the order they were decided or made.

    `known`: features as they were known (a PyArrow table). `freshness`: places in
    `credit.policy.many.cases.FRESHNESS`. `recorded`: outcomes that were answered then (values of
    `Outcome`, MISSING where that does not say), with the hash of the policy that answered.
    `left_out` counts by reason what could not become a row; `notes` says what a reader must know.
    """

    product: str
    known: "pa.Table"
    freshness: Any
    requested: Requested
    scores: Scores
    room: Room
    outcomes: Outcomes
    partner: Any
    entity_id: Any
    recorded: Any
    recorded_policy: Any
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.freshness)

    def take(self, rows: Any) -> "Population":
        """The rows at these places, in this order; of a slice, views."""
        if isinstance(rows, np.ndarray) and np.array_equal(rows, np.arange(len(self))):
            return self
        taken = {one.name: _taken(getattr(self, one.name), rows) for one in fields(self)}
        return replace(self, **taken)


def _taken(found: Any, rows: Any) -> Any:
    if isinstance(found, Requested | Scores | Room | Outcomes):
        parts = {one.name: _taken(getattr(found, one.name), rows) for one in fields(found)}
        return replace(found, **parts)
    if isinstance(found, np.ndarray):
        return found[rows]
    if not hasattr(found, "num_rows"):
        return found
    if isinstance(rows, slice):
        return found.slice(rows.start, rows.stop - rows.start)
    return found.take(rows)


def words(values: Any) -> Any:
    """Text as an array of objects, None where missing."""
    found = np.empty(len(values), object)
    found[:] = values
    return found
