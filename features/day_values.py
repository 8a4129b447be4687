"""A day's values from measures of payments that are there already."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from features.catalogue import ENTITY_FEATURES, definitions_sha256
from features.definition import CATEGORY
from features.prepared import Recording, prepared
from features.repository import PRODUCT_OF
from features.spine import asked_on, payment_groups, values_over

if TYPE_CHECKING:
    from features.sources import History

ASKED = "asked"


def day_values(
    history: "History", entity: str, day: date, payments: Sequence[pa.Table], *, folder: Path
) -> pa.Table:
    """What `spine.known_on` gives, from `payments`: measures by `spine_id`, as Arrow tables.

    The query is kept in `folder`, by definitions and by which tables there are.
    """
    connection, backend = history.connection, history.backend
    names = [f"{entity}_payments_{place}" for place, _ in enumerate(payments)]

    def ask(engine: Recording) -> None:
        groups = payment_groups(history, *(backend.table(name) for name in names))
        engine.read(values_over(history, entity, backend.table(ASKED), groups))

    for name, table in zip(names, payments, strict=True):
        connection.register(name, table)
    with history.kept(ASKED, asked_on(history, entity, day)) as asked:
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {ASKED} AS FROM {asked.get_name()}")
        columns = [table.column_names for table in payments]
        what = (entity, definitions_sha256(PRODUCT_OF[entity]), sorted(history.tables), columns)
        (values,) = prepared(history, what, ask, folder / f"{entity}-values.json")
    return values.cast(_schema(entity))


def _schema(entity: str) -> pa.Schema:
    features = [
        (feature.name, pa.string() if feature.dtype == CATEGORY else pa.float64())
        for feature in ENTITY_FEATURES[entity]
    ]
    return pa.schema([("entity_id", pa.string()), *features])
