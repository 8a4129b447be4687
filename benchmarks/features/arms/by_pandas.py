"""pandas, written with care: few columns, codes instead of text, what is corrected found by code.

pyarrow reads; only payments of the window's days become a frame. The first pass over payment ids
and times of the whole year is there because a correction may come at any time.
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from benchmarks.features.arms.answer import (
    NIGHT_ENDS,
    OFFSET_HOURS,
    ROUND_MINOR,
    SATURDAY,
    answer,
    day_number,
    end_of,
)
from benchmarks.features.columns import SCENES, WEEKS

DAY_US, HOUR_US = 86_400_000_000, 3_600_000_000
SPANS = {"prev_30d": (30, 60), "prev_90d": (90, 180)} | {f"{n}d": (0, n) for n in (7, 30, 90, 180)}
OUTFLOWS = {"refund": (30, 90), "payout": (30, 90), "chargeback": (30, 90)}
COLUMNS = ("merchant_id", "user_id", "kind", "amount_minor", "scene", "instalments")
COLUMNS += ("subsidy_minor", "occurred_at")


def run(history: Path, out: Path, day: date) -> None:
    """The 55 columns of `day`, in `out`."""
    profiles = pd.read_parquet(
        history / "merchants.parquet", columns=["merchant_id", "recorded_at"]
    )
    ids = np.sort(profiles.loc[profiles["recorded_at"] < end_of(day), "merchant_id"].unique())
    rows = _rows(history, day, ids)
    paid = rows[rows["kind"] == "payment"]
    measures = _by_day(paid, len(ids)) | _shares(paid, len(ids)) | _outflows(rows, len(ids))
    del rows
    measures |= _payers(paid, len(ids))
    answer(ids, measures, out)


def _rows(history: Path, day: date, ids: np.ndarray) -> pd.DataFrame:
    """What was known of the window's payments, by codes; `ago` in days."""
    payments, end = ds.dataset(history / "payments"), end_of(day)
    known = ds.field("recorded_at") < end
    overtaken, repeated = _overtaken(payments, known)
    within = (ds.field("occurred_at") < end) & (ds.field("occurred_at") >= end - timedelta(180))
    table = payments.to_table(
        columns=[*COLUMNS, "payment_id", "recorded_at"], filter=known & within
    )
    table = table.filter(_kept(table, overtaken, repeated)).select(COLUMNS)
    return _frame(table, day, ids)


def _overtaken(payments: ds.Dataset, known: pc.Expression) -> tuple[pd.MultiIndex, pa.Array]:
    """Which versions were overtaken, and the few payments that have several."""
    versions = payments.to_table(columns=["payment_id", "recorded_at"], filter=known)
    codes = versions["payment_id"].to_pandas(types_mapper=pd.ArrowDtype).factorize()[0]
    several = versions.filter(pa.array(np.bincount(codes)[codes] > 1)).to_pandas()
    last = several.groupby("payment_id")["recorded_at"].transform("max")
    overtaken = several[several["recorded_at"] < last]
    return pd.MultiIndex.from_frame(overtaken), pa.array(several["payment_id"].unique())


def _kept(table: pa.Table, overtaken: pd.MultiIndex, repeated: pa.Array) -> pa.Array:
    there = np.flatnonzero(pc.is_in(table["payment_id"], value_set=repeated).to_numpy())
    versions = table.select(["payment_id", "recorded_at"]).take(there).to_pandas()
    kept = np.ones(len(table), dtype=bool)
    kept[there[pd.MultiIndex.from_frame(versions).isin(overtaken)]] = False
    return pa.array(kept)


