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

from credit.progress import Progress
from features import loan_measures, payment_measures, user_measures
from features.catalogue import ENTITY_FEATURES
from features.definition import CATEGORY, MERCHANT, Feature
from features.kept_tiles import Pair, kept_tiles
from features.payment_measures import near
from features.present import Tables
from features.tiles import as_counterpart_tiles, as_day_tiles, known_rows, payment_versions
from features.versions import day_number, known_at, with_knowledge

if TYPE_CHECKING:
    from features.sources import History

EPOCH = date(1970, 1, 1)
BLOCK_ROWS = 131_072  # spine rows whose measures are kept at once
PROFILE_TABLE = {"merchant": "merchants", "user": "users"}
PROFILE_KEY = {"merchant": "merchant_id", "user": "user_id"}
PROFILE_SINCE = {"merchant": "opened_on", "user": "registered_on"}


@dataclass(frozen=True, slots=True)
class Group:
    """Measures of one kind of rows; `zero` are those that are 0 where a known entity has none."""

    table: ibis.Table
    zero: tuple[str, ...] = ()
    present: bool = True


def as_known(
    history: "History", entity: str, spine: pa.Table, *, progress: Progress | None = None
) -> pa.Table:
    """`spine` (entity_id, as_of date) with one column a feature of `entity`, in catalogue order.

    Values are those that were known at the end of the day `as_of` (UTC): no row recorded later
    counts, of no event. Numbers are doubles, categories text. What is not known is null.
    """
    asked, place = _distinct(spine)
    parts = []
    with kept_tiles(history, entity) as tiles:
        for start, block in _slices(asked, BLOCK_ROWS):
            if progress is not None:
                progress(f"{entity} features", start / max(asked.num_rows, 1))
            parts.append(_known_block(history, entity, block, tiles))
    if progress is not None:
        progress(f"{entity} features", 1.0)
    known = pa.concat_tables(parts)
    known = known.take(pc.sort_indices(known, [("spine_id", "ascending")])).take(place)
    for feature in ENTITY_FEATURES[entity]:
        spine = spine.append_column(feature.name, known[feature.name])
    return spine.combine_chunks()


def _known_block(history: "History", entity: str, block: pa.Table, tiles: Pair) -> pa.Table:
    """Values of spine rows: what meets tiles in chunks, the rest of the query once for all."""
    tables = Tables(history)
    with ExitStack() as stack:
        measures = []
        for _start, rows in _slices(block, history.spine_rows):
            chunk = stack.enter_context(history.kept("spine", ibis.memtable(rows)))
            days, counterparts = (near(each, chunk) for each in tiles)
            measures.append(_kept_measures(tables, days, counterparts, stack))
        groups = payment_groups(tables, *(_all(each) for each in zip(*measures, strict=True)))
        asked = stack.enter_context(history.kept("spine", ibis.memtable(block)))
        return history.read(_values(tables, entity, asked, groups))


def _slices(rows: pa.Table, size: int) -> Iterator[tuple[int, pa.Table]]:
    """Stretches of `rows` and where each begins; one that is empty where there are none."""
    for start in range(0, max(rows.num_rows, 1), size):
        yield start, rows.slice(start, size)


def _all(tables: tuple[ibis.Table, ...]) -> ibis.Table:
    return ibis.union(*tables) if len(tables) > 1 else tables[0]


@contextmanager
def known_on(history: "History", entity: str, day: date) -> Iterator[ibis.Table]:
    """The features of every entity whose profile was recorded by the end of `day`.

    One row an entity: `entity_id` and the columns of `as_known`, equal to it to the bit. They are
    computed straight from the rows known on that day, whatever their number; what of them the
    engine has to keep goes with the block.
    """
    tables, number = Tables(history), (day - EPOCH).days
    payments, offset = tables.rows("payments"), history.utc_offset_minutes
    with payment_versions(history, payments, entity, utc_offset_minutes=offset) as versions:
        known = known_rows(versions, number)
        days, counterparts = as_day_tiles(known), as_counterpart_tiles(known)
        with ExitStack() as stack:
            measures = _kept_measures(tables, days, counterparts, stack)
            yield values_on(history, entity, day, payment_groups(tables, *measures))


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
    return _values(Tables(history), entity, spine, payments).rename(entity_id="spine_id")


def _distinct(spine: pa.Table) -> tuple[pa.Table, pa.Array]:
    """The different (entity, day) pairs, and where each spine row finds its own among them.

    They stand in the order of entities, as tiles do: a chunk of them meets a stretch of tiles.
    """
    ids = spine["entity_id"].cast(pa.string())
    days = spine["as_of"].cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
    rows = pa.table({"entity_id": ids, "as_of_day": days})
    asked = rows.group_by(["entity_id", "as_of_day"]).aggregate([])
    asked = asked.sort_by([("entity_id", "ascending"), ("as_of_day", "ascending")])
    asked = asked.append_column("spine_id", pa.array(range(asked.num_rows), pa.int64()))
    numbered = rows.append_column("row", pa.array(range(rows.num_rows), pa.int64()))
    place = numbered.join(asked, ["entity_id", "as_of_day"]).sort_by("row")["spine_id"]
    return asked.combine_chunks(), place.combine_chunks()


def _values(
    tables: Tables, entity: str, spine: ibis.Table, payments: tuple[Group, ...]
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
    told = PROFILE_TABLE[entity] in tables.tables
    return row.select("spine_id", *(_column(it, told=told) for it in ENTITY_FEATURES[entity]))


def _zero_where_none(name: str) -> ibis.Deferred:
    """The measure, and 0 where the entity is known and has no rows: nothing is a fact then."""
    return ibis.ifelse(_[name].isnull() & _.entity_known.notnull(), 0, _[name])


def _column(feature: Feature, *, told: bool) -> ibis.Deferred:
    """The feature; missing where nobody knows the entity yet: serving has nothing of it either."""
    dtype = "string" if feature.dtype == CATEGORY else "float64"
    value = feature.expression.cast(dtype)
    known = ibis.ifelse(_.entity_known.notnull(), value, None) if told else value
    return known.name(feature.name)


def _profile(tables: Tables, entity: str, spine: ibis.Table) -> ibis.Table:
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


def _kept_measures(
    tables: Tables, days: ibis.Table, counterparts: ibis.Table, stack: ExitStack
) -> tuple[ibis.Table, ...]:
    """Measures of what is near: day tiles and counterpart tiles with `spine_id` and `ago`.

    Each is computed by itself: an engine that met a table twice in one query would keep it whole.
    """

    def kept(table: ibis.Table) -> ibis.Table:
        return stack.enter_context(tables.kept("payments", table))

    with tables.kept("counterparts", payment_measures.near_counterparts(counterparts)) as each:
        of_counterparts = kept(payment_measures.counterpart_measures(each))
    sums, trading = payment_measures.window_sums(days), payment_measures.trading_measures(days)
    return kept(sums), kept(trading), of_counterparts


def payment_groups(history: "History | Tables", *measures: ibis.Table) -> tuple[Group, ...]:
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


def _loan_groups(tables: Tables, spine: ibis.Table) -> list[Group]:
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


def _user_groups(tables: Tables, spine: ibis.Table, profile: ibis.Table) -> list[Group]:
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
