"""Training values: Feast's point-in-time join over values computed as they were known."""

import hashlib
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from credit.contract import ENTITY_OF
from credit.progress import Progress
from features.catalogue import ENTITY_FEATURES, definitions_sha256, features_of
from features.engines import on_engine
from features.placing import put
from features.repository import CREATED, EVENT, JOIN_KEY, SERVICE_OF, declare, feast_on
from features.request import REQUEST_FIELDS, with_request_features
from features.scratch import used
from features.spine import as_known

if TYPE_CHECKING:
    import pandas as pd

    from features.sources import History

SPINE_COLUMNS = ("reference_id", "entity_id", "observed_at", *REQUEST_FIELDS)
UTC_MICROSECONDS = pa.timestamp("us", tz="UTC")


def historical(
    history: "History",
    product: str,
    spine: pa.Table,
    *,
    scratch: Path,
    progress: Progress | None = None,
) -> pa.Table:
    """`spine` with the features of `product` as serving would have had them at `observed_at`.

    The spine has `reference_id, entity_id, observed_at, amount_minor, term_days, scene`; a row
    comes back for each row, in order, with the columns of `features_of(product)`. What was not
    recorded by the end of the day before `observed_at` counts for nothing. Values are kept in
    `scratch` by data, definitions and spine, so that a second training reuses them.
    """
    spine = _typed(spine.select(list(SPINE_COLUMNS)))
    entity = ENTITY_OF[product]
    folder = scratch / "historical" / _key(history, product, spine)
    values = folder / "values.parquet"
    used(folder)
    if not values.exists():
        _write_values(history, entity, spine, values, progress)
    joined = _join(history.engine, entity, spine, values)
    return _with_request(history, product, spine, joined)


def known_day(observed_at: pa.ChunkedArray) -> pa.ChunkedArray:
    """The last day whose records a decision at `observed_at` could use: the day before (UTC)."""
    days = observed_at.cast(pa.timestamp("us")).cast(pa.date32(), safe=False).cast(pa.int32())
    return pc.subtract(days, pa.scalar(1, pa.int32())).cast(pa.date32())


def day_end(day: pa.ChunkedArray) -> pa.ChunkedArray:
    """The first instant after each day: the event time of the values as of that day."""
    after = pc.add(day.cast(pa.int32()), pa.scalar(1, pa.int32())).cast(pa.date32())
    return after.cast(pa.timestamp("us")).cast(UTC_MICROSECONDS)


def stamped(values: pa.Table, entity: str, created: pa.ChunkedArray | pa.Array) -> pa.Table:
    """Values of `as_known` as Feast reads them: join key, features, event and created time."""
    names = [feature.name for feature in ENTITY_FEATURES[entity]]
    table = values.select(["entity_id", *names]).rename_columns([JOIN_KEY[entity], *names])
    table = table.append_column(EVENT, day_end(values["as_of"]))
    return table.append_column(CREATED, created)


def _typed(spine: pa.Table) -> pa.Table:
    types = {"amount_minor": pa.int64(), "term_days": pa.int64(), "observed_at": UTC_MICROSECONDS}
    columns = [spine[name].cast(types.get(name, pa.string())) for name in spine.column_names]
    return pa.table(columns, names=spine.column_names)


def _key(history: "History", product: str, spine: pa.Table) -> str:
    digest = hashlib.sha256(history.sha256.encode())
    digest.update(definitions_sha256(product).encode())
    digest.update(str(history.utc_offset_minutes).encode())
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, spine.schema) as writer:
        writer.write_table(spine.combine_chunks())
    digest.update(sink.getvalue())
    return digest.hexdigest()[:32]


def _write_values(
    history: "History", entity: str, spine: pa.Table, file: Path, progress: Progress | None
) -> None:
    asked = pa.table(
        {"entity_id": spine["entity_id"], "as_of": known_day(spine["observed_at"])}
    ).group_by(["entity_id", "as_of"])
    with on_engine(history) as computed:
        known = as_known(computed, entity, asked.aggregate([]), progress=progress)
    file.parent.mkdir(parents=True, exist_ok=True)
    values = stamped(known, entity, day_end(known["as_of"]))
    put(file, partial(pq.write_table, values, compression="zstd"))


def _join(engine: str, entity: str, spine: pa.Table, values: Path) -> pa.Table:
    """Feast's historical join, which never sees a value created after the decision."""
    registry = TemporaryDirectory(dir=values.parent, prefix="registry-")
    with registry as folder, feast_on(engine):
        store = declare(Path(folder), {entity: str(values)}, offline=engine)
        job = store.get_historical_features(
            entity_df=_entity_rows(entity, spine),
            features=store.get_feature_service(SERVICE_OF[entity]),
            filter_by_created_timestamp=True,
        )
        joined = job.to_arrow()
    return joined.take(pc.sort_indices(joined, [("spine_row", "ascending")]))


def _entity_rows(entity: str, spine: pa.Table) -> "pd.DataFrame":
    import numpy as np
    import pandas as pd

    observed = spine["observed_at"].cast(pa.timestamp("us")).to_numpy()
    return pd.DataFrame(
        {
            JOIN_KEY[entity]: spine["entity_id"].to_pandas(),
            EVENT: pd.DatetimeIndex(observed).tz_localize("UTC"),
            "spine_row": np.arange(spine.num_rows),
        }
    )


def _with_request(history: "History", product: str, spine: pa.Table, joined: pa.Table) -> pa.Table:
    import ibis

    for feature in ENTITY_FEATURES[ENTITY_OF[product]]:
        spine = spine.append_column(feature.name, joined[feature.name])
    numbered = spine.append_column("spine_row", joined["spine_row"])
    table = with_request_features(ibis.memtable(numbered), product)
    result = history.backend.to_pyarrow(table)
    result = result.take(pc.sort_indices(result, [("spine_row", "ascending")]))
    names = [*SPINE_COLUMNS, *(feature.name for feature in features_of(product))]
    return result.select(names).combine_chunks()
