"""What came of requests, and protected attributes: read for evaluation alone, never imputed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.contract import DEPOSIT_WAIVER
from monitoring.simulation.population import MATURED, NOT_MATURED, Outcomes

if TYPE_CHECKING:
    from features.sources import History


@dataclass(frozen=True, slots=True)
class Known:
    """Outcomes by reference: 1.0 bad, 0.0 good, None where credit was given and has none yet.

    `is_given`: whether there was a table of outcomes at all.
    """

    by_reference: Mapping[str, float | None]
    is_given: bool

    def of(self, references: Sequence[str]) -> Outcomes:
        """The outcomes of some requests, in order."""
        state = np.zeros(len(references), np.int8)
        bad = np.full(len(references), np.nan)
        for row, reference in enumerate(references):
            if reference in self.by_reference:
                found = self.by_reference[reference]
                state[row] = NOT_MATURED if found is None else MATURED
                bad[row] = np.nan if found is None else found
        return Outcomes(state, bad)


NOTHING_KNOWN = Known({}, is_given=False)


def read_outcomes(history: "History | None", product: str, *, now: datetime) -> Known:
    """What a data directory tells of a product's requests, as far as it has matured by `now`.

    An order may be told by its hold's number or by its application's. A loan or a hold of which no
    outcome is told has not matured, or is indeterminate.
    """
    if history is None or "outcomes" not in history.tables:
        return NOTHING_KNOWN
    history.table("outcomes")
    rows = history.connection.execute(
        "SELECT reference_id, bad, matured_at FROM outcomes WHERE product = ?", [product]
    ).fetchall()
    limit = now.astimezone(UTC).replace(tzinfo=None)
    found = {
        reference: float(bad) if bad is not None and _naive(matured_at) <= limit else None
        for reference, bad, matured_at in rows
    }
    for reference, application in _lent(history, product):
        found.setdefault(reference, None)
        if application is not None:
            found[application] = found[reference]
    return Known(found, is_given=True)


def _lent(history: "History", product: str) -> list[tuple[str, str | None]]:
    """What outcomes call each loan or hold, and its application where it has another name."""
    name, key = ("holds", "hold_id") if product == DEPOSIT_WAIVER else ("loans", "application_id")
    if name not in history.tables:
        return []
    history.table(name)
    query = f"SELECT DISTINCT {key}, application_id FROM {name} WHERE {key} IS NOT NULL"
    return history.connection.execute(query).fetchall()


def read_protected(history: "History | None") -> dict[str, dict[str, str]]:
    """Protected attributes: for each attribute its value by entity."""
    if history is None or "protected" not in history.tables:
        return {}
    history.table("protected")
    rows = history.connection.execute(
        "SELECT attribute, entity_id, value FROM protected ORDER BY ALL"
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for attribute, entity_id, value in rows:
        found.setdefault(attribute, {})[entity_id] = value
    return found


def _naive(at: Any) -> datetime:
    moment: datetime = at
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
