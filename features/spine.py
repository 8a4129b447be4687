"""Features as they were known: one row for each entity and day that is asked for."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from credit.contract import TABLE, Kind
from credit.progress import Progress
from features import loan_measures, payment_measures, user_measures
from features.catalogue import ENTITY_FEATURES
from features.definition import CATEGORY, MERCHANT, Feature
from features.payment_measures import near
from features.tiles import (
    as_counterpart_tiles,
    as_day_tiles,
    counterpart_tiles,
    day_tiles,
    entity_rows,
    entries,
    known_rows,
)
from features.versions import day_number, known_at, told_apart, with_knowledge

if TYPE_CHECKING:
    from features.sources import History

EPOCH = date(1970, 1, 1)
CHUNK_ROWS = 16_384  # spine rows a query: bounds memory, whatever the spine
PROFILE_TABLE = {"merchant": "merchants", "user": "users"}
PROFILE_KEY = {"merchant": "merchant_id", "user": "user_id"}
PROFILE_SINCE = {"merchant": "opened_on", "user": "registered_on"}
_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.MONEY: pa.int64(),
    Kind.COUNT: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.DAY: pa.date32(),
    Kind.INSTANT: pa.timestamp("us"),
    Kind.FLAG: pa.int64(),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Measures of one kind of rows; `zero` are those that are 0 where a known entity has none."""

    table: ibis.Table
    zero: tuple[str, ...] = ()
    present: bool = True


class _Tables:
    """A history in which an absent table is an empty one, so that its measures are missing."""

    def __init__(self, history: "History") -> None:
        self._history = history
        self.utc_offset_minutes = history.utc_offset_minutes
        self.tables = history.tables
        self.kept = history.kept

    def table(self, name: str) -> ibis.Table:
        return self._history.table(name) if name in self.tables else ibis.memtable(empty_rows(name))

    def rows(self, name: str) -> ibis.Table:
        return self._history.rows(name) if name in self.tables else ibis.memtable(empty_rows(name))


def empty_rows(name: str) -> pa.Table:
    """The contract's table `name` without a row."""
    schema = pa.schema([(column.name, _TYPES[column.kind]) for column in TABLE[name].columns])
    return schema.empty_table()


def as_known(
    history: "History", entity: str, spine: pa.Table, *, progress: Progress | None = None
) -> pa.Table:
    """`spine` (entity_id, as_of date) with one column a feature of `entity`, in catalogue order.

    Values are those that were known at the end of the day `as_of` (UTC): no row recorded later
    counts, of no event. Numbers are doubles, categories text. What is not known is null.
    """
    asked, place = _distinct(spine)
    tables = _Tables(history)
    parts = []
    with kept_tiles(tables, entity) as tiles:
        for start in range(0, max(asked.num_rows, 1), CHUNK_ROWS):
            if progress is not None:
                progress(f"{entity} features", start / max(asked.num_rows, 1))
            chunk = ibis.memtable(asked.slice(start, CHUNK_ROWS))
            days, counterparts = (near(each, chunk) for each in tiles)
            with _payment_groups(tables, days, counterparts) as payments:
                parts.append(history.read(_values(tables, entity, chunk, payments)))
    if progress is not None:
        progress(f"{entity} features", 1.0)
    known = pa.concat_tables(parts)
    known = known.take(pc.sort_indices(known, [("spine_id", "ascending")])).take(place)
    for feature in ENTITY_FEATURES[entity]:
        spine = spine.append_column(feature.name, known[feature.name])
    return spine.combine_chunks()


@contextmanager
def known_on(history: "History", entity: str, day: date) -> Iterator[ibis.Table]:
    """The features of every entity whose profile was recorded by the end of `day`.

    One row an entity: `entity_id` and the columns of `as_known`, equal to it to the bit. They are
    computed straight from the rows known on that day, whatever their number; what of them the
    engine has to keep goes with the block.
    """
    tables, number = _Tables(history), (day - EPOCH).days
    rows = entity_rows(tables, entity)
    with told_apart(history, rows, "payment_id") as versions:
        known = known_rows(versions, number)
        days, counterparts = as_day_tiles(known), as_counterpart_tiles(known)
        with _payment_groups(tables, days, counterparts) as payments:
            yield values_on(history, entity, day, payments)


def values_on(
    history: "History", entity: str, day: date, payments: tuple[Group, ...]
) -> ibis.Table:
    """`known_on` where the measures of payments are there already, by `spine_id` = `entity_id`."""
    return values_over(history, entity, asked_on(history, entity, day), payments)


def asked_on(history: "History", entity: str, day: date) -> ibis.Table:
    """The spine of `known_on`: every entity whose profile was recorded by the end of `day`."""
    number = (day - EPOCH).days
    known = history.table(PROFILE_TABLE[entity])
    known = known.filter(day_number(known.recorded_at) <= number)
    spine = known.select(entity_id=known[PROFILE_KEY[entity]]).distinct()
    return spine.mutate(spine_id=_.entity_id, as_of_day=ibis.literal(number, "int64"))


def values_over(
    history: "History", entity: str, spine: ibis.Table, payments: tuple[Group, ...]
) -> ibis.Table:
    """`values_on` for the spine rows of `asked_on`, whichever table holds these."""
    return _values(_Tables(history), entity, spine, payments).rename(entity_id="spine_id")


