"""Payment features, read off one entity's known payments of 180 days."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from tests.stand.reference_rows import days_before, over

LONGEST = 180
SCENES = ("bike", "power_bank", "umbrella", "hotel", "clinic", "school", "self_service_retail")
Values = dict[str, float | str | None]


class Trade:
    """One entity's payments as known on a day: `paid` those of 180 days that are payments."""

    def __init__(
        self, known: pd.DataFrame, as_of: date, *, other: str, offset_minutes: int
    ) -> None:
        rows = known.assign(ago=days_before(as_of, known.occurred_at), other=known[other])
        rows = rows[(rows.ago >= 0) & (rows.ago < LONGEST)]
        self._ago_and_minor = {
            kind: list(zip(of_kind.ago, of_kind.amount_minor, strict=True))
            for kind, of_kind in rows.groupby("kind")
        }
        self.paid = rows[rows.kind == "payment"]
        self.local = self.paid.occurred_at + pd.Timedelta(minutes=offset_minutes)
        by_day = self.paid.groupby("ago").amount_minor.sum()
        self.by_day = {int(ago): int(minor) for ago, minor in by_day.items()}  # latest day first
        named = self.paid[self.paid.other.notna()]
        self.others = list(zip(named.ago, named.other, named.amount_minor, strict=True))
        self.last90 = self.paid[self.paid.ago < 90]

    def amounts(self, kind: str, days: int, start: int = 0) -> list[int]:
        """Amounts of one kind in the last `days`, or from `start` days ago up to `days` ago."""
        rows = self._ago_and_minor.get(kind, [])
        return [int(minor) for ago, minor in rows if start <= ago < days]

    def minor(self, days: int, start: int = 0) -> int:
        """Amount paid in the window."""
        return sum(self.amounts("payment", days, start))

    def count(self, days: int, start: int = 0) -> int:
        """Payments in the window."""
        return len(self.amounts("payment", days, start))

    def others_within(self, days: int, start: int = 0) -> list[str]:
        """Who paid, or was paid, in the window: a name a payment."""
        return [other for ago, other, _ in self.others if start <= ago < days]

    def different(self, days: int) -> int | None:
        """How many were identified in the window; unknown where all of 180 days are anonymous."""
        if not self.others and self.count(days):
            return None
        return len(set(self.others_within(days)))

    def active_days(self, days: int) -> int:
        """Days with a payment in the window."""
        return sum(ago < days for ago in self.by_day)

    def longest_gap(self, days: int) -> int | None:
        """Most days from one trading day to the next, both in the window."""
        ago = sorted(day for day in self.by_day if day < days)
        return max((older - newer for newer, older in pairwise(ago)), default=None)

    def weekly(self) -> list[int]:
        """Amounts of the 12 last weeks, the week that ends with the day itself first."""
        return [self.minor(7 * week + 7, 7 * week) for week in range(12)]

    def by_weekday(self, as_of: date) -> list[int]:
        """Amounts of the 12 last weeks by day of the week (UTC days)."""
        amounts = [0] * 7
        for ago, minor in self.by_day.items():
            if ago < 84:
                amounts[(as_of - timedelta(days=ago)).weekday()] += minor
        return amounts


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
    last = trade.last90
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
    by_scene = trade.last90.groupby("scene").amount_minor.sum()
    minor = {it: int(by_scene.get(it, 0)) for it in SCENES}
    known, every = sum(minor.values()), trade.minor(90)
    if known == 0:
        return None, None
    shares = [part / every for part in (*minor.values(), every - known)]
    return sum(share * share for share in shares), max(minor.values()) / every


def silence(trade: Trade) -> float | None:
    """Days since the last payment, over 90 days divided by the trading days among them."""
    active = trade.active_days(90)
    return min(trade.by_day) / (90 / active) if active else None


