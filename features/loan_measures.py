"""Measures of loans and their repayments as they were known at each spine row."""

from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from features.definition import counted, total
from features.versions import day_number, known_at, with_knowledge

if TYPE_CHECKING:
    from features.sources import History

LATENESS_LAGS = (1, 2, 3)
ENDED = ("closed", "cancelled")
EARLY_DAYS = 7  # an instalment paid so long before it is due was prepaid


def loan_states(history: "History", spine: ibis.Table) -> ibis.Table:
    """Loans disbursed by each spine row's day, ranked from the latest (`place` 1)."""
    loans = with_knowledge(history.table("loans"), "loan_id").rename(entity_id="merchant_id")
    loans = loans.mutate(
        disbursed_day=day_number(loans.disbursed_at), status=ibis.coalesce(loans.status, "active")
    )
    known = known_at(loans, spine, "entity_id")
    known = known.filter(_.status != "cancelled", _.disbursed_day <= _.as_of_day)
    latest_first = ibis.window(
        group_by="spine_id", order_by=[ibis.desc("disbursed_at"), ibis.desc("loan_id")]
    )
    return known.mutate(place=ibis.row_number().over(latest_first) + 1)


def loan_measures(loans: ibis.Table) -> ibis.Table:
    """One row a spine row with loans."""
    open_loan = ~_.status.isin(ENDED)
    return loans.group_by("spine_id").aggregate(
        loans_count=_.count(),
        loans_open=total(counted(open_loan)),
        loans_troubled=total(counted(_.status.isin(("restructured", "written_off")))),
        open_principal_minor=total(ibis.ifelse(open_loan, _.principal_minor, 0)),
        principal_sum_minor=total(_.principal_minor),
        principal_max_minor=_.principal_minor.max(),
        first_disbursed_day=_.disbursed_day.min(),
        last_disbursed_day=_.disbursed_day.max(),
        **{f"principal_lag_{lag}": at_place(lag, _.principal_minor) for lag in (1, 2)},
        term_days_lag_1=at_place(1, _.term_days),
        total_due_lag_1=at_place(1, _.total_due_minor),
        apr_lag_1=at_place(1, _.apr),
    )


def at_place(place: int, value: Any) -> Any:
    """The value of the row that stands at `place`; missing where there is none."""
    return ibis.ifelse(_.place == place, value, None).max()


def instalment_states(history: "History", loans: ibis.Table) -> ibis.Table:
    """Instalments of `loans` as known, with `late_days` and what of them is in arrears.

    `late_days` is signed: days from due to paid in full, or to now where due and short; missing
    where not due yet. An instalment counts as paid where at most 1% of it is short.
    """
    rows = with_knowledge(history.table("repayments"), "repayment_id")
    rows = rows.mutate(due_day=day_number(rows.due_on), paid_day=day_number(rows.paid_at))
    owner = loans.select("spine_id", "as_of_day", "status", spine_loan_id=loans.loan_id)
    known = rows.inner_join(
        owner,
        [
            rows.loan_id == owner.spine_loan_id,
            rows.known_from <= owner.as_of_day,
            rows.known_until > owner.as_of_day,
        ],
    )
    paid = ibis.coalesce(_.paid_minor * 100 >= _.due_minor * 99, False)
    known = known.mutate(paid=paid, ended=_.status.isin(ENDED))
    known = known.mutate(arrears=~_.paid & ~_.ended & (_.due_day < _.as_of_day))
    known = known.mutate(
        short_minor=_.due_minor - ibis.coalesce(_.paid_minor, 0),
        late_days=ibis.cases(
            (_.paid, _.paid_day - _.due_day), (_.arrears, _.as_of_day - _.due_day), else_=None
        ),
    )
    latest_first = ibis.window(
        group_by=["spine_id", known.late_days.notnull()],
        order_by=[ibis.desc("due_day"), ibis.desc("repayment_id")],
    )
    return known.mutate(place=ibis.row_number().over(latest_first) + 1)


def instalment_measures(instalments: ibis.Table) -> ibis.Table:
    """One row a spine row with instalments."""
    judged = _.late_days.notnull()
    unpaid = ~_.paid & ~_.ended
    return instalments.group_by("spine_id").aggregate(
        instalments_judged=total(counted(judged)),
        instalments_late=total(counted(_.late_days > 0)),
        instalments_late_over_7=total(counted(_.late_days > 7)),  # noqa: PLR2004
        instalments_early=total(counted(_.late_days < 0)),
        instalments_prepaid=total(counted(_.late_days <= -EARLY_DAYS)),
        first_punctual_place=ibis.ifelse(_.late_days <= 0, _.place, None).min(),
        late_days_sum=total(_.late_days),
        late_days_squares=total(_.late_days * _.late_days),
        overdue_days_sum=total(ibis.ifelse(_.late_days > 0, _.late_days, 0)),
        late_days_max=_.late_days.max(),
        late_days_min=_.late_days.min(),
        late_days_max_180d=ibis.ifelse(_.due_day > _.as_of_day - 180, _.late_days, None).max(),
        arrears_minor=total(ibis.ifelse(_.arrears, _.short_minor, 0)),
        arrears_days=ibis.ifelse(_.arrears, _.late_days, 0).max(),
        unpaid_minor=total(ibis.ifelse(unpaid, _.short_minor, 0)),
        due_next_30d_minor=total(
            ibis.ifelse(
                unpaid & (_.due_day >= _.as_of_day) & (_.due_day < _.as_of_day + 30),
                _.short_minor,
                0,
            )
        ),
        last_paid_day=_.paid_day.max(),
        **{
            f"late_days_lag_{lag}": at_place(lag, ibis.ifelse(judged, _.late_days, None))
            for lag in LATENESS_LAGS
        },
    )


LOANS_ZERO_WHERE_NONE = ("loans_count", "loans_open", "loans_troubled", "open_principal_minor")
INSTALMENTS_ZERO_WHERE_NONE = (
    "instalments_judged",
    "instalments_late",
    "instalments_late_over_7",
    "arrears_minor",
    "arrears_days",
    "unpaid_minor",
    "due_next_30d_minor",
)
