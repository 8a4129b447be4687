"""polars, lazy, on its streaming engine: what is corrected by hashes of keys, then two sums."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

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

STREAMING = "streaming"
SPANS = {"prev_30d": (30, 60), "prev_90d": (90, 180)} | {f"{n}d": (0, n) for n in (7, 30, 90, 180)}
WINDOWS = {
    "payment_count": tuple(SPANS),
    "payment_minor": tuple(SPANS),
    "refund_minor": ("30d", "90d"),
    "chargeback_count": ("90d", "180d"),
    "chargeback_minor": ("30d", "90d"),
    "payout_minor": ("30d", "90d"),
}
PAYMENT, AMOUNT, AGO = pl.col("kind") == "payment", pl.col("amount_minor"), pl.col("ago")


def run(history: Path, out: Path, day: date) -> None:
    """The 55 columns of `day`, in `out`."""
    known = _known(history, day)
    days, pairs = pl.collect_all([_days(known), _pairs(known)], engine=STREAMING)
    profiles = pl.scan_parquet(history / "merchants.parquet")
    ids = profiles.filter(pl.col("recorded_at") < end_of(day)).select("merchant_id").unique()
    sums = _windows(days.lazy(), day)
    active = [name for name in _trading_columns() if name.startswith("active")]
    row = ids.join(sums, on="merchant_id", how="left")
    row = row.join(_trading(days.lazy()), on="merchant_id", how="left")
    zero = [*sums.collect_schema().names()[1:], *active]
    row = row.with_columns(pl.col(zero).fill_null(0))
    found = row.join(_payers(pairs.lazy()), on="merchant_id", how="left").sort("merchant_id")
    frame = found.collect(engine=STREAMING)
    names = [name for name in frame.columns if name != "merchant_id"]
    measures = {name: frame[name].cast(pl.Float64).to_numpy() for name in names}
    measures = {name: values.astype(np.float64) for name, values in measures.items()}
    answer(frame["merchant_id"].to_arrow(compat_level=pl.CompatLevel.oldest()), measures, out)


def _known(history: Path, day: date) -> pl.LazyFrame:
    """What was known of the window's payments, with `ago` in days."""
    end, happened = end_of(day), pl.col("occurred_at")
    rows = pl.scan_parquet(history / "payments" / "*.parquet")
    rows = rows.filter(pl.col("recorded_at") < end)
    local = happened + timedelta(hours=OFFSET_HOURS)
    known = rows.filter(happened < end, happened >= end - timedelta(180)).join(
        _overtaken(rows).lazy(), on=["payment_id", "recorded_at"], how="anti"
    )
    return known.with_columns(
        ago=day_number(day) - happened.dt.date().cast(pl.Int32),
        hour=local.dt.hour(),
        weekday=local.dt.weekday(),
    )


def _overtaken(rows: pl.LazyFrame) -> pl.DataFrame:
    """Versions that a later one overtook; few payments have several."""
    hashed = pl.col("payment_id").hash()
    several = rows.group_by(hashed.alias("hash")).len().filter(pl.col("len") > 1)
    several = several.select("hash").collect(engine=STREAMING)
    versions = rows.select("payment_id", "recorded_at", hash=hashed).join(
        several.lazy(), on="hash", how="semi"
    )
    last = pl.col("recorded_at").max().over("payment_id")
    overtaken = versions.collect(engine=STREAMING).filter(pl.col("recorded_at") < last)
    return overtaken.select("payment_id", "recorded_at")


def _days(known: pl.LazyFrame) -> pl.LazyFrame:
    """Everything that adds up, by merchant and day."""
    counts = {
        "payment_count": PAYMENT,
        "chargeback_count": pl.col("kind") == "chargeback",
        "night_count": PAYMENT & (pl.col("hour") < NIGHT_ENDS),
        "instalment_count": PAYMENT & (pl.col("instalments") > 1),
        "subsidised_count": PAYMENT & (pl.col("subsidy_minor") > 0),
        "round_count": PAYMENT & (AMOUNT % ROUND_MINOR == 0),
        "self_count": PAYMENT & (pl.col("user_id") == pl.col("merchant_id")),
    }
    kinds = ("payment", "refund", "chargeback", "payout")
    amounts = {f"{kind}_minor": pl.col("kind") == kind for kind in kinds}
    amounts["weekend_minor"] = PAYMENT & (pl.col("weekday") > SATURDAY)
    amounts |= {f"scene_{scene}_minor": PAYMENT & (pl.col("scene") == scene) for scene in SCENES}
    return known.group_by("merchant_id", "ago").agg(
        **{name: rows.sum() for name, rows in counts.items()},
        **{name: (AMOUNT * rows).sum() for name, rows in amounts.items()},
    )


def _windows(days: pl.LazyFrame, day: date) -> pl.LazyFrame:
    sums = {}
    for amount in days.collect_schema().names()[2:]:
        for name in WINDOWS.get(amount, ("90d",)):
            first, end = SPANS[name]
            sums[f"{amount}_{name}"] = (amount, (first <= AGO) & (end > AGO))
    for week in WEEKS:
        sums[f"payment_minor_week_{week}"] = ("payment_minor", week == AGO // 7)
    for weekday in range(7):
        inside = (AGO < 84) & ((day_number(day) - AGO) % 7 == weekday)
        sums[f"payment_minor_weekday_{weekday}"] = ("payment_minor", inside)
    return days.group_by("merchant_id").agg(
        **{name: pl.col(amount).filter(rows).sum() for name, (amount, rows) in sums.items()}
    )


def _trading_columns() -> dict[str, pl.Expr]:
    gap = pl.col("earlier") - AGO
    return {f"active_days_{days}d": (days > AGO).sum() for days in (7, 30, 90, 180)} | {
        "days_since_payment": AGO.min(),
        "history_days": AGO.max(),
        "longest_gap_90d": gap.filter(pl.col("earlier") < 90).max(),
        "best_day_minor_30d": pl.col("payment_minor").filter(AGO < 30).max(),
    }


def _trading(days: pl.LazyFrame) -> pl.LazyFrame:
    traded = days.filter(pl.col("payment_count") > 0).sort("merchant_id", "ago")
    traded = traded.with_columns(earlier=AGO.shift(-1).over("merchant_id"))
    return traded.group_by("merchant_id").agg(**_trading_columns())


def _pairs(known: pl.LazyFrame) -> pl.LazyFrame:
    named = known.filter(PAYMENT, pl.col("user_id").is_not_null())
    return named.group_by("merchant_id", "user_id").agg(
        n30=(AGO < 30).sum(), n90=(AGO < 90).sum(), n180=pl.len(), m90=(AMOUNT * (AGO < 90)).sum()
    )


def _payers(pairs: pl.LazyFrame) -> pl.LazyFrame:
    n30, n90, m90 = pl.col("n30"), pl.col("n90"), pl.col("m90")
    return pairs.group_by("merchant_id").agg(
        counterparts_30d=(n30 > 0).sum(),
        counterparts_90d=(n90 > 0).sum(),
        repeat_counterparts_90d=(n90 > 1).sum(),
        new_counterparts_30d=((n30 > 0) & (pl.col("n180") == n30)).sum(),
        identified_count_90d=n90.sum(),
        most_payments_of_one_90d=n90.max(),
        identified_minor_90d=m90.sum(),
        largest_counterpart_minor_90d=m90.max(),
        top5_counterparts_minor_90d=m90.top_k(5).sum(),
        counterpart_squares_90d=(m90.cast(pl.Float64) ** 2).sum(),
    )
