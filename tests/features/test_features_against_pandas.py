"""Features equal a straightforward reading of the same rows, one entity and day at a time."""

import math
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.spine import as_known


def known_rows(rows, key, as_of):
    """Latest version of each key recorded by the end of `as_of`."""
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    known = rows[rows.recorded_at < end].sort_values("recorded_at", kind="stable")
    return known.drop_duplicates(key, keep="last")


def ratio(part, whole):
    return None if not whole or part is None else part / whole


def longest_gap(days):
    return max((b - a).days for a, b in pairwise(days)) if len(days) > 1 else None


def payments_of(tables, column, entity, as_of):
    rows = known_rows(tables["payments"], "payment_id", as_of)
    rows = rows[rows[column] == entity].copy()
    rows["ago"] = (pd.Timestamp(as_of) - rows.occurred_at.dt.normalize()).dt.days
    local = rows.occurred_at + pd.Timedelta(minutes=480)
    rows["night"], rows["weekend"] = local.dt.hour < 6, local.dt.dayofweek >= 5
    return rows[rows.ago < 180]


def merchant_payments(tables, entity, as_of):
    rows = payments_of(tables, "merchant_id", entity, as_of)
    paid = rows[rows.kind == "payment"]

    def within(days, of=paid):
        return of[of.ago < days]

    def minor(days, kind):
        return int(rows[(rows.kind == kind) & (rows.ago < days)].amount_minor.sum())

    last90, last30 = within(90), within(30)
    weeks = [int(paid[(paid.ago // 7) == week].amount_minor.sum()) for week in range(12)]
    blocks = [sum(weeks[start : start + 4]) for start in (0, 4, 8)]
    payers = last90.dropna(subset="user_id").groupby("user_id").amount_minor.agg(["sum", "count"])
    known30 = last30.dropna(subset="user_id")
    before = set(paid[paid.ago >= 30].user_id.dropna())
    new = [payer for payer in known30.user_id.unique() if payer not in before]
    days90 = sorted(set(last90.occurred_at.dt.date))
    payer_count = known30.user_id.nunique()
    any_payer = paid.user_id.notna().any()
    return {
        "turnover_7d": within(7).amount_minor.sum(),
        "turnover_30d": last30.amount_minor.sum(),
        "turnover_180d": paid.amount_minor.sum(),
        "payments_90d": len(last90),
        "active_days_90d": len(days90),
        "ticket_mean_90d": ratio(last90.amount_minor.sum(), len(last90)),
        "turnover_growth_30d": ratio(
            last30.amount_minor.sum(), paid[(paid.ago >= 30) & (paid.ago < 60)].amount_minor.sum()
        ),
        "turnover_cv_12w": ratio(float(np.std(weeks)), float(np.mean(weeks))),
        "turnover_drawdown_12w": None if max(blocks) == 0 else 1 - blocks[0] / max(blocks),
        "best_day_share_30d": ratio(
            last30.groupby("ago").amount_minor.sum().max(), last30.amount_minor.sum()
        ),
        "longest_gap_days_90d": longest_gap(days90),
        "days_since_payment": paid.ago.min(),
        "history_days": paid.ago.max(),
        "refund_rate_90d": ratio(minor(90, "refund"), last90.amount_minor.sum()),
        "chargeback_rate_180d": ratio((rows.kind == "chargeback").sum(), len(paid)),
        "net_flow_90d": last90.amount_minor.sum()
        - minor(90, "refund")
        - minor(90, "chargeback")
        - minor(90, "payout"),
        "night_share_90d": ratio(last90.night.sum(), len(last90)),
        "weekend_share_90d": ratio(
            last90[last90.weekend].amount_minor.sum(), last90.amount_minor.sum()
        ),
        "instalment_share_90d": ratio((last90.instalments > 1).sum(), len(last90)),
        "round_share_90d": ratio((last90.amount_minor % 10_000 == 0).sum(), len(last90)),
        "payers_30d": payer_count if any_payer or last30.empty else None,
        "repeat_payer_share_90d": ratio((payers["count"] > 1).sum(), len(payers)),
        "new_payer_share_30d": ratio(len(new), payer_count),
        "payer_hhi_90d": ratio((payers["sum"] ** 2).sum(), payers["sum"].sum() ** 2),
        "top_payer_share_90d": ratio(payers["sum"].max(), payers["sum"].sum()),
    }


def merchant_debt(tables, entity, as_of):
    loans = known_rows(tables["loans"], "loan_id", as_of)
    loans = loans[(loans.merchant_id == entity) & (loans.status != "cancelled")]
    loans = loans.sort_values(["disbursed_at", "loan_id"])
    is_open = loans.status != "closed"
    due = known_rows(tables["repayments"], "repayment_id", as_of)
    due = due.merge(loans[["loan_id", "status"]], on="loan_id").sort_values(
        ["due_on", "repayment_id"]
    )
    judged, arrears, unpaid, next_30 = [], [], 0, 0
    for row in due.itertuples():
        paid = 0 if pd.isna(row.paid_minor) else int(row.paid_minor)
        settled = not pd.isna(row.paid_minor) and paid * 100 >= row.due_minor * 99
        if settled:
            judged.append((row.paid_at.date() - row.due_on).days)
        elif row.status != "closed":
            unpaid += row.due_minor - paid
            next_30 += row.due_minor - paid if 0 <= (row.due_on - as_of).days < 30 else 0
            if row.due_on < as_of:
                judged.append((as_of - row.due_on).days)
                arrears.append(((as_of - row.due_on).days, row.due_minor - paid))
    principal = loans.principal_minor.tolist()
    span = (loans.disbursed_at.dt.normalize().max() - loans.disbursed_at.dt.normalize().min()).days
    return {
        "loans_count": len(loans),
        "loans_open": is_open.sum(),
        "open_principal_minor": loans[is_open].principal_minor.sum(),
        "principal_step": ratio(principal[-1], principal[-2]) if len(principal) > 1 else None,
        "loan_gap_days_mean": ratio(span, len(loans) - 1) if len(loans) > 1 else None,
        "arrears_minor": sum(short for _, short in arrears),
        "arrears_days": max((days for days, _ in arrears), default=0),
        "unpaid_minor": unpaid,
        "due_next_30d_minor": next_30,
        "instalments_judged": len(judged),
        "late_share": ratio(sum(days > 0 for days in judged), len(judged)),
        "late_days_mean": ratio(sum(judged), len(judged)),
        "late_days_max": max(judged, default=None),
        "late_days_last_1": judged[-1] if judged else None,
        "late_days_last_3": judged[-3] if len(judged) > 2 else None,
    }


def user_values(tables, entity, as_of):
    rows = payments_of(tables, "user_id", entity, as_of)
    paid = rows[rows.kind == "payment"]
    return (
        {
            "spend_30d": paid[paid.ago < 30].amount_minor.sum(),
            "purchases_180d": len(paid),
            "merchants_90d": paid[paid.ago < 90].merchant_id.nunique(),
            "days_since_purchase": paid.ago.min(),
            "spend_chargebacks_180d": (rows.kind == "chargeback").sum(),
        }
        | bills(tables, entity, as_of)
        | holds(tables, entity, as_of)
    )


def bills(tables, entity, as_of):
    user = tables["users"].set_index("user_id").loc[entity]
    known = known_rows(tables["bills"], "bill_id", as_of)
    known = known[known.user_id == entity].sort_values(["due_on", "bill_id"], ascending=False)
    past, used, payable, unpaid_days = [], [], [], [0]
    for row in known.itertuples():
        paid = None if pd.isna(row.paid_minor) else int(row.paid_minor)
        full = row.billed_minor <= 0 if paid is None else paid * 100 >= row.billed_minor * 99
        until = (None if pd.isna(row.paid_at) else row.paid_at.date()) if full else as_of
        late = None if until is None else max((until - row.due_on).days, 0)
        past.append(late if pd.isna(row.past_due_days) else int(row.past_due_days))
        line = user.credit_line_minor if pd.isna(row.credit_line_minor) else row.credit_line_minor
        used.append(None if pd.isna(line) else ratio(row.billed_minor, int(line)))
        if row.billed_minor > 0 and paid is not None:
            payable.append((paid, row.billed_minor))
        if not full and row.due_on < as_of:
            unpaid_days.append((as_of - row.due_on).days)
    judged = [days for days in past if days is not None]
    streak = next((place for place, days in enumerate(past) if not days), len(past))
    return {
        "bills_count": len(past),
        "bill_past_due_days_1": past[0] if past else None,
        "bill_past_due_days_4": past[3] if len(past) > 3 else None,
        "bill_past_due_days_mean": ratio(sum(judged), len(judged)),
        "bill_past_due_streak": streak,
        "bill_unpaid_days": max(unpaid_days),
        "bill_utilisation_2": used[1] if len(used) > 1 else None,
        "bill_paid_ratio_mean": ratio(sum(p for p, _ in payable), sum(b for _, b in payable)),
    }


def holds(tables, entity, as_of):
    known = known_rows(tables["holds"], "hold_id", as_of)
    known = known[known.user_id == entity]
    is_open = known.closed_at.isna() & known.captured_at.isna()
    overdue = is_open & (known.due_at.dt.normalize() < pd.Timestamp(as_of))
    late = overdue | (known.closed_at > known.due_at)
    unpaid = known.captured_at.notna() & known.settled_at.isna()
    opened = (pd.Timestamp(as_of) - known.opened_at.dt.normalize()).dt.days
    return {
        "holds_count": len(known),
        "holds_30d": (opened < 30).sum(),
        "holds_open": is_open.sum(),
        "holds_overdue": overdue.sum(),
        "holds_late_share": ratio(late.sum(), len(known)),
        "holds_captured": known.captured_at.notna().sum(),
        "holds_unpaid_minor": known[unpaid].unpaid_minor.sum(),
        "holds_bike": (known.scene == "bike").sum(),
        "days_since_hold": opened.min(),
    }


def merchant_values(tables, entity, as_of):
    return merchant_payments(tables, entity, as_of) | merchant_debt(tables, entity, as_of)


STRAIGHTFORWARD = {"merchant": merchant_values, "user": user_values}


def missing(value):
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def differences(entity, spine, known, tables):
    for row, (entity_id, as_of) in enumerate(spine):
        for name, want in STRAIGHTFORWARD[entity](tables, entity_id, as_of).items():
            got = known[name][row].as_py()
            if missing(want) or got is None:
                same = missing(want) and got is None
            else:
                same = math.isclose(got, float(want), rel_tol=1e-9, abs_tol=1e-9)
            if not same:
                yield entity_id, as_of, name, got, want


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("entity", ["merchant", "user"])
def test_values_equal_a_plain_reading_of_what_was_known(opened, made_up, entity, seed):
    tables = made_up(seed)
    rng = np.random.default_rng(seed)
    ids = tables[f"{entity}s"][f"{entity}_id"].tolist()
    days = [date(2026, 1, 1) + timedelta(days=int(day)) for day in rng.integers(0, 300, 25)]
    spine = [(entity_id, day) for entity_id in ids for day in days]
    if entity == "merchant":  # opened on 2026-02-01 and 2026-06-01: unknown before
        first = {"m3": date(2026, 2, 1), "m4": date(2026, 6, 1)}
        spine = [(it, day) for it, day in spine if day >= first.get(it, day)]
    columns = {"entity_id": [it for it, _ in spine], "as_of": [day for _, day in spine]}
    known = as_known(opened(tables), entity, pa.table(columns))

    assert list(differences(entity, spine, known, tables)) == []
