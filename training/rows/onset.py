"""When the bad went bad: days from a decision to the day that its label turned."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from training.rows.applications import CREDIT
from training.rows.cohort import Cohort
from training.rows.labels import DEFAULT_LABELS, Label, derive_outcomes
from training.rows.times import DAY

if TYPE_CHECKING:
    from features.sources import History

NEEDED = ("loans", "repayments")
ONE_DAY = np.timedelta64(1, "D")


def days_to_bad(
    history: "History", product: str, cohort: Cohort, *, by: datetime, label: Label | None = None
) -> Any | None:
    """Days (float64) from `observed_at` to when each bad of the cohort went bad; None without.

    Found by the label's definition in loans or holds, for given outcomes as well; NaN for
    goods, and for bads that the histories do not show to be bad.
    """
    table, _ = CREDIT[product]
    needed = NEEDED if table == "loans" else (table,)
    if not set(needed) <= history.tables:
        return None
    found = derive_outcomes(history, product, label=label or DEFAULT_LABELS[product], by=by).table
    turned = dict(zip(found["reference_id"].to_pylist(), _days(found["bad_at"]), strict=True))
    rows = cohort.table
    asked = rows["reference_id"].to_pylist()
    at = np.array([turned.get(name, np.datetime64("NaT")) for name in asked], dtype=DAY)
    days = (at - _days(rows["observed_at"])) / ONE_DAY
    return np.where(rows["bad"].to_numpy() == 1, days, np.nan)


def _days(column: Any) -> Any:
    import pyarrow as pa

    return column.cast(pa.timestamp("us")).to_numpy().astype(DAY)