def _distinct(spine: pa.Table) -> tuple[pa.Table, pa.Array]:
    """The different (entity, day) pairs, and where each spine row finds its own among them."""
    import numpy as np

    ids = spine["entity_id"].cast(pa.string()).combine_chunks()
    days = spine["as_of"].cast(pa.date32()).cast(pa.int32()).combine_chunks()
    pairs = pc.binary_join_element_wise(days.cast(pa.string()), ids, " ")
    place = pairs.dictionary_encode().indices
    __, first = np.unique(place.to_numpy(), return_index=True)
    asked = {
        "spine_id": np.arange(len(first), dtype="int64"),
        "entity_id": ids.take(pa.array(first)),
        "as_of_day": days.take(pa.array(first)).cast(pa.int64()),
    }
    return pa.table(asked), place


@contextmanager
def kept_tiles(
    history: "History | _Tables", entity: str
) -> Iterator[tuple[ibis.Table, ibis.Table]]:
    """Day tiles and counterpart tiles of all payments, kept while the block runs."""
    tables = _Tables(history)
    rows = entity_rows(tables, entity)
    with told_apart(tables, rows, "payment_id") as versions:
        signed_rows = entries(versions)
        with (
            tables.kept("day_tiles", day_tiles(signed_rows)) as days,
            tables.kept("counterpart_tiles", counterpart_tiles(signed_rows)) as counterparts,
        ):
            yield days, counterparts


def _values(
    tables: _Tables, entity: str, spine: ibis.Table, payments: tuple[Group, ...]
) -> ibis.Table:
    profile = _profile(tables, entity, spine)
    groups = [*payments]
    groups += (
        _loan_groups(tables, spine) if entity == MERCHANT else _user_groups(tables, spine, profile)
    )
    row = spine
    for place, table in enumerate((profile, *(group.table for group in groups))):
        # Names of their own keep this one chain of joins, not a nest of them.
        numbered = table.rename({f"spine_id_{place}": "spine_id"})
        row = row.left_join(numbered, spine.spine_id == numbered[f"spine_id_{place}"])
    row = row.mutate(
        **{name: _zero_where_none(name) for group in groups if group.present for name in group.zero}
    )
    return row.select("spine_id", *(_column(feature) for feature in ENTITY_FEATURES[entity]))


def _zero_where_none(name: str) -> ibis.Deferred:
    """The measure, and 0 where the entity is known and has no rows: nothing is a fact then."""
    return ibis.ifelse(_[name].isnull() & _.entity_known.notnull(), 0, _[name])


def _column(feature: Feature) -> ibis.Deferred:
    dtype = "string" if feature.dtype == CATEGORY else "float64"
    return feature.expression.cast(dtype).name(feature.name)


def _profile(tables: _Tables, entity: str, spine: ibis.Table) -> ibis.Table:
    key = PROFILE_KEY[entity]
    table = with_knowledge(tables.table(PROFILE_TABLE[entity]), key).rename(entity_id=key)
    known = known_at(table, spine, "entity_id")
    columns = ("industry", "city_tier") if entity == MERCHANT else ("credit_line_minor",)
    return known.select(
        "spine_id",
        *columns,
        entity_known=ibis.literal(1, "int64"),
        since_day=day_number(known[PROFILE_SINCE[entity]]),
    )


@contextmanager
def _payment_groups(
    tables: _Tables, days: ibis.Table, counterparts: ibis.Table
) -> Iterator[tuple[Group, ...]]:
    """Measures of what is near: day tiles and counterpart tiles with `spine_id` and `ago`.

    Each is computed by itself: an engine that met a table twice in one query would keep it whole.
    """
    with ExitStack() as stack:

        def kept(table: ibis.Table) -> ibis.Table:
            return stack.enter_context(tables.kept("payments", table))

        each = kept(payment_measures.near_counterparts(counterparts))
        yield payment_groups(
            tables,
            kept(payment_measures.window_sums(days)),
            kept(payment_measures.trading_measures(days)),
            kept(payment_measures.counterpart_measures(each)),
        )


def payment_groups(history: "History | _Tables", *measures: ibis.Table) -> tuple[Group, ...]:
    """Tables of payment measures, by `spine_id`, with what is 0 where nothing was paid."""
    present = "payments" in history.tables
    return tuple(
        Group(
            table,
            tuple(name for name in payment_measures.ZERO_WHERE_NONE if name in table.columns),
            present,
        )
        for table in measures
    )


def _loan_groups(tables: _Tables, spine: ibis.Table) -> list[Group]:
    loans = loan_measures.loan_states(tables, spine)
    instalments = loan_measures.instalment_states(tables, loans)
    repaid = {"loans", "repayments"} <= tables.tables
    return [
        Group(
            loan_measures.loan_measures(loans),
            loan_measures.LOANS_ZERO_WHERE_NONE,
            "loans" in tables.tables,
        ),
        Group(
            loan_measures.instalment_measures(instalments),
            loan_measures.INSTALMENTS_ZERO_WHERE_NONE,
            repaid,
        ),
    ]


def _user_groups(tables: _Tables, spine: ibis.Table, profile: ibis.Table) -> list[Group]:
    bills = user_measures.bill_states(tables, spine, profile)
    holds = user_measures.hold_states(tables, spine)
    return [
        Group(
            user_measures.bill_measures(bills),
            user_measures.BILLS_ZERO_WHERE_NONE,
            "bills" in tables.tables,
        ),
        Group(
            user_measures.hold_measures(holds),
            user_measures.HOLDS_ZERO_WHERE_NONE,
            "holds" in tables.tables,
        ),
    ]
