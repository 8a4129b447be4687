"""Payment features, read off one entity's known payments of 180 days."""

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd

from tests.stand.reference_rows import days_before, over

LONGEST = 180
SCENES = ("bike", "power_bank", "umbrella", "hotel", "clinic", "school", "self_service_retail")
Values = dict[str, float | str | None]


class Trade:
    """One entity's payments as known on a day: `rows` of 180 days, `paid` those that pay."""

    def __init__(
        self, known: pd.DataFrame, as_of: date, *, other: str, offset_minutes: int
    ) -> None:
        rows = known.assign(ago=days_before(as_of, known.occurred_at))
        self.rows = rows[(rows.ago >= 0) & (rows.ago < LONGEST)]
        self.paid = self.rows[self.rows.kind == "payment"]
        self.local = self.paid.occurred_at + pd.Timedelta(minutes=offset_minutes)
        self.by_day = self.paid.groupby("ago").amount_minor.sum()  # trading days, latest first
        named = self.paid[self.paid[other].notna()]
        self.others = named.rename(columns={other: "other"})

    def within(self, days: int, start: int = 0) -> pd.DataFrame:
        """Payments of the last `days`, or from `start` days ago up to `days` ago."""
        ago = self.paid.ago
        return self.paid[(ago >= start) & (ago < days)]

    def minor(self, days: int, start: int = 0) -> int:
        """Amount paid in the window."""
        ago = self.by_day.index
        return int(self.by_day[(ago >= start) & (ago < days)].sum())

    def count(self, days: int, start: int = 0) -> int:
        """Payments in the window."""
        return len(self.within(days, start))

    def others_within(self, days: int, start: int = 0) -> pd.Series:
        """Who paid, or was paid, in the window: a name a payment."""
        ago = self.others.ago
        return self.others[(ago >= start) & (ago < days)].other

    def other_kind(self, kind: str, days: int) -> pd.Series:
        """Amounts of refunds, chargebacks or payouts of the last `days`."""
        return self.rows[(self.rows.kind == kind) & (self.rows.ago < days)].amount_minor

    def different(self, days: int) -> int | None:
        """How many were identified in the window; unknown where all of 180 days are anonymous."""
        if self.others.empty and self.count(days):
            return None
        return self.others_within(days).nunique()

    def active_days(self, days: int) -> int:
        """Days with a payment in the window."""
        return int((self.by_day.index < days).sum())

    def longest_gap(self, days: int) -> int | None:
        """Most days from one trading day to the next, both in the window."""
        ago = [day for day in self.by_day.index if day < days]
        return max((int(older - newer) for newer, older in pairwise(ago)), default=None)

    def weekly(self) -> list[int]:
        """Amounts of the 12 last weeks, the week that ends with the day itself first."""
        return [self.minor(7 * week + 7, 7 * week) for week in range(12)]

    def by_weekday(self) -> list[int]:
        """Amounts of the 12 last weeks by day of the week (UTC days)."""
        last = self.within(84)
        weekday = last.occurred_at.dt.dayofweek
        return [int(last[weekday == day].amount_minor.sum()) for day in range(7)]


def volatility(amounts: list[int]) -> float | None:
    """Coefficient of variation: the population's standard deviation over the mean."""
    return over(float(np.std(amounts)), float(np.mean(amounts)))


def slope(weeks: list[int]) -> float | None:
    """Gain a week of the straight line through the weeks, oldest first, over their mean."""
    gain, _ = np.polyfit(np.arange(len(weeks)), np.array(weeks[::-1], dtype=float), 1)
    return over(float(gain), float(np.mean(weeks)))


def drawdown(weeks: list[int]) -> float | None:
    """How far the last four weeks fell below the best of the three blocks of four."""
    blocks = [sum(weeks[start : start + 4]) for start in (0, 4, 8)]
    return None if max(blocks) == 0 else 1 - blocks[0] / max(blocks)


def sales_pattern(trade: Trade) -> Values:
    """Shares of 90 days: by night, on weekends, by instalments, subsidised, round."""
    last = trade.within(90)
    local = trade.local[last.index]
    weekend = last[local.dt.dayofweek >= 5].amount_minor.sum()  # Monday is 0
    return {
        "night": over(int((local.dt.hour < 6).sum()), len(last)),
        "weekend": over(int(weekend), int(last.amount_minor.sum())),
        "instalment": over(int((last.instalments > 1).sum()), len(last)),
        "subsidised": over(int((last.subsidy_minor > 0).sum()), len(last)),
        "round": over(int((last.amount_minor % 10_000 == 0).sum()), len(last)),
    }


def scene_mix(trade: Trade) -> tuple[float | None, float | None]:
    """Herfindahl index of turnover by scene, and the largest known scene's share, 90 days.

    What is in no known scene is one more scene; both are missing where no known scene occurs.
    """
    last = trade.within(90)
    minor = {it: int(last[last.scene == it].amount_minor.sum()) for it in SCENES}
    known, every = sum(minor.values()), int(last.amount_minor.sum())
    if known == 0:
        return None, None
    shares = [part / every for part in (*minor.values(), every - known)]
    return sum(share * share for share in shares), max(minor.values()) / every


def silence(trade: Trade) -> float | None:
    """Days since the last payment, over 90 days divided by the trading days among them."""
    active = trade.active_days(90)
    return int(min(trade.by_day.index)) / (90 / active) if active else None


def shares_of_others(trade: Trade) -> list[int]:
    """Each identified counterpart's amount of 90 days, the largest first."""
    last = trade.others[trade.others.ago < 90]
    return sorted((int(it) for it in last.groupby("other").amount_minor.sum()), reverse=True)


