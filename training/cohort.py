"""Who is learnt from: outcomes of one product that had matured by the cut-off."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit.errors import InputError
from training.labels import DEFAULT_LABELS, Label, derive_outcomes, label_facts

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
NOT_MATURED = "not matured"


@dataclass(frozen=True, slots=True)
class Cohort:
    """Matured outcomes by time of observation, what bad means, and how many were left out."""

    table: "pa.Table"
    label: Mapping[str, Any]
    left_out: Mapping[str, int]


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

    outcomes = history.table("outcomes")
    rows = outcomes.filter(outcomes.product == product).to_pyarrow().select(list(COLUMNS))
    limit = pa.scalar(by.astimezone(UTC).replace(tzinfo=None), pa.timestamp("us"))
    ripe = pc.less_equal(rows.column("matured_at").cast(pa.timestamp("us")), limit)
    green = len(rows) - (pc.sum(ripe).as_py() or 0)
    kept = rows.filter(ripe).sort_by([("observed_at", "ascending"), ("reference_id", "ascending")])
    return Cohort(kept, _told(history.path, product), {NOT_MATURED: green})


def _derived(history: "History", product: str, by: datetime, label: Label) -> Cohort:
    found = derive_outcomes(history, product, label=label, by=by)
    return Cohort(found.table.select(list(COLUMNS)), label_facts(product, label), found.left_out)


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
