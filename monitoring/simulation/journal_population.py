"""Recorded decisions as columns: evidence, scores and room as they were recorded."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.contract import ENTITY_OF, PRODUCTS
from credit.policy.application import LoanApplication
from credit.policy.decision import outcome_of
from credit.policy.many.cases import FRESHNESS
from credit.policy.recorded import application_of
from credit.policy.requests import duration_days
from credit.progress import Progress
from features.catalogue import ENTITY_FEATURES
from features.definition import CATEGORY
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

    from records.journal import Entry
    from records.store import Records

CHUNK = 10_000
_CODE = {one.value: place for place, one in enumerate(FRESHNESS)}


def journal_populations(
    records: "Records", known: Mapping[str, Known], *, progress: Progress | None = None
) -> list[Population]:
    """The recorded decisions of each product that was decided; none where nothing was."""
    found = []
    for place, product in enumerate(PRODUCTS):
        columns = _Columns(product)
        for count, entry in enumerate(_entries(records, product), start=1):
            columns.add(entry)
            if progress is not None and count % 1_000 == 0:
                progress(f"{count:,} {product} decisions read", place / len(PRODUCTS))
        if len(columns):
            found.append(columns.population(known[product]))
    return found


def _entries(records: "Records", product: str) -> Iterator["Entry"]:
    from records.journal import scan

    return scan(records, product=product)


class _Columns:
    """One product's entries, gathered; evidence becomes Arrow columns chunk by chunk."""

    def __init__(self, product: str) -> None:
        self._product = product
        self._features = ENTITY_FEATURES[ENTITY_OF[product]]
        self._values: list[Mapping[str, Any]] = []
        self._known: list[pa.RecordBatch] = []
        self._rows: list[tuple[Any, ...]] = []
        self._scored: list[Sequence[Mapping[str, Any]]] = []
        self._context: list[Mapping[str, Any]] = []
        self._models: dict[str | None, int] = {None: NO_MODEL}
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, entry: "Entry") -> None:
        """Take in one entry."""
        asked = application_of(self._product, entry["request"])
        if isinstance(asked, LoanApplication):
            amount, days, scene = asked.amount_minor, asked.term_days, None
        else:
            at = datetime.fromisoformat(entry["decided_at"])
            amount, days, scene = asked.deposit_minor, duration_days(asked, at), asked.scene
        model = entry["model"]["sha256"] if entry["model"] else None
        self._counts["stopped"] += bool(entry.get("stopped"))
        self._context.append(asked.context)
        self._scored.append(entry["scored"])
        self._rows.append(
            (
                amount,
                days,
                scene,
                _CODE[entry["evidence"]["freshness"]],
                _room(entry["room_minor"]),
                _room(entry.get("shared_room_minor")),
                self._models.setdefault(model, len(self._models) - 1),
                entry["partner"],
                entry["entity_id"],
                entry["reference_id"],
                int(outcome_of(entry["decision"]["outcome"])),
                entry["policy"]["sha256"],
            )
        )
        self._values.append(entry["evidence"]["values"])
        if len(self._values) == CHUNK:
            self._known.append(self._batch())

    def population(self, known: Known) -> Population:
        """All entries so far."""
        import pyarrow as pa

        self._known.append(self._batch())
        columns = list(zip(*self._rows, strict=True))
        amount, days, scene, freshness, own, shared, model = columns[:7]
        partner, entity, reference, recorded, policy = columns[7:]
        return Population(
            product=self._product,
            known=pa.Table.from_batches(self._known).combine_chunks(),
            freshness=np.array(freshness, np.int8),
            requested=Requested(
                np.array(amount, np.int64),
                np.array(days, np.int64),
                words(scene),
                words(self._context),
            ),
            scores=self._scores(np.array(model, np.int16)),
            room=Room(np.array(own, np.int64), np.array(shared, np.int64), is_kept=True),
            outcomes=known.of(reference),
            partner=words(partner),
            entity_id=words(entity),
            recorded=np.array(recorded, np.int8),
            recorded_policy=words(policy),
            notes=self._notes(),
        )

    def _notes(self) -> tuple[str, ...]:
        stopped = self._counts["stopped"]
        if not stopped:
            return ()
        return (f"{stopped:,} were answered while a switch stopped decisions; simulated as if not",)

    def _batch(self) -> "pa.RecordBatch":
        import pyarrow as pa

        values, self._values = self._values, []
        return pa.record_batch(
            {
                one.name: pa.array(
                    [row.get(one.name) for row in values],
                    pa.string() if one.dtype == CATEGORY else pa.float64(),
                )
                for one in self._features
            }
        )

    def _scores(self, model: Any) -> Scores:
        width = max((len(one) for one in self._scored), default=0) or 1
        shape = (len(self._scored), width)
        amount, term = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        probability, valid = np.zeros(shape), np.zeros(shape, np.bool_)
        for row, scored in enumerate(self._scored):
            for place, one in enumerate(scored):
                amount[row, place] = one["amount_minor"]
                term[row, place] = one["term_days"]
                probability[row, place] = one["probability"]
            valid[row, : len(scored)] = True
        # Where nothing was scored though a model stood by, the evidence was not fit to be scored.
        models = tuple(name for name in self._models if name is not None)
        return Scores(amount, term, probability, valid, model, models)


def _room(minor: int | None) -> int:
    return NO_LINE if minor is None else minor