def merchant_payments(trade: Trade) -> Values:
    """Turnover: level, trend, volatility, pattern and flow."""
    weeks, minor = trade.weekly(), trade.minor
    values: Values = {}
    for days in (7, 30, 90, 180):
        values[f"turnover_{days}d"] = minor(days)
        values[f"payments_{days}d"] = trade.count(days)
        values[f"active_days_{days}d"] = trade.active_days(days)
    for days in (30, 90):
        values[f"ticket_mean_{days}d"] = over(minor(days), trade.count(days))
        values[f"turnover_growth_{days}d"] = over(minor(days), minor(2 * days, days))
        earlier = trade.count(2 * days, days)
        values[f"payments_growth_{days}d"] = over(trade.count(days), earlier)
        refunded = int(trade.other_kind("refund", days).sum())
        paid_out = int(trade.other_kind("payout", days).sum())
        disputed = int(trade.other_kind("chargeback", days).sum())
        values[f"refund_rate_{days}d"] = over(refunded, minor(days))
        values[f"payout_ratio_{days}d"] = over(paid_out, minor(days))
        values[f"net_flow_{days}d"] = minor(days) - refunded - disputed - paid_out
    for days in (90, 180):
        disputes = len(trade.other_kind("chargeback", days))
        values[f"chargeback_rate_{days}d"] = over(disputes, trade.count(days))
    best = trade.by_day[trade.by_day.index < 30].max() if trade.active_days(30) else None
    pattern = {f"{name}_share_90d": share for name, share in sales_pattern(trade).items()}
    scene_hhi, top_scene = scene_mix(trade)
    return (
        values
        | pattern
        | {
            "turnover_week_share_30d": over(minor(7), minor(30)),
            "turnover_cv_12w": volatility(weeks),
            "turnover_weekday_cv_12w": volatility(trade.by_weekday()),
            "turnover_slope_12w": slope(weeks),
            "idle_weeks_12w": weeks.count(0),
            "silence_ratio_90d": silence(trade),
            "scene_hhi_90d": scene_hhi,
            "top_scene_share_90d": top_scene,
            "turnover_drawdown_12w": drawdown(weeks),
            "best_day_share_30d": over(best, minor(30)),
            "longest_gap_days_90d": trade.longest_gap(90),
            "days_since_payment": min(trade.by_day.index, default=None),
            "history_days": max(trade.by_day.index, default=None),
            "chargebacks_180d": len(trade.other_kind("chargeback", 180)),
        }
    )


def merchant_payers(trade: Trade, merchant_id: str) -> Values:
    """Who pays: how many, how loyal, how much hangs on a few."""
    last30, last90 = set(trade.others_within(30)), trade.others_within(90)
    before = set(trade.others_within(LONGEST, 30))
    payments_of = last90.value_counts()
    shares = shares_of_others(trade)
    return {
        "payers_30d": trade.different(30),
        "payers_90d": trade.different(90),
        "repeat_payer_share_90d": over(int((payments_of > 1).sum()), len(payments_of)),
        "new_payer_share_30d": over(len(last30 - before), len(last30)),
        "payments_per_payer_90d": over(trade.count(90), len(payments_of)),
        "top_payer_payments_share_90d": over(payments_of.max(), int(payments_of.sum())),
        "self_payment_share_90d": over(int((last90 == merchant_id).sum()), trade.count(90)),
        "top5_payer_share_90d": over(sum(shares[:5]), sum(shares)),
        "payer_hhi_90d": over(sum(it * it for it in shares), sum(shares) ** 2),
        "top_payer_share_90d": over(max(shares, default=None), sum(shares)),
    }


def user_payments(trade: Trade, line_minor: int | None) -> Values:
    """Spending: level, trend, rhythm, whom it goes to."""
    weeks, minor = trade.weekly(), trade.minor
    shares = shares_of_others(trade)
    last30, before = set(trade.others_within(30)), set(trade.others_within(LONGEST, 30))
    scene_hhi, top_scene = scene_mix(trade)
    values: Values = {}
    for days in (7, 30, 90, 180):
        values[f"spend_{days}d"] = minor(days)
        values[f"purchases_{days}d"] = trade.count(days)
    for days in (30, 90):
        values[f"spend_active_days_{days}d"] = trade.active_days(days)
        values[f"spend_growth_{days}d"] = over(minor(days), minor(2 * days, days))
        values[f"merchants_{days}d"] = trade.different(days)
    pattern = sales_pattern(trade)
    for name in ("night", "weekend", "instalment", "subsidised"):
        values[f"spend_{name}_share_90d"] = pattern[name]
    return values | {
        "top_merchant_share_90d": over(max(shares, default=None), sum(shares)),
        "top5_merchant_share_90d": over(sum(shares[:5]), sum(shares)),
        "new_merchant_share_30d": over(len(last30 - before), len(last30)),
        "spend_weekday_cv_12w": volatility(trade.by_weekday()),
        "spend_scene_hhi_90d": scene_hhi,
        "spend_top_scene_share_90d": top_scene,
        "purchase_mean_90d": over(minor(90), trade.count(90)),
        "spend_cv_12w": volatility(weeks),
        "spend_drawdown_12w": drawdown(weeks),
        "days_since_purchase": min(trade.by_day.index, default=None),
        "spend_history_days": max(trade.by_day.index, default=None),
        "spend_refund_rate_90d": over(int(trade.other_kind("refund", 90).sum()), minor(90)),
        "spend_chargebacks_180d": len(trade.other_kind("chargeback", 180)),
        "spend_to_line_30d": over(minor(30), line_minor),
    }
