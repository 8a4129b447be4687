"""Features of a consumer's bills and waived deposits, read off what was known of them."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from tests.stand.reference_rows import days_before, over, whole_or_none

Values = dict[str, float | str | None]
SCENES = ("bike", "power_bank", "umbrella", "hotel", "clinic", "school", "self_service_retail")


@dataclass(frozen=True)
class Bill:
    """One bill: `past_due_days` as the statement said, or counted; `line_minor` that held then."""

    billed_minor: int
    paid_minor: int | None
    past_due_days: int | None
    unpaid_days: int
    line_minor: int | None

    @property
    def utilisation(self) -> float | None:
        return over(self.billed_minor, self.line_minor)

    @property
    def paid_ratio(self) -> float | None:
        return over(self.paid_minor, self.billed_minor) if self.billed_minor > 0 else None


def bills_of(known: pd.DataFrame, line_minor: int | None, as_of: date) -> list[Bill]:
    """Bills, the latest due first."""
    rows = known.sort_values(["due_on", "bill_id"], ascending=False)
    return [_bill(row, line_minor, as_of) for row in rows.itertuples()]


def _bill(row: object, user_line_minor: int | None, as_of: date) -> Bill:
    billed, paid, due_on = int(row.billed_minor), whole_or_none(row.paid_minor), row.due_on.date()
    in_full = billed <= 0 if paid is None else paid * 100 >= billed * 99
    until = as_of
    if in_full:
        until = None if pd.isna(row.paid_at) else row.paid_at.date()
    counted = None if until is None else max((until - due_on).days, 0)
    said, own_line = whole_or_none(row.past_due_days), whole_or_none(row.credit_line_minor)
    return Bill(
        billed_minor=billed,
        paid_minor=paid,
        past_due_days=counted if said is None else said,
        unpaid_days=0 if in_full else max((as_of - due_on).days, 0),
        line_minor=user_line_minor if own_line is None else own_line,
    )


def bill_values(bills: list[Bill], line_minor: int | None) -> Values:
    """Punctuality, use of the line, how much is paid; bill 1 is the latest."""
    values: Values = {}
    for lag in range(1, 7):
        bill = bills[lag - 1] if len(bills) >= lag else None
        values[f"bill_past_due_days_{lag}"] = bill and bill.past_due_days
        values[f"bill_utilisation_{lag}"] = bill and bill.utilisation
        values[f"bill_paid_ratio_{lag}"] = bill and bill.paid_ratio
        values[f"bill_paid_{lag}_minor"] = bill and bill.paid_minor
        if lag <= 3:
            values[f"bill_billed_{lag}_minor"] = bill and bill.billed_minor
    return values | _past_due(bills) | _paid_and_used(bills) | _run_of_bills(bills, line_minor)


def _past_due(bills: list[Bill]) -> Values:
    judged = [bill.past_due_days for bill in bills if bill.past_due_days is not None]
    late = [bool(bill.past_due_days) for bill in bills]
    return {
        "bills_count": len(bills),
        "bill_past_due_days_max": max(judged, default=None),
        "bill_past_due_days_mean": over(sum(judged), len(judged)),
        "bills_past_due": sum(late),
        "bills_past_due_30": sum(days >= 30 for days in judged),
        "bill_past_due_streak": late.index(False) if False in late else len(late),
        "bill_unpaid_days": max((bill.unpaid_days for bill in bills), default=0),
    }


def _paid_and_used(bills: list[Bill]) -> Values:
    payable = [it for it in bills if it.billed_minor > 0 and it.paid_minor is not None]
    lined = [it for it in bills if it.line_minor is not None]
    used = [it.utilisation for it in bills if it.utilisation is not None]
    billed = sum(it.billed_minor for it in payable)
    return {
        "bill_paid_ratio_mean": over(sum(it.paid_minor for it in payable), billed),
        "bill_paid_ratio_min": min((it.paid_ratio for it in payable), default=None),
        "bill_utilisation_max": max(used, default=None),
        "bill_utilisation_mean": over(
            sum(it.billed_minor for it in lined), sum(it.line_minor for it in lined)
        ),
    }


def _run_of_bills(bills: list[Bill], line_minor: int | None) -> Values:
    billed, used = [it.billed_minor for it in bills], [it.utilisation for it in bills]
    change = None
    if len(used) >= 4 and used[0] is not None and used[3] is not None:
        change = used[0] - used[3]
    return {
        "bill_utilisation_change_3": change,
        "bill_billed_trend": over(sum(billed[:3]), sum(billed[3:6])) if len(bills) >= 6 else None,
        "bill_headroom_minor": line_minor - billed[0] if bills and line_minor is not None else None,
    }


def hold_values(known: pd.DataFrame, as_of: date) -> Values:
    """Waived deposits: how many, where, how they ended."""
    opened_ago = days_before(as_of, known.opened_at)
    captured, settled = known.captured_at.notna(), known.settled_at.notna()
    is_open = known.closed_at.isna() & ~captured
    overdue = is_open & (days_before(as_of, known.due_at) > 0)
    late = overdue | (known.closed_at > known.due_at)
    unpaid = captured & ~settled & ~(known.unpaid_minor == 0).fillna(False).astype(bool)
    owed = known.unpaid_minor.fillna(known.captured_minor).fillna(known.deposit_minor)
    to_payment = days_before(as_of, known.captured_at) - days_before(as_of, known.settled_at)
    deposits = [int(it) for it in known.deposit_minor]
    values: Values = {
        "holds_count": len(known),
        "holds_open": int(is_open.sum()),
        "holds_open_minor": int(known[is_open].deposit_minor.sum()),
        "holds_overdue": int(overdue.sum()),
        "holds_late_share": over(int(late.sum()), len(known)),
        "holds_late_180d": int((late & (opened_ago < 180)).sum()),
        "holds_captured": int(captured.sum()),
        "holds_captured_share": over(int(captured.sum()), len(known)),
        "holds_unpaid": int(unpaid.sum()),
        "holds_unpaid_minor": int(owed[unpaid].sum()),
        "holds_settled_days_max": whole_or_none(to_payment.max()),
        "hold_deposit_mean_minor": over(sum(deposits), len(deposits)),
        "hold_deposit_max_minor": max(deposits, default=None),
        "days_since_hold": whole_or_none(opened_ago.min()),
        "hold_scenes": known.scene.nunique(),
    }
    for days in (30, 90, 180):
        values[f"holds_{days}d"] = int((opened_ago < days).sum())
    return values | {f"holds_{scene}": int((known.scene == scene).sum()) for scene in SCENES}
