"""Applications of a data directory as columns: features as they were knowable on each day."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.contract import ENTITY_OF, PRODUCTS
from credit.errors import InputError
from credit.policy.evidence import Freshness
from credit.policy.many.cases import FRESHNESS
from credit.progress import Progress
from features.catalogue import ENTITY_FEATURES
from monitoring.simulation.outcomes import Known
from monitoring.simulation.population import (
    NO_LINE,
    NO_MODEL,
    Population,
    Requested,
    Room,
    Scores,
    words,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from features.sources import History

UNANSWERED = -1
_FRESH, _UNKNOWN = FRESHNESS.index(Freshness.FRESH), FRESHNESS.index(Freshness.UNKNOWN)


def data_populations(
    history: "History",
    known: Mapping[str, Known],
    *,
    champions: Mapping[str, str],
    scratch: Path,
    progress: Progress | None = None,
) -> list[Population]:
    """The applications of each product in a data directory.

    `champions`: the manifest hash of the model that scores each product; one without is left out
    by whoever calls. InputError where the directory holds no applications of theirs.
    """
    from features.historical import historical

    if "applications" not in history.tables:
        raise InputError(f"{history.path} holds no applications", "name a directory with some")
    history.table("applications")
    found = []
    for product in PRODUCTS:
        rows = history.connection.sql(_ASKED, params=[product]).to_arrow_table()
        if product in champions and len(rows):
            whole = rows.filter(rows["whole"])
            values = historical(
                history,
                product,
                whole.drop_columns(["whole", "partner_id"]),
                scratch=scratch,
                progress=progress,
            )
            people = _population(product, whole, values, known[product], champions[product])
            found.append(replace(people, left_out=_unfit(len(rows) - len(whole))))
    if not found:
        raise InputError(
            f"{history.path} holds no applications of {' or '.join(champions)}",
            "name a directory with some",
        )
    return found


def _unfit(count: int) -> dict[str, int]:
    return {"no term, or an order that ended before it began": count} if count else {}


def _population(
    product: str, whole: "pa.Table", values: "pa.Table", known: Known, champion: str
) -> Population:
    features = values.select([one.name for one in ENTITY_FEATURES[ENTITY_OF[product]]])
    count = len(whole)
    unknown = _nothing_known(features)
    amount, days = (whole[name].to_numpy() for name in ("amount_minor", "term_days"))
    nothing = np.zeros((count, 1))
    return Population(
        product=product,
        known=features,
        freshness=np.where(unknown, np.int8(_UNKNOWN), np.int8(_FRESH)),
        requested=Requested(
            amount.astype(np.int64),
            days.astype(np.int64),
            words(whole["scene"].to_pylist()),
            words([{}] * count),
        ),
        scores=Scores(
            nothing.astype(np.int64),
            nothing.astype(np.int64),
            nothing,
            nothing.astype(np.bool_),
            np.where(unknown, np.int16(NO_MODEL), np.int16(0)),
            (champion,),
        ),
        room=Room(np.full(count, NO_LINE), np.full(count, NO_LINE), is_kept=False),
        outcomes=known.of(whole["reference_id"].to_pylist()),
        partner=words(whole["partner_id"].to_pylist()),
        entity_id=words(whole["entity_id"].to_pylist()),
        recorded=np.full(count, UNANSWERED, np.int8),
        recorded_policy=words([None] * count),
        notes=(_HISTORICAL,),
    )


def _nothing_known(features: "pa.Table") -> Any:
    """Applicants of whom no feature is known: the online store would never have heard of them."""
    import pyarrow.compute as pc

    known = np.zeros(len(features), np.bool_)
    for column in features.columns:
        known |= pc.is_valid(column).to_numpy()
    return ~known


_HISTORICAL = (
    "features are those knowable at the end of the day before each application; scores are the"
    " present champion's; lines are taken to be the policy's ceiling less what was open"
)
# As first recorded: a later version may have been written by what became of it.
_ASKED = """
SELECT application_id AS reference_id, entity_id, applied_at AS observed_at,
    requested_minor AS amount_minor, days AS term_days, scene, partner_id,
    days IS NOT NULL AND days > 0 AS whole
FROM (
    SELECT *, CASE WHEN product = 'merchant-loan' THEN CAST(term_days AS BIGINT)
        ELSE CAST(ceil(epoch(due_at - applied_at) / 86400) AS BIGINT) END AS days
    FROM applications WHERE product = ?
    QUALIFY row_number() OVER (PARTITION BY application_id ORDER BY recorded_at) = 1
)
ORDER BY applied_at, application_id
"""
