"""The made-up world's loans, instalments, bills and waived deposits."""

from datetime import date

import numpy as np
import pandas as pd

Rng = np.random.Generator
DAY = pd.Timedelta(days=1)


def loans(rng: Rng, merchants: list[str], start: date, days: int) -> pd.DataFrame:
    """Several a merchant, some on one instant; later versions say how they ended."""
    count = 3 * len(merchants)
    at = pd.Timestamp(start) + pd.to_timedelta(rng.integers(0, days // 20, count) * 20, unit="D")
    first = pd.DataFrame(
        {
            "loan_id": [f"l{number:03}" for number in rng.permutation(count)],
            "merchant_id": rng.choice(merchants[:-1], count),
            "principal_minor": rng.choice([100_000, 300_000, 700_000], count),
            "total_due_minor": pd.array(rng.choice([None, 810_000], count), dtype="Int64"),
            "apr": rng.choice([None, 0.1, 0.24], count).astype(float),
            "term_days": rng.choice([30, 90], count),
            "disbursed_at": at + pd.Timedelta(hours=10),
            "status": rng.choice(["active", "cancelled", None], count, p=[0.7, 0.1, 0.2]),
            "recorded_at": at + pd.to_timedelta(rng.choice([10, 40, 1_000], count), unit="h"),
        }
    )
    ended = first[rng.random(count) < 0.6].copy()
    ended["status"] = rng.choice(["closed", "written_off", "restructured"], len(ended))
    ended["recorded_at"] = ended["recorded_at"] + 45 * DAY
    return pd.concat([first, ended], ignore_index=True)


def repayments(rng: Rng, borrowed: pd.DataFrame) -> pd.DataFrame:
    """Three instalments a loan, two often due on one day; paid early, late, in part or never."""
    rows = [
        row
        for loan in borrowed.drop_duplicates("loan_id").itertuples()
        for number in range(3)
        for row in _instalment(rng, loan, number)
    ]
    table = pd.DataFrame(rows).drop_duplicates(["repayment_id", "recorded_at"])
    return table.assign(
        paid_minor=table.paid_minor.astype("Int64"), paid_at=pd.to_datetime(table.paid_at)
    )


def _instalment(rng: Rng, loan: object, number: int) -> list[dict]:
    due = loan.disbursed_at.normalize() + int(rng.choice([20, 40, 60])) * DAY
    row = {
        "repayment_id": f"{loan.loan_id}-{number}",
        "loan_id": loan.loan_id,
        "due_on": due.date(),
        "due_minor": int(loan.principal_minor // 3),
        "paid_minor": None,
        "paid_at": None,
        "recorded_at": loan.recorded_at,
    }
    rows, at = [row], loan.recorded_at
    for share in rng.choice([0.0, 0.5, 0.989, 0.99, 1.0], int(rng.integers(0, 3))):
        paid_at = due + pd.Timedelta(hours=int(rng.integers(-15 * 24, 40 * 24)))
        at = max(paid_at, at) + pd.Timedelta(hours=int(rng.choice([0, 1, 72])))
        paid_when = None if rng.random() < 0.05 else paid_at
        paid = {"paid_minor": int(row["due_minor"] * share), "paid_at": paid_when}
        rows.append(row | paid | {"recorded_at": at})
    return rows


def bills(rng: Rng, users: list[str], start: date, days: int) -> pd.DataFrame:
    """Up to a dozen a consumer, two of them at times due on one day, some in credit."""
    rows = [
        row
        for user in users[:-2]
        for month in range(int(rng.integers(0, 13)))
        for row in _bill(rng, user, month, pd.Timestamp(start) + (days // 14) * month * DAY)
    ]
    table = pd.DataFrame(rows)
    whole = ("billed_minor", "paid_minor", "past_due_days", "credit_line_minor")
    table = table.astype(dict.fromkeys(whole, "Int64"))
    return table.assign(paid_at=pd.to_datetime(table.paid_at))


def _bill(rng: Rng, user: str, month: int, issued: pd.Timestamp) -> list[dict]:
    row = {
        "bill_id": f"{user}-{month}",
        "user_id": user,
        "due_on": (issued + int(rng.choice([-10, 20])) * DAY).date(),
        "billed_minor": int(rng.choice([-5_000, 0, 10_000, 40_000])),
        "paid_minor": None,
        "paid_at": None,
        "past_due_days": rng.choice([None, None, 0, 29, 30]),
        "credit_line_minor": rng.choice([None, 0, 400_000]),
        "recorded_at": issued,
    }
    if rng.random() < 0.3:
        return [row]
    paid_at = issued + int(rng.integers(1, 50)) * DAY
    paid_minor = int(max(row["billed_minor"], 0) * rng.choice([0, 0.1, 0.99, 1.0, 1.2]))
    late = pd.Timedelta(days=int(rng.choice([0, 30])))
    paid = {"paid_minor": paid_minor, "paid_at": paid_at, "recorded_at": paid_at + late}
    return [row, row | paid]


def holds(rng: Rng, users: list[str], start: date, days: int) -> pd.DataFrame:
    """Orders that are open, returned in time and late, captured, paid afterwards."""
    rows = [
        row
        for number in range(5 * len(users))
        for row in _hold(rng, f"h{number}", str(rng.choice(users[:-1])), start, days)
    ]
    table = pd.DataFrame(rows)
    for name in ("closed_at", "captured_at", "settled_at"):
        table[name] = pd.to_datetime(table[name])
    return table.astype({"captured_minor": "Int64", "unpaid_minor": "Int64"})


def _hold(rng: Rng, hold_id: str, user: str, start: date, days: int) -> list[dict]:
    opened_at = pd.Timestamp(start) + pd.Timedelta(hours=int(rng.integers(days * 24)))
    row = {
        "hold_id": hold_id,
        "user_id": user,
        "scene": str(rng.choice(["bike", "hotel", "umbrella", "school", "gym"])),
        "deposit_minor": int(rng.choice([1_000, 20_000])),
        "opened_at": opened_at,
        "due_at": opened_at + pd.Timedelta(hours=int(rng.integers(1, 90))),
        **dict.fromkeys(("closed_at", "captured_at", "captured_minor")),
        **dict.fromkeys(("unpaid_minor", "settled_at")),
        "recorded_at": opened_at,
    }
    ended = opened_at + pd.Timedelta(hours=int(rng.choice([1, 20, 90, 200])))
    fate = rng.choice(["open", "returned", "captured", "settled"])
    if fate == "open":
        return [row]
    if fate == "returned":
        return [row, row | {"closed_at": ended, "recorded_at": ended}]
    taken = {"captured_at": ended, "captured_minor": 700}
    rows = [row, row | taken | {"unpaid_minor": rng.choice([None, 700]), "recorded_at": ended}]
    if fate == "settled":
        paid = ended + int(rng.integers(0, 30)) * DAY + pd.Timedelta(hours=1)
        rows.append(row | taken | {"settled_at": paid, "unpaid_minor": 0, "recorded_at": paid})
    return rows
