"""Measures of a consumer's bills and waived deposits as they were known at each spine row."""

from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from features.definition import counted, total
from features.loan_measures import at_place
from features.versions import day_number, known_at, with_knowledge
from features.windows import SCENES

if TYPE_CHECKING:
    from features.sources import History

BILL_LAGS = (1, 2, 3, 4, 5, 6)


def bill_states(history: "History", spine: ibis.Table, profile: ibis.Table) -> ibis.Table:
    """Bills as known, ranked from the latest due (`place` 1), with the line that held then.

    `past_due_days` is what the statement said; where it said nothing, the days from due to paid
    in full, or to now.
    """
    bills = with_knowledge(history.table("bills"), "bill_id").rename(entity_id="user_id")
    bills = bills.mutate(due_day=day_number(bills.due_on), paid_day=day_number(bills.paid_at))
    known = known_at(bills, spine, "entity_id")
    lines = profile.select("spine_id", user_line_minor=profile.credit_line_minor)
    known = known.left_join(lines, "spine_id").drop("spine_id_right")
    known = known.mutate(
        line_minor=ibis.coalesce(_.credit_line_minor, _.user_line_minor),
        paid=ibis.coalesce(_.paid_minor * 100 >= _.billed_minor * 99, _.billed_minor <= 0),
    )
    since_due = ibis.ifelse(_.paid, _.paid_day, _.as_of_day) - _.due_day
    known = known.mutate(
        past_due_days=ibis.coalesce(
            _.past_due_days, ibis.cases((since_due > 0, since_due), (since_due <= 0, 0))
        ),
        unpaid_days=ibis.ifelse(~_.paid & (_.due_day < _.as_of_day), _.as_of_day - _.due_day, 0),
        utilisation=_.billed_minor.cast("float64") / _.line_minor.nullif(0),
        paid_ratio=ibis.ifelse(_.billed_minor > 0, _.paid_minor.cast("float64"), None)
        / _.billed_minor.nullif(0),
    )
    latest_first = ibis.window(
        group_by="spine_id", order_by=[ibis.desc("due_day"), ibis.desc("bill_id")]
    )
    return known.mutate(place=ibis.row_number().over(latest_first) + 1)


def bill_measures(bills: ibis.Table) -> ibis.Table:
    """One row a spine row with bills."""
    lagged = ("billed_minor", "paid_minor", "past_due_days", "utilisation", "paid_ratio")
    payable = (_.billed_minor > 0) & _.paid_minor.notnull()
    lined = _.line_minor.notnull()
    return bills.group_by("spine_id").aggregate(
        bills_count=_.count(),
        bills_judged=total(counted(_.past_due_days.notnull())),
        past_due_days_sum=total(_.past_due_days),
        past_due_days_max=_.past_due_days.max(),
        bills_past_due=total(counted(_.past_due_days > 0)),
        bills_past_due_30=total(counted(_.past_due_days >= 30)),  # noqa: PLR2004
        first_punctual_place=ibis.ifelse(_.past_due_days > 0, None, _.place).min(),
        unpaid_days_max=_.unpaid_days.max(),
        utilisation_max=_.utilisation.max(),
        billed_lined_sum_minor=total(ibis.ifelse(lined, _.billed_minor, None)),
        line_sum_minor=total(_.line_minor),
        paid_ratio_min=_.paid_ratio.min(),
        billed_payable_sum_minor=total(ibis.ifelse(payable, _.billed_minor, None)),
        paid_payable_sum_minor=total(ibis.ifelse(payable, _.paid_minor, None)),
        **{f"{name}_lag_{lag}": at_place(lag, _[name]) for name in lagged for lag in BILL_LAGS},
    )


def hold_states(history: "History", spine: ibis.Table) -> ibis.Table:
    """Waived deposits as known: open, late, captured, unpaid."""
    holds = with_knowledge(history.table("holds"), "hold_id").rename(entity_id="user_id")
    holds = holds.mutate(opened_day=day_number(holds.opened_at), due_day=day_number(holds.due_at))
    known = known_at(holds, spine, "entity_id")
    known = known.mutate(
        open=_.closed_at.isnull() & _.captured_at.isnull(),
        captured=_.captured_at.notnull(),
        closed=_.closed_at.notnull(),
        closed_late=ibis.coalesce(_.closed_at > _.due_at, False),
    )
    return known.mutate(
        overdue=_.open & (_.due_day < _.as_of_day),
        unpaid=_.captured & _.settled_at.isnull() & ibis.coalesce(_.unpaid_minor > 0, True),
    )


def hold_measures(holds: ibis.Table) -> ibis.Table:
    """One row a spine row with holds."""
    owed = ibis.coalesce(_.unpaid_minor, _.captured_minor, _.deposit_minor)
    late = _.closed_late | _.overdue
    settled_days = day_number_of("settled_at") - day_number_of("captured_at")
    return holds.group_by("spine_id").aggregate(
        holds_count=_.count(),
        **{
            f"holds_{days}d": total(counted(_.opened_day > _.as_of_day - days))
            for days in (30, 90, 180)
        },
        holds_open=total(counted(_.open)),
        open_deposit_minor=total(ibis.ifelse(_.open, _.deposit_minor, 0)),
        holds_overdue=total(counted(_.overdue)),
        holds_closed=total(counted(_.closed)),
        holds_late=total(counted(late)),
        holds_late_180d=total(counted(late & (_.opened_day > _.as_of_day - 180))),
        holds_captured=total(counted(_.captured)),
        holds_unpaid=total(counted(_.unpaid)),
        unpaid_capture_minor=total(ibis.ifelse(_.unpaid, owed, 0)),
        settled_days_max=settled_days.max(),
        deposit_sum_minor=total(_.deposit_minor),
        deposit_max_minor=_.deposit_minor.max(),
        last_opened_day=_.opened_day.max(),
        scenes_count=_.scene.nunique(),
        **{f"holds_{scene}": total(counted(_.scene == scene)) for scene in SCENES},
    )


def day_number_of(column: str) -> Any:
    """Deferred `day_number` of a time column."""
    return _[column].date().epoch_days()


BILLS_ZERO_WHERE_NONE = ("bills_count", "bills_past_due", "bills_past_due_30", "unpaid_days_max")
HOLDS_ZERO_WHERE_NONE = (
    "holds_count",
    *(f"holds_{days}d" for days in (30, 90, 180)),
    "holds_open",
    "open_deposit_minor",
    "holds_overdue",
    "holds_late",
    "holds_late_180d",
    "holds_captured",
    "holds_unpaid",
    "unpaid_capture_minor",
    "scenes_count",
    *(f"holds_{scene}" for scene in SCENES),
)
