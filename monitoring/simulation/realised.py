"""What came of those who would be approved, as far as it is known. Nothing is imputed."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from monitoring.simulation.intervals import UNDEFINED, Estimate, rate_change, share
from monitoring.simulation.population import MATURED, NOT_MATURED, WITHOUT, Outcomes


@dataclass(frozen=True, slots=True)
class Realised:
    """Requests of a kind by what is known of them, and the bad rate of those with an outcome.

    `not_matured`: lent, no outcome yet. `without`: never lent, or not told. `expected`: mean P(bad)
    of those with an outcome (as far as they have one), to hold beside the rate.
    """

    requests: int
    with_outcome: int
    not_matured: int
    without: int
    bads: int
    rate: Estimate
    expected: float | None


def realised(mask: Any, outcomes: Outcomes, probability: Any) -> Realised:
    """What came of the requests of a mask."""
    state, ripe = outcomes.state[mask], mask & (outcomes.state == MATURED)
    bads, rows = int(np.nansum(outcomes.bad[ripe])), int(ripe.sum())
    risks = probability[ripe]
    risks = risks[~np.isnan(risks)]
    return Realised(
        requests=int(mask.sum()),
        with_outcome=rows,
        not_matured=int((state == NOT_MATURED).sum()),
        without=int((state == WITHOUT).sum()),
        bads=bads,
        rate=share(bads, rows),
        expected=float(risks.mean()) if len(risks) else None,
    )


def realised_change(outcomes: Outcomes, candidate: Any, current: Any) -> Estimate:
    """How the bad rate of those with an outcome would change."""
    ripe = outcomes.state == MATURED
    if not ripe.any():
        return UNDEFINED
    return rate_change(outcomes.bad, candidate & ripe, current & ripe)
