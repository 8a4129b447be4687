"""From measures to features: the values of any spine whose measures of payments are there.

What else an entity has, its profile, loans, bills and holds, is met by each spine row's own day.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import ibis
from ibis import _

from features import loan_measures, payment_measures, user_measures
from features.catalogue import ENTITY_FEATURES
from features.definition import CATEGORY, MERCHANT, Feature
from features.present import Tables
from features.versions import day_number, known_at, with_knowledge

if TYPE_CHECKING:
    from features.sources import History

EPOCH = date(1970, 1, 1)
PROFILE_TABLE = {"merchant": "merchants", "user": "users"}
PROFILE_KEY = {"merchant": "merchant_id", "user": "user_id"}
PROFILE_SINCE = {"merchant": "opened_on", "user": "registered_on"}


@dataclass(frozen=True, slots=True)
class Group:
    """Measures of one kind of rows; `zero` are those that are 0 where a known entity has none."""

    table: ibis.Table
    zero: tuple[str, ...] = ()
    present: bool = True


def values_on(
    history: "History", entity: str, day: date, payments: tuple[Group, ...]
) -> ibis.Table:
    """The features of `asked_on` by `entity_id`, where `spine_id` is that too."""
    values = values_over(history, entity, asked_on(history, entity, day), payments)
    return values.rename(entity_id="spine_id")


def asked_on(history: "History", entity: str, day: date) -> ibis.Table:
    """A day's spine: every entity whose profile was recorded by the end of `day`."""
    number = (day - EPOCH).days
    known = history.table(PROFILE_TABLE[entity])
    known = known.filter(day_number(known.recorded_at) <= number)
    spine = known.select(entity_id=known[PROFILE_KEY[entity]]).distinct()
    return spine.mutate(spine_id=_.entity_id, as_of_day=ibis.literal(number, "int64"))


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


def values_over(
    history: "History", entity: str, spine: ibis.Table, payments: tuple[Group, ...]
) -> ibis.Table:
    """The features of spine rows (`spine_id`, `entity_id`, `as_of_day`) by `spine_id`."""
    tables = Tables(history)
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
