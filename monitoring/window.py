"""A window: what one model decided between two days, joined to what came of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.errors import InputError
from models.manifest import CATEGORY, ModelFeature

if TYPE_CHECKING:
    import pyarrow as pa

    from records.journal import Entry
    from records.store import Records

APPROVE = "approve"


@dataclass(frozen=True, slots=True)
class Window:
    """Decisions of one model, in the order they were made.

    `features` is a PyArrow table of what was scored for the request itself. `probability` is
    what was said then (float64). `approved` tells which this policy approved. `bad` is 1.0 or 0.0
    where the outcome has matured, else NaN. `unscored` and `by_other_models` count what is left
    out.
    """

    decided_at: tuple[datetime, ...]
    features: "pa.Table"
    probability: Any
    approved: Any
    bad: Any
    unscored: int
    by_other_models: int

    def __len__(self) -> int:
        return len(self.decided_at)

    @property
    def matured(self) -> Any:
        """Which rows performance is measured on: credit was given and the outcome is known.

        An outcome tells of an approval: by this policy, by a person to whom it referred, or,
        where past histories are decided anew, by the policy of their day.
        """
        return ~np.isnan(self.bad)


def read_entries(
    records: "Records", product: str, *, since: date | None, until: date | None
) -> list["Entry"]:
    """Recorded decisions of whole UTC days, both ends included."""
    from records.journal import scan

    first = _midnight(since) if since else None
    after = _midnight(until) + timedelta(days=1) if until else None
    return list(scan(records, product=product, since=first, until=after))


def deciding_model(entries: Iterable["Entry"]) -> str | None:
    """The identity (manifest hash) of the model that made most of the decisions."""
    counts = Counter(entry["model"]["sha256"] for entry in entries if entry["model"])
    return counts.most_common(1)[0][0] if counts else None


def read_outcomes(path: Path, product: str, *, now: datetime) -> dict[str, float]:
    """What came of each reference id, where it has matured by `now`; 1.0 is bad.

    InputError where the directory holds no outcomes.
    """
    from features.sources import open_history

    with open_history(path) as history:
        if "outcomes" not in history.tables:
            raise InputError(f"{path} holds no outcomes", "name a data directory with outcomes")
        known = history.table("outcomes")
        limit = now.astimezone(UTC).replace(tzinfo=None)
        ripe = known.filter(
            (known["product"] == product) & (known["matured_at"] <= limit) & known["bad"].notnull()
        )
        rows = ripe.select("reference_id", "bad").to_pyarrow()
    ids, bads = (rows.column(name).to_pylist() for name in ("reference_id", "bad"))
    return dict(zip(ids, map(float, bads), strict=True))


def assemble(
    entries: Sequence["Entry"],
    outcomes: Mapping[str, float],
    *,
    model_sha256: str,
    features: Sequence[ModelFeature],
) -> Window:
    """The window of one model: its scored decisions with outcomes where they are known."""
    mine = [entry for entry in entries if entry["model"] and _by(entry, model_sha256)]
    scored = [entry for entry in mine if entry["scored"]]
    others = sum(1 for entry in entries if entry["model"] and not _by(entry, model_sha256))
    rows = [requested_values(entry) for entry in scored]
    return Window(
        decided_at=tuple(datetime.fromisoformat(entry["decided_at"]) for entry in scored),
        features=_table(rows, features),
        probability=np.array([entry["scored"][0]["probability"] for entry in scored], dtype=float),
        approved=np.array([entry["decision"]["outcome"] == APPROVE for entry in scored], bool),
        bad=np.array([outcomes.get(entry["reference_id"], np.nan) for entry in scored], float),
        unscored=len(entries) - others - len(scored),
        by_other_models=others,
    )


def requested_values(entry: "Entry") -> dict[str, Any]:
    """The row that was scored for the request as asked, which stands first among candidates."""
    return {**entry["evidence"]["values"], **entry["scored"][0]["request_features"]}


def _table(rows: Sequence[Mapping[str, Any]], features: Sequence[ModelFeature]) -> "pa.Table":
    import pyarrow as pa

    kinds = {feature.name: feature.dtype for feature in features}
    return pa.table(
        {
            name: pa.array([row[name] for row in rows], _arrow_type(kind))
            for name, kind in kinds.items()
        }
    )


def _arrow_type(kind: str) -> Any:
    import pyarrow as pa

    return pa.string() if kind == CATEGORY else pa.float64()


def _by(entry: "Entry", model_sha256: str) -> bool:
    return entry["model"] is not None and entry["model"]["sha256"] == model_sha256


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
