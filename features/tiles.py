"""Payments added up where they will not change: by entity, event day and arrival day.

A tile is what one arrival day said of one event day. Late rows and corrections make further
tiles; no tile is ever rewritten.
"""

from contextlib import AbstractContextManager
from typing import Any

import ibis
from ibis import _

from features.definition import LONGEST_WINDOW, MERCHANT, counted, total
from features.versions import (
    Engine,
    Versions,
    day_number,
    latest_by,
    signed,
    start_of,
    told_apart,
)
from features.windows import SCENES

KEY = "payment_id"
SEEN_AS_IT_IS = (
    KEY,
    "recorded_at",
    "kind",
    "amount_minor",
    "scene",
    "instalments",
    "subsidy_minor",
    "occurred_at",
)
ROUND_MINOR = 10_000  # a hundred major units
NIGHT_ENDS = 6  # local hours 0-5 are night
SATURDAY = 5

# Each column of a tile: what of one payment row is added up.
AMOUNTS: dict[str, Any] = {
    "payment_count": counted(_.kind == "payment"),
    "payment_minor": counted(_.kind == "payment") * _.amount_minor,
    "refund_count": counted(_.kind == "refund"),
    "refund_minor": counted(_.kind == "refund") * _.amount_minor,
    "chargeback_count": counted(_.kind == "chargeback"),
    "chargeback_minor": counted(_.kind == "chargeback") * _.amount_minor,
    "payout_minor": counted(_.kind == "payout") * _.amount_minor,
    "night_count": counted((_.kind == "payment") & (_.local_hour < NIGHT_ENDS)),
    "weekend_minor": counted((_.kind == "payment") & (_.local_weekday >= SATURDAY))
    * _.amount_minor,
    "instalment_count": counted((_.kind == "payment") & (_.instalments > 1)),
    "subsidised_count": counted((_.kind == "payment") & (_.subsidy_minor > 0)),
    "round_count": counted((_.kind == "payment") & (_.amount_minor % ROUND_MINOR == 0)),
    "self_count": counted((_.kind == "payment") & (_.counterpart_id == _.entity_id)),
    **{
        f"scene_{scene}_minor": counted((_.kind == "payment") & (_.scene == scene)) * _.amount_minor
        for scene in SCENES
    },
}
COUNTERPART = {"merchant": "user_id", "user": "merchant_id"}


def payment_versions(
    engine: "Engine", payments: ibis.Table, entity: str, *, utc_offset_minutes: int
) -> AbstractContextManager[Versions]:
    """Payments, every version of each, as an entity kind sees them; some may stand twice."""

    def seen(rows: ibis.Table) -> ibis.Table:
        local = rows.occurred_at + ibis.interval(minutes=utc_offset_minutes)
        return rows.select(
            *SEEN_AS_IT_IS,
            entity_id=rows.merchant_id if entity == MERCHANT else rows.user_id,
            counterpart_id=rows[COUNTERPART[entity]],
            event_day=day_number(rows.occurred_at),
            local_hour=local.hour(),
            local_weekday=local.day_of_week.index(),
        )

    needed = payments.select(*SEEN_AS_IT_IS, "merchant_id", "user_id")
    return told_apart(engine, needed, KEY, seen)


def entries(versions: Versions) -> ibis.Table:
    """Versions as signed entries: what arrived when, and when it was overtaken."""
    return signed(versions).filter(_.entity_id.notnull())


def known_rows(versions: Versions, day: int) -> ibis.Table:
    """The versions known at the end of `day`, of payments within the longest window until then."""
    end = day + 1
    known = latest_by(versions, day).filter(
        _.entity_id.notnull(),
        _.occurred_at >= start_of(end - LONGEST_WINDOW),
        _.occurred_at < start_of(end),
    )
    return known.mutate(spine_id=_.entity_id, ago=day - _.event_day)


def as_day_tiles(known: ibis.Table) -> ibis.Table:
    """Rows of `known_rows` in the columns of day tiles."""
    return known.select("spine_id", "ago", "event_day", **AMOUNTS)


def as_counterpart_tiles(known: ibis.Table) -> ibis.Table:
    """Rows of `known_rows` in the columns of counterpart tiles."""
    columns = {"count": ibis.literal(1, "int32"), "minor": known.amount_minor}
    return _identified(known).select("spine_id", "counterpart_id", "ago", **columns)


def day_tiles(rows: ibis.Table) -> ibis.Table:
    """Sums by entity, event day and arrival day."""
    return rows.group_by("entity_id", "event_day", "arrival_day").aggregate(
        **{name: total(_.sign * amount) for name, amount in AMOUNTS.items()}
    )


def counterpart_tiles(rows: ibis.Table) -> ibis.Table:
    """Payments by entity, counterpart, event day and arrival day; anonymous ones are left out."""
    tiles = _identified(rows).group_by("entity_id", "counterpart_id", "event_day", "arrival_day")
    return tiles.aggregate(count=total(_.sign), minor=total(_.sign * _.amount_minor))


def _identified(rows: ibis.Table) -> ibis.Table:
    return rows.filter(_.counterpart_id.notnull(), _.kind == "payment")