def _frame(table: pa.Table, day: date, ids: np.ndarray) -> pd.DataFrame:
    """Text as codes; merchants by their place in `ids`, payers that are themselves told apart."""
    happened = table["occurred_at"].to_numpy().astype("datetime64[us]").astype(np.int64)
    local = happened + OFFSET_HOURS * HOUR_US
    merchant = table["merchant_id"].combine_chunks().dictionary_encode()
    payer = table["user_id"].combine_chunks().dictionary_encode()
    own = pc.index_in(merchant.dictionary, value_set=payer.dictionary).fill_null(-2).to_numpy()
    merchant_code = merchant.indices.to_numpy()
    payer_code = payer.indices.fill_null(-1).to_numpy()
    place = np.searchsorted(ids, merchant.dictionary.to_numpy(zero_copy_only=False))
    return pd.DataFrame(
        {
            "merchant": place.astype(np.int32)[merchant_code],
            "payer": payer_code,
            "by_itself": own[merchant_code] == payer_code,
            "kind": table["kind"].combine_chunks().dictionary_encode().to_pandas(),
            "scene": table["scene"].combine_chunks().dictionary_encode().to_pandas(),
            "amount_minor": table["amount_minor"].to_numpy(),
            "ago": (day_number(day) - happened // DAY_US).astype(np.int16),
            "night": local // HOUR_US % 24 < NIGHT_ENDS,
            "weekend": (local // DAY_US + 3) % 7 >= SATURDAY,  # 1970-01-01 was a Thursday
            "by_instalments": table["instalments"].to_numpy() > 1,
            "subsidised": table["subsidy_minor"].to_numpy() > 0,
            "weekday": (happened // DAY_US % 7).astype(np.int8),
        },
        copy=False,
    )


def _over(grouped: pd.Series, entities: int, none: float = 0.0) -> np.ndarray:
    """A number an entity, `none` where there is none."""
    return grouped.reindex(range(entities), fill_value=none).to_numpy(dtype=float)


def _by_day(paid: pd.DataFrame, entities: int) -> dict[str, np.ndarray]:
    """Windows and trading days, from sums by merchant and day."""
    grouped = paid.groupby(["merchant", "ago"])["amount_minor"].agg(["size", "sum"]).reset_index()
    days = grouped.rename(columns={"size": "payment_count", "sum": "payment_minor"})
    found = {}
    for name, (first, end) in SPANS.items():
        inside = days[(days["ago"] >= first) & (days["ago"] < end)].groupby("merchant")
        for amount in ("payment_count", "payment_minor"):
            found[f"{amount}_{name}"] = _over(inside[amount].sum(), entities)
    for week in WEEKS:
        inside = days[days["ago"] // 7 == week].groupby("merchant")["payment_minor"].sum()
        found[f"payment_minor_week_{week}"] = _over(inside, entities)
    recent = paid[paid["ago"] < 84]
    for weekday in range(7):
        inside = recent[recent["weekday"] == weekday].groupby("merchant")["amount_minor"].sum()
        found[f"payment_minor_weekday_{weekday}"] = _over(inside, entities)
    return found | _trading(days, entities)


def _trading(days: pd.DataFrame, entities: int) -> dict[str, np.ndarray]:
    found = {}
    for window in (7, 30, 90, 180):
        active = days[days["ago"] < window].groupby("merchant").size()
        found[f"active_days_{window}d"] = _over(active, entities)
    each = days.groupby("merchant")
    gap = each["ago"].shift(-1) - days["ago"]  # sorted by merchant and ago
    gap = gap.where(gap + days["ago"] < 90)
    best = days[days["ago"] < 30].groupby("merchant")["payment_minor"].max()
    return found | {
        "days_since_payment": _over(each["ago"].min(), entities, np.nan),
        "history_days": _over(each["ago"].max(), entities, np.nan),
        "longest_gap_90d": _over(gap.groupby(days["merchant"]).max(), entities, np.nan),
        "best_day_minor_30d": _over(best, entities, np.nan),
    }


def _shares(paid: pd.DataFrame, entities: int) -> dict[str, np.ndarray]:
    """Payments of one sort, 90 days."""
    recent = paid[paid["ago"] < 90]
    flags = {
        "night": recent["night"],
        "instalment": recent["by_instalments"],
        "subsidised": recent["subsidised"],
        "round": recent["amount_minor"] % ROUND_MINOR == 0,
        "self": recent["by_itself"],
    }
    found = {
        f"{name}_count_90d": _over(recent.loc[flag].groupby("merchant").size(), entities)
        for name, flag in flags.items()
    }
    amounts = {"weekend": recent["weekend"]}
    amounts |= {f"scene_{scene}": recent["scene"] == scene for scene in SCENES}
    return found | {
        f"{name}_minor_90d": _over(
            recent.loc[flag].groupby("merchant")["amount_minor"].sum(), entities
        )
        for name, flag in amounts.items()
    }


def _outflows(rows: pd.DataFrame, entities: int) -> dict[str, np.ndarray]:
    found = {}
    for kind, windows in OUTFLOWS.items():
        of_kind = rows[rows["kind"] == kind]
        for days in windows:
            inside = of_kind[of_kind["ago"] < days].groupby("merchant")["amount_minor"].sum()
            found[f"{kind}_minor_{days}d"] = _over(inside, entities)
    charged = rows[rows["kind"] == "chargeback"]
    for days in (90, 180):
        inside = charged[charged["ago"] < days].groupby("merchant").size()
        found[f"chargeback_count_{days}d"] = _over(inside, entities)
    return found


def _pairs(paid: pd.DataFrame) -> pd.DataFrame:
    """Merchants and their payers, in one 64-bit number, with what each paid."""
    named = paid.loc[paid["payer"] >= 0, ["merchant", "payer", "ago", "amount_minor"]]
    recent = named["ago"] < 90
    frame = pd.DataFrame(
        {
            "pair": named["merchant"].to_numpy(np.int64) << 32 | named["payer"],
            "n30": named["ago"] < 30,
            "n90": recent,
            "n180": 1,
            "m90": named["amount_minor"].where(recent, 0),
        },
    )
    pairs = frame.groupby("pair", sort=False).sum()
    return pairs.assign(merchant=(pairs.index.to_numpy() >> 32).astype(np.int32))


def _payers(paid: pd.DataFrame, entities: int) -> dict[str, np.ndarray]:
    pairs = _pairs(paid)
    columns = pd.DataFrame(
        {
            "merchant": pairs["merchant"],
            "counterparts_30d": pairs["n30"] > 0,
            "counterparts_90d": pairs["n90"] > 0,
            "repeat_counterparts_90d": pairs["n90"] > 1,
            "new_counterparts_30d": (pairs["n30"] > 0) & (pairs["n180"] == pairs["n30"]),
            "identified_count_90d": pairs["n90"],
            "identified_minor_90d": pairs["m90"],
            "counterpart_squares_90d": pairs["m90"].astype(float) ** 2,
        }
    )
    each = pairs.groupby("merchant")
    found = columns.groupby("merchant").sum().to_dict("series")
    found["most_payments_of_one_90d"] = each["n90"].max()
    found["largest_counterpart_minor_90d"] = each["m90"].max()
    largest = pairs.sort_values("m90", ascending=False).groupby("merchant")
    top = largest.head(5).groupby("merchant")["m90"].sum()
    found["top5_counterparts_minor_90d"] = top
    return {name: _over(series, entities, np.nan) for name, series in found.items()}
