"""The same figures by industry, partner, scene and band."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit.contract import DEPOSIT_WAIVER
from monitoring.simulation.deciding import Decided
from monitoring.simulation.intervals import Sides, shares, sums_of_both
from monitoring.simulation.realised import Realised, realised

SHOWN = 12
SEED = 0
NOT_KNOWN, OTHERS = "not known", "others"


@dataclass(frozen=True, slots=True)
class Cut:
    """One part of the requests."""

    name: str
    requests: int
    approval: Sides
    given_minor: Sides
    expected_loss_minor: Sides
    realised: Realised


def cuts_of(found: Decided) -> Mapping[str, tuple[Cut, ...]]:
    """Parts of the requests by each of their sides, the largest first; bands in their order.

    A side on which all are alike is left out. Bands are those of the current policy.
    """
    people, names = found.people, {"industry": found.industry, "partner": found.people.partner}
    if people.product == DEPOSIT_WAIVER:
        names["scene"] = people.requested.scene
    cuts = {side: _largest(found, values) for side, values in names.items()}
    cuts["band"] = _bands(found)
    return {side: parts for side, parts in cuts.items() if len(parts) > 1}


def _largest(found: Decided, values: Any) -> tuple[Cut, ...]:
    places, words = pd.factorize(
        values, sort=True
    )  # by hash: sorting a million texts takes seconds
    names = [*words, NOT_KNOWN]
    places = np.where(places < 0, len(words), places)
    counts = np.bincount(places, minlength=len(names))
    order = [one for one in np.argsort(-counts, kind="stable") if counts[one]]
    parts = [_cut(found, str(names[one]), places == one) for one in order[:SHOWN]]
    rest = np.isin(places, order[SHOWN:])
    return tuple([*parts, _cut(found, OTHERS, rest)] if rest.any() else parts)


def _bands(found: Decided) -> tuple[Cut, ...]:
    band = found.current.band
    parts = [(name, band == name) for name in found.bands]
    parts.append(("no score", np.array([one is None for one in band], np.bool_)))
    return tuple(_cut(found, name, mask) for name, mask in parts if mask.any())


def _cut(found: Decided, name: str, mask: Any) -> Cut:
    ours, theirs, outcomes = found.candidate, found.current, found.people.outcomes
    money = sums_of_both(
        {
            "given": (ours.given_minor[mask], theirs.given_minor[mask]),
            "loss": (ours.loss_minor[mask], theirs.loss_minor[mask]),
        },
        seed=SEED,
    )
    return Cut(
        name=name,
        requests=int(mask.sum()),
        approval=shares(ours.approved[mask], theirs.approved[mask]),
        given_minor=money["given"],
        expected_loss_minor=money["loss"],
        realised=realised(mask & ours.approved, outcomes, ours.given_probability),
    )
