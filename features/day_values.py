"""Values from measures of payments that are there already: of a day, or of any spine."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from credit.contract import PRODUCT_OF
from features.catalogue import definitions_sha256
from features.entity_values import asked_on, payment_groups, values_over
from features.prepared import Recording, prepared

if TYPE_CHECKING:
    from features.sources import History

ASKED = "asked"


def day_values(
    history: "History", entity: str, day: date, payments: Sequence[pa.Table], *, folder: Path
) -> pa.Table:
    """What `spine.known_on` gives, from `payments`: measures by `spine_id`, as Arrow tables."""
    with history.kept(ASKED, asked_on(history, entity, day)) as asked:
        values = values_of(history, entity, asked, payments, folder=folder)
    return values.rename_columns({"spine_id": "entity_id"})


def values_of(
    history: "History",
    entity: str,
    spine: ibis.Table,
    payments: Sequence[pa.Table],
    *,
    folder: Path,
) -> pa.Table:
    """The features of every row of `spine`, a table that the engine has by name.

    `spine_id` and one column a feature, in catalogue order. The query is kept in `folder`.
    """
    connection, backend = history.connection, history.backend
    names = [f"{entity}_payments_{place}" for place, _ in enumerate(payments)]

    def ask(engine: Recording) -> None:
        groups = payment_groups(history, *(backend.table(name) for name in names))
        engine.read(values_over(history, entity, backend.table(ASKED), groups))

    for name, table in zip(names, payments, strict=True):
        connection.register(name, table)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {ASKED} AS FROM {spine.get_name()}")
    columns = [table.schema.to_string() for table in payments]
    asked = (entity, str(spine.schema()), sorted(history.tables), columns)
    what = (definitions_sha256(PRODUCT_OF[entity]), *asked)
    (values,) = prepared(history, what, ask, folder / f"{entity}-values.json")
    return values
