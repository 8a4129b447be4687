"""A made-up world that is hard on features: late, corrected, tied, thin, anonymous and quiet.

Amounts are few round numbers, so that equal sums and equal shares happen; times are few, so that
ties do. Corrections change whatever a row says: amount, owner, payer, kind, time.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from tests.stand.feature_world_credit import bills, holds, loans, repayments

START = date(2025, 1, 1)
SCENES = ("bike", "power_bank", "umbrella", "hotel", "clinic", "school", "self_service_retail")
Rng = np.random.Generator


@dataclass(frozen=True)
class World:
    """How much of it there is; `tables(seed)` draws it."""

    merchants: int = 24
    users: int = 30
    payments: int = 3_000
    days: int = 420
    merchant_ids: list[str] = field(init=False)
    user_ids: list[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "merchant_ids", [f"m{it}" for it in range(self.merchants)])
        object.__setattr__(self, "user_ids", [f"u{it}" for it in range(self.users)])

    def tables(self, seed: int) -> dict[str, pd.DataFrame]:
        rng = np.random.default_rng(seed)
        borrowed = loans(rng, self.merchant_ids, START, self.days)
        return {
            "merchants": self._merchants(rng),
            "users": self._users(rng),
            "payments": self._payments(rng),
            "loans": versions(rng, borrowed, {"merchant_id": self.merchant_ids}),
            "repayments": repayments(rng, borrowed),
            "bills": bills(rng, self.user_ids, START, self.days),
            "holds": holds(rng, self.user_ids, START, self.days),
        }

    def last_day(self) -> date:
        return START + timedelta(days=self.days)

    def _merchants(self, rng: Rng) -> pd.DataFrame:
        """Some known from ever, some late, some corrected, some without a day of opening."""
        opened = pd.Series(days_of(rng, self.merchants, self.days // 2))
        rows = pd.DataFrame(
            {
                "merchant_id": self.merchant_ids,
                "opened_on": opened.dt.date.where(rng.random(self.merchants) < 0.8, None),
                "industry": rng.choice(["food", "retail", "", None], self.merchants),
                "city_tier": pd.array(rng.choice([1, 3, None], self.merchants), dtype="Int64"),
                "recorded_at": opened.where(rng.random(self.merchants) < 0.4),
            }
        )
        again = rows[rng.random(self.merchants) < 0.3].copy()
        again["industry"], again["city_tier"] = "hotel", 5
        again["recorded_at"] = pd.Timestamp(START) + pd.Timedelta(days=self.days - 60)
        return pd.concat([rows, again])

    def _users(self, rng: Rng) -> pd.DataFrame:
        registered = pd.Series(days_of(rng, self.users, self.days // 3)).dt.date
        rows = pd.DataFrame(
            {
                "user_id": self.user_ids,
                "registered_on": registered.where(rng.random(self.users) < 0.9, None),
                "credit_line_minor": pd.array(
                    rng.choice([None, 0, 50_000, 800_000], self.users), dtype="Int64"
                ),
            }
        )
        raised = rows[rng.random(self.users) < 0.3].copy()
        raised["credit_line_minor"] = 900_000
        late = pd.Timestamp(START) + pd.Timedelta(days=self.days - 90)
        return pd.concat([rows.assign(recorded_at=pd.NaT), raised.assign(recorded_at=late)])

    def _payments(self, rng: Rng) -> pd.DataFrame:
        count = self.payments
        busy = rng.dirichlet(np.full(self.merchants - 3, 0.5))  # the last three are thin
        at = hours_of(rng, count, self.days)
        merchant = rng.choice(self.merchant_ids[:-3], count, p=busy).astype(object)
        merchant[:3] = [self.merchant_ids[-1], self.merchant_ids[-2], self.merchant_ids[-2]]
        rows = pd.DataFrame(
            {
                "payment_id": [f"p{number}" for number in range(count)],
                "merchant_id": merchant,
                "user_id": self._payers(rng, merchant),
                "kind": rng.choice(
                    ["payment", "refund", "chargeback", "payout"], count, p=[0.8, 0.1, 0.04, 0.06]
                ),
                "amount_minor": rng.choice([1, 3_333, 10_000, 20_000, 999_999], count),
                "currency": "CNY",
                "scene": rng.choice([*SCENES, "gym", None], count),
                "instalments": pd.array(rng.choice([None, 1, 3], count), dtype="Int64"),
                "subsidy_minor": pd.array(rng.choice([None, 0, 50], count), dtype="Int64"),
                "occurred_at": at,
                "recorded_at": at + lags(rng, count),
            }
        )
        quiet = (rows.kind == "payment") & rows.merchant_id.isin(self.merchant_ids[3:6])
        rows.loc[
            quiet & (rows.occurred_at > pd.Timestamp(START) + pd.Timedelta(days=150)), "kind"
        ] = "refund"
        changes = {
            "amount_minor": [1, 10_000, 77_700],
            "merchant_id": self.merchant_ids[:-3],
            "user_id": [*self.user_ids, None],
            "kind": ["payment", "refund"],
            "scene": SCENES,
        }
        return versions(rng, rows, changes, moved="occurred_at")

    def _payers(self, rng: Rng, merchant: np.ndarray) -> np.ndarray:
        """Two loyal payers in four, the rest anyone, anonymous, or the merchant itself."""
        count = len(merchant)
        payer = rng.choice(np.array([*self.user_ids[:-1], None, None, None], dtype=object), count)
        loyal = rng.random(count) < 0.3
        payer[loyal] = rng.choice(self.user_ids[:2], int(loyal.sum()))
        itself = rng.random(count) < 0.05
        payer[itself] = merchant[itself]
        payer[merchant == self.merchant_ids[2]] = None  # nobody there was ever identified
        return payer


def days_of(rng: Rng, count: int, days: int) -> pd.DatetimeIndex:
    return pd.Timestamp(START) + pd.to_timedelta(rng.integers(0, days, count), unit="D")


def hours_of(rng: Rng, count: int, days: int) -> pd.Series:
    """Whole hours, and a few last microseconds of a day: the edges of windows and of nights."""
    at = pd.Timestamp(START) + pd.to_timedelta(rng.integers(0, days * 24, count), unit="h")
    edge = at.normalize() + pd.Timedelta(days=1) - pd.Timedelta(microseconds=1)
    return pd.Series(at.where(rng.random(count) < 0.95, edge))


def lags(rng: Rng, count: int) -> pd.Series:
    """Most rows come at once; some a day, a month, or far more than a month late."""
    late = rng.choice(
        [0, 1, 24, 29 * 24, 30 * 24, 75 * 24], count, p=[0.5, 0.2, 0.1, 0.1, 0.05, 0.05]
    )
    return pd.Series(pd.to_timedelta(late, unit="h"))


def versions(
    rng: Rng, rows: pd.DataFrame, changes: dict[str, list], *, moved: str | None = None
) -> pd.DataFrame:
    """`rows` with up to three later versions of a quarter of them, and some rows twice."""
    parts, last = [rows], rows
    for _ in range(3):
        last = last[rng.random(len(last)) < 0.25].copy()
        column = rng.choice(list(changes))
        values = np.array(changes[column], dtype=object)
        last[column] = pd.Series(rng.choice(values, len(last)), last.index).astype(
            last[column].dtype
        )
        if moved:
            last[moved] = last[moved] - pd.to_timedelta(
                rng.choice([0, 0, 5, 40], len(last)), unit="D"
            )
        delay = rng.choice([1, 60, 24 * 60, 35 * 24 * 60], len(last))
        last["recorded_at"] = last["recorded_at"] + pd.to_timedelta(delay, unit="min")
        parts.append(last)
    twice = rows[rng.random(len(rows)) < 0.02]
    return pd.concat([*parts, twice]).sample(frac=1, random_state=int(rng.integers(1 << 30)))
