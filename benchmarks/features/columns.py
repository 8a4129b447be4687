"""The 55 columns that every arm answers, from its measures: one NumPy formula each.

Measures come by the names that `features.windows` gives them, one number an entity, NaN where
there is none. The formulas are written here anew, not taken from the catalogue.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    Measures = Mapping[str, np.ndarray]

WEEKS = range(12)
SCENES = ("bike", "power_bank", "umbrella", "hotel", "clinic", "school", "self_service_retail")


def columns_of(m: "Measures") -> dict[str, np.ndarray]:
    """Feature columns by name."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return _turnover(m) | _weekly(m) | _trading(m) | _sales(m) | _scenes(m) | _payers(m)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.where(whole == 0, np.nan, part / whole)


def _turnover(m: "Measures") -> dict[str, np.ndarray]:
    found = {}
    for days in (7, 30, 90, 180):
        found[f"turnover_{days}d"] = m[f"payment_minor_{days}d"]
        found[f"payments_{days}d"] = m[f"payment_count_{days}d"]
        found[f"active_days_{days}d"] = m[f"active_days_{days}d"]
    for days in (30, 90):
        for name, of in (("turnover", "minor"), ("payments", "count")):
            now, before = m[f"payment_{of}_{days}d"], m[f"payment_{of}_prev_{days}d"]
            found[f"{name}_growth_{days}d"] = _ratio(now, before)
    found["turnover_week_share_30d"] = _ratio(m["payment_minor_7d"], m["payment_minor_30d"])
    return found


def _weekly(m: "Measures") -> dict[str, np.ndarray]:
    weeks = np.array([m[f"payment_minor_week_{week}"] for week in WEEKS])
    days = np.array([m[f"payment_minor_weekday_{day}"] for day in range(7)])
    weights = (len(WEEKS) - 1 - 2 * np.arange(len(WEEKS)))[:, None]
    blocks = weeks.reshape(3, 4, -1).sum(axis=1)
    return {
        "turnover_cv_12w": _ratio(weeks.std(axis=0), weeks.mean(axis=0)),
        "turnover_weekday_cv_12w": _ratio(days.std(axis=0), days.mean(axis=0)),
        "turnover_slope_12w": _ratio(6 * (weights * weeks).sum(axis=0), 143 * weeks.sum(axis=0)),
        "idle_weeks_12w": (weeks == 0).sum(axis=0).astype(float),
        "turnover_drawdown_12w": 1 - _ratio(blocks[0], blocks.max(axis=0)),
    }


def _trading(m: "Measures") -> dict[str, np.ndarray]:
    active, since = m["active_days_90d"], m["days_since_payment"]
    return {
        "best_day_share_30d": _ratio(m["best_day_minor_30d"], m["payment_minor_30d"]),
        "longest_gap_days_90d": m["longest_gap_90d"],
        "days_since_payment": since,
        "silence_ratio_90d": np.where(active > 0, since * active, np.nan) / 90,
        "history_days": m["history_days"],
    }


def _sales(m: "Measures") -> dict[str, np.ndarray]:
    found = {}
    for days in (30, 90):
        count, minor = m[f"payment_count_{days}d"], m[f"payment_minor_{days}d"]
        out = {kind: m[f"{kind}_minor_{days}d"] for kind in ("refund", "chargeback", "payout")}
        found[f"ticket_mean_{days}d"] = _ratio(minor, count)
        found[f"refund_rate_{days}d"] = _ratio(out["refund"], minor)
        found[f"payout_ratio_{days}d"] = _ratio(out["payout"], minor)
        found[f"net_flow_{days}d"] = minor - sum(out.values())
    for days in (90, 180):
        rate = _ratio(m[f"chargeback_count_{days}d"], m[f"payment_count_{days}d"])
        found[f"chargeback_rate_{days}d"] = rate
    found["chargebacks_180d"] = m["chargeback_count_180d"]
    found["weekend_share_90d"] = _ratio(m["weekend_minor_90d"], m["payment_minor_90d"])
    for what in ("night", "instalment", "subsidised", "round"):
        found[f"{what}_share_90d"] = _ratio(m[f"{what}_count_90d"], m["payment_count_90d"])
    return found


def _scenes(m: "Measures") -> dict[str, np.ndarray]:
    minor = m["payment_minor_90d"]
    scenes = np.array([m[f"scene_{scene}_minor_90d"] for scene in SCENES])
    known = scenes.sum(axis=0)
    shares = _ratio(np.vstack([scenes, minor - known]), minor)
    index = np.where(known > 0, (shares**2).sum(axis=0), np.nan)
    top = np.where(known > 0, _ratio(scenes.max(axis=0), minor), np.nan)
    return {"scene_hhi_90d": index, "top_scene_share_90d": top}


def _payers(m: "Measures") -> dict[str, np.ndarray]:
    count, minor = m["payment_count_90d"], m["identified_minor_90d"]
    payers = {
        days: np.where(m[f"payment_count_{days}d"] == 0, 0, m[f"counterparts_{days}d"])
        for days in (30, 90)
    }
    pairs = {days: m[f"counterparts_{days}d"] for days in (30, 90)}
    return {
        "payers_30d": payers[30],
        "payers_90d": payers[90],
        "repeat_payer_share_90d": _ratio(m["repeat_counterparts_90d"], pairs[90]),
        "new_payer_share_30d": _ratio(m["new_counterparts_30d"], pairs[30]),
        "payments_per_payer_90d": _ratio(count, pairs[90]),
        "payer_hhi_90d": _ratio(m["counterpart_squares_90d"], minor * minor),
        "top_payer_share_90d": _ratio(m["largest_counterpart_minor_90d"], minor),
        "top5_payer_share_90d": _ratio(m["top5_counterparts_minor_90d"], minor),
        "top_payer_payments_share_90d": _ratio(
            m["most_payments_of_one_90d"], m["identified_count_90d"]
        ),
        "self_payment_share_90d": _ratio(m["self_count_90d"], count),
    }