def shares_of_others(trade: Trade) -> list[int]:
    """Each identified counterpart's amount of 90 days, the largest first."""
    minor: Counter[str] = Counter()
    for ago, other, amount in trade.others:
        if ago < 90:
            minor[other] += int(amount)
    return sorted(minor.values(), reverse=True)


def merchant_payments(trade: Trade, as_of: date) -> Values:
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
        refunded = sum(trade.amounts("refund", days))
        paid_out = sum(trade.amounts("payout", days))
        disputed = sum(trade.amounts("chargeback", days))
        values[f"refund_rate_{days}d"] = over(refunded, minor(days))
        values[f"payout_ratio_{days}d"] = over(paid_out, minor(days))
        values[f"net_flow_{days}d"] = minor(days) - refunded - disputed - paid_out
    for days in (90, 180):
        disputes = len(trade.amounts("chargeback", days))
        values[f"chargeback_rate_{days}d"] = over(disputes, trade.count(days))
    best = max((minor for ago, minor in trade.by_day.items() if ago < 30), default=None)
    pattern = {f"{name}_share_90d": share for name, share in sales_pattern(trade).items()}
    scene_hhi, top_scene = scene_mix(trade)
    return (
        values
        | pattern
        | {
            "turnover_week_share_30d": over(minor(7), minor(30)),
            "turnover_cv_12w": volatility(weeks),
            "turnover_weekday_cv_12w": volatility(trade.by_weekday(as_of)),
            "turnover_slope_12w": slope(weeks),
            "idle_weeks_12w": weeks.count(0),
            "silence_ratio_90d": silence(trade),
            "scene_hhi_90d": scene_hhi,
            "top_scene_share_90d": top_scene,
            "turnover_drawdown_12w": drawdown(weeks),
            "best_day_share_30d": over(best, minor(30)),
            "longest_gap_days_90d": trade.longest_gap(90),
            "days_since_payment": min(trade.by_day, default=None),
            "history_days": max(trade.by_day, default=None),
            "chargebacks_180d": len(trade.amounts("chargeback", 180)),
        }
    )


def merchant_payers(trade: Trade, merchant_id: str) -> Values:
    """Who pays: how many, how loyal, how much hangs on a few."""
    last30, last90 = set(trade.others_within(30)), trade.others_within(90)
    before = set(trade.others_within(LONGEST, 30))
    payments_of = Counter(last90).values()
    shares = shares_of_others(trade)
    return {
        "payers_30d": trade.different(30),
        "payers_90d": trade.different(90),
        "repeat_payer_share_90d": over(sum(many > 1 for many in payments_of), len(payments_of)),
        "new_payer_share_30d": over(len(last30 - before), len(last30)),
        "payments_per_payer_90d": over(trade.count(90), len(payments_of)),
        "top_payer_payments_share_90d": over(max(payments_of, default=None), sum(payments_of)),
        "self_payment_share_90d": over(last90.count(merchant_id), trade.count(90)),
        "top5_payer_share_90d": over(sum(shares[:5]), sum(shares)),
        "payer_hhi_90d": over(sum(it * it for it in shares), sum(shares) ** 2),
        "top_payer_share_90d": over(max(shares, default=None), sum(shares)),
    }


def user_payments(trade: Trade, line_minor: int | None, as_of: date) -> Values:
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
        "spend_weekday_cv_12w": volatility(trade.by_weekday(as_of)),
        "spend_scene_hhi_90d": scene_hhi,
        "spend_top_scene_share_90d": top_scene,
        "purchase_mean_90d": over(minor(90), trade.count(90)),
        "spend_cv_12w": volatility(weeks),
        "spend_drawdown_12w": drawdown(weeks),
        "days_since_purchase": min(trade.by_day, default=None),
        "spend_history_days": max(trade.by_day, default=None),
        "spend_refund_rate_90d": over(sum(trade.amounts("refund", 90)), minor(90)),
        "spend_chargebacks_180d": len(trade.amounts("chargeback", 180)),
        "spend_to_line_30d": over(minor(30), line_minor),
    }
