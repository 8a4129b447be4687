"""Loan and repayment features, read off one merchant's known loans and their instalments."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from tests.stand.reference_rows import days_before, over, whole_or_none

Values = dict[str, float | str | None]


@dataclass(frozen=True)
class Instalment:
    """One instalment of a loan: what is short, and by how many days it was or is late."""

    due_in: int  # days from now until it is due; negative where it was due
    short_minor: int
    paid: bool
    open_loan: bool
    late_days: int | None  # until paid, or until now where due and short; None: not judged

    @property
    def unpaid(self) -> bool:
        return self.open_loan and not self.paid

    @property
    def in_arrears(self) -> bool:
        return self.unpaid and self.due_in < 0


def taken(known: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Loans disbursed by `as_of` and not cancelled, in the order in which they were."""
    status = known.status.astype(object).where(known.status.notna(), "active")
    rows = known.assign(status=status, days_since=days_before(as_of, known.disbursed_at))
    rows = rows[(rows.status != "cancelled") & (rows.days_since >= 0)]
    return rows.sort_values(["disbursed_at", "loan_id"])


def loan_values(loans: pd.DataFrame) -> Values:
    """How many, how large, how often."""
    still_open = loans.status != "closed"
    principal = [int(it) for it in loans.principal_minor]
    since = [int(it) for it in loans.days_since]
    open_minor = int(loans[still_open].principal_minor.sum())
    values: Values = {
        "open_to_largest_principal": over(open_minor, max(principal, default=None)),
        "loans_count": len(loans),
        "loans_open": int(still_open.sum()),
        "loans_troubled": int(loans.status.isin(["restructured", "written_off"]).sum()),
        "open_principal_minor": open_minor,
        "days_since_loan": min(since, default=None),
        "borrowing_days": max(since, default=None),
        "loan_gap_days_mean": over(since[0] - since[-1], len(since) - 1) if since else None,
        "principal_max_minor": max(principal, default=None),
    }
    last = loans.iloc[-1] if len(loans) else None
    if last is None:
        return values
    total_due, apr = whole_or_none(last.total_due_minor), last.apr
    return values | {
        "principal_last_minor": principal[-1],
        "principal_step": over(principal[-1], principal[-2]) if len(principal) > 1 else None,
        "principal_trend": over(principal[-1], sum(principal) / len(principal)),
        "term_days_last": int(last.term_days),
        "cost_ratio_last": None
        if total_due is None
        else over(total_due - principal[-1], principal[-1]),
        "apr_last": None if pd.isna(apr) else float(apr),
    }


def instalments_of(loans: pd.DataFrame, known: pd.DataFrame, as_of: date) -> list[Instalment]:
    """Instalments of `loans` in the order in which they are due."""
    status = dict(zip(loans.loan_id, loans.status, strict=True))
    rows = known.sort_values(["due_on", "repayment_id"])
    return [_instalment(row, status[row.loan_id], as_of) for row in rows.itertuples()]


def _instalment(row: object, status: str, as_of: date) -> Instalment:
    paid_minor, due_on = whole_or_none(row.paid_minor), row.due_on.date()
    paid = paid_minor is not None and paid_minor * 100 >= int(row.due_minor) * 99
    open_loan = status != "closed"
    late_days = None
    if paid:
        late_days = None if pd.isna(row.paid_at) else (row.paid_at.date() - due_on).days
    elif open_loan and due_on < as_of:
        late_days = (as_of - due_on).days
    return Instalment(
        due_in=(due_on - as_of).days,
        short_minor=int(row.due_minor) - (paid_minor or 0),
        paid=paid,
        open_loan=open_loan,
        late_days=late_days,
    )


def repayment_values(instalments: list[Instalment]) -> Values:
    """Punctuality, arrears and what is still to come."""
    late = [it.late_days for it in instalments if it.late_days is not None]
    arrears = [it for it in instalments if it.in_arrears]
    recent = [it.late_days for it in instalments if it.late_days is not None and it.due_in > -180]
    coming = [it for it in instalments if it.unpaid and 0 <= it.due_in < 30]
    values: Values = {
        "unpaid_minor": sum(it.short_minor for it in instalments if it.unpaid),
        "due_next_30d_minor": sum(it.short_minor for it in coming),
        "arrears_minor": sum(it.short_minor for it in arrears),
        "arrears_days": max((it.late_days for it in arrears), default=0),
        "instalments_judged": len(late),
        "late_share": over(sum(days > 0 for days in late), len(late)),
        "late_over_7_share": over(sum(days > 7 for days in late), len(late)),
        "early_share": over(sum(days < 0 for days in late), len(late)),
        "prepaid_share": over(sum(days <= -7 for days in late), len(late)),
        "late_streak": next((row for row, days in enumerate(late[::-1]) if days <= 0), len(late)),
        "late_days_sd": float(np.std(late)) if len(late) > 1 else None,
        "late_days_mean": over(sum(late), len(late)),
        "overdue_days_mean": over(sum(max(days, 0) for days in late), len(late)),
        "late_days_max": max(late, default=None),
        "late_days_max_180d": max(recent, default=None),
        "late_days_min": min(late, default=None),
    }
    for lag in (1, 2, 3):
        values[f"late_days_last_{lag}"] = late[-lag] if len(late) >= lag else None
    return values
