"""Who is learnt from: outcomes of one product that had matured by the cut-off."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit.contract import DEPOSIT_WAIVER
from credit.errors import InputError
from training.rows.labels import (
    DEFAULT_LABELS,
    NOT_MATURED,
    WINDOW,
    Label,
    derive_outcomes,
    label_facts,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from features.sources import History

COLUMNS = (
    "reference_id",
    "entity_id",
    "observed_at",
    "scene",
    "amount_minor",
    "term_days",
    "bad",
    "matured_at",
)


@dataclass(frozen=True, slots=True)
class Cohort:
    """Matured outcomes by time of observation, what bad means, and how many were left out.

    `unripe` holds `observed_at, matured_at` of outcomes that had not matured.
    """

    table: "pa.Table"
    label: Mapping[str, Any]
    left_out: Mapping[str, int]
    unripe: "pa.Table"


def cut_off(as_of: date | datetime | None, now: datetime) -> datetime:
    """The instant by which an outcome must have matured; a day counts to its end (UTC)."""
    if as_of is None:
        return now
    if isinstance(as_of, datetime):
        return as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    end = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) + timedelta(days=1)
    return end - timedelta(microseconds=1)


def read_cohort(
    history: "History", product: str, *, by: datetime, label: Label | None = None
) -> Cohort:
    """Outcomes of `product` with `matured_at` <= `by`, given or derived by `label`.

    InputError where there is not one.
    """
    if "outcomes" in history.tables:
        cohort = _given(history, product, by)
    else:
        cohort = _derived(history, product, by, label or DEFAULT_LABELS[product])
    if cohort.table.num_rows == 0:
        late = cohort.left_out.get(NOT_MATURED, 0)
        raise InputError(
            f"{history.path} has no {product} outcome matured by {by:%Y-%m-%d %H:%M} "
            f"({late} are not yet)",
            "give outcomes of this product, or a later --as-of",
        )
    return cohort


def _given(history: "History", product: str, by: datetime) -> Cohort:
    import pyarrow as pa
    import pyarrow.compute as pc

    _open(history, "outcomes", "applications", "holds")
    rows = history.connection.sql(_GIVEN.format(**_asked(history, product))).to_arrow_table()
    limit = pa.scalar(by.astimezone(UTC).replace(tzinfo=None), pa.timestamp("us"))
    ripe = pc.less_equal(rows.column("matured_at").cast(pa.timestamp("us")), limit)
    unripe = rows.filter(pc.invert(ripe)).select(list(WINDOW))
    left_out = {NOT_MATURED: len(unripe)}
    return Cohort(rows.filter(ripe), _told(history.path, product), left_out, unripe)


def _open(history: "History", *names: str) -> None:
    for name in names:
        if name in history.tables:
            history.table(name)


def _asked(history: "History", product: str) -> dict[str, str]:
    """SQL of what was asked for, by reference: an outcome need not repeat it."""
    parts = [_NOTHING_ASKED]
    if "applications" in history.tables:
        parts.append(_APPLIED.format(product=product))
    if product == DEPOSIT_WAIVER and "holds" in history.tables:
        parts.append(_HELD)
    return {"product": product, "asked": " UNION ALL ".join(parts)}


def _derived(history: "History", product: str, by: datetime, label: Label) -> Cohort:
    found = derive_outcomes(history, product, label=label, by=by)
    rows = found.table.select(list(COLUMNS))
    return Cohort(rows, label_facts(product, label), found.left_out, found.unripe)


def _told(path: Path, product: str) -> dict[str, Any]:
    """What bad means in given outcomes, as far as the data's own manifest says."""
    facts: dict[str, Any] = {"source": "outcomes", "product": product}
    try:
        manifest = json.loads((path / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return facts
    if isinstance(manifest, dict) and isinstance(manifest.get("label"), str):
        facts["definition"] = manifest["label"]
    return facts


_NOTHING_ASKED = """
SELECT NULL::VARCHAR AS reference_id, NULL::VARCHAR AS scene, NULL::BIGINT AS amount_minor,
    NULL::BIGINT AS term_days, NULL::TIMESTAMP AS recorded_at WHERE false"""
_APPLIED = """
SELECT application_id, scene, requested_minor, coalesce(term_days,
    CAST(ceil(epoch(due_at - applied_at) / 86400) AS BIGINT)), recorded_at
FROM applications WHERE product = '{product}'"""
_HELD = """
SELECT hold_id, scene, deposit_minor,
    CAST(ceil(epoch(due_at - opened_at) / 86400) AS BIGINT), recorded_at
FROM holds"""
# As first recorded: a later version may have been written by what became of it.
_GIVEN = """
WITH asked AS (
    SELECT * FROM ({asked})
    QUALIFY row_number() OVER (PARTITION BY reference_id ORDER BY recorded_at) = 1
)
SELECT reference_id, entity_id, observed_at, coalesce(outcomes.scene, asked.scene) AS scene,
    coalesce(outcomes.amount_minor, asked.amount_minor) AS amount_minor,
    coalesce(outcomes.term_days, asked.term_days) AS term_days, bad, matured_at
FROM outcomes LEFT JOIN asked USING (reference_id)
WHERE product = '{product}'
ORDER BY observed_at, reference_id
"""
