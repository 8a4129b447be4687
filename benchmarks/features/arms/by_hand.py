"""SQL for this one question, written by hand for DuckDB.

What is corrected is rare, so the keys that stand more than once are found first, by their hashes,
and only their rows are ordered. Payments are then added up twice: by merchant and day, which the
windows and the trading days are made of, and by merchant and payer.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.features.arms.answer import NIGHT_ENDS, ROUND_MINOR, answer, day_number, end_of
from benchmarks.features.columns import SCENES, WEEKS

CORRECTED = """
CREATE TEMP TABLE repeated AS
  SELECT hash(payment_id) AS h FROM payments WHERE recorded_at < TIMESTAMP '{end}'
  GROUP BY h HAVING count(*) > 1;
CREATE TEMP TABLE overtaken AS
  SELECT payment_id, recorded_at FROM payments
  WHERE recorded_at < TIMESTAMP '{end}' AND hash(payment_id) IN (FROM repeated)
  QUALIFY row_number() OVER (PARTITION BY payment_id ORDER BY recorded_at DESC) > 1
"""
KNOWN = """
CREATE TEMP VIEW known AS
  SELECT merchant_id, user_id, kind, amount_minor, scene, instalments, subsidy_minor,
    occurred_at + INTERVAL 8 HOUR AS local, {day} - epoch_us(occurred_at) // 86400000000 AS ago
  FROM payments {latest}
  WHERE recorded_at < TIMESTAMP '{end}' AND occurred_at < TIMESTAMP '{end}'
    AND occurred_at >= TIMESTAMP '{end}' - INTERVAL 180 DAY
"""
LATEST = "ANTI JOIN overtaken USING (payment_id, recorded_at)"
# What of a row is added up by merchant and day: a name, an amount, and for which rows.
SUMS = (
    ("payment_count", "1", "kind = 'payment'"),
    ("payment_minor", "amount_minor", "kind = 'payment'"),
    ("refund_minor", "amount_minor", "kind = 'refund'"),
    ("chargeback_count", "1", "kind = 'chargeback'"),
    ("chargeback_minor", "amount_minor", "kind = 'chargeback'"),
    ("payout_minor", "amount_minor", "kind = 'payout'"),
    ("night_count", "1", f"kind = 'payment' AND hour(local) < {NIGHT_ENDS}"),
    ("weekend_minor", "amount_minor", "kind = 'payment' AND isodow(local) > 5"),
    ("instalment_count", "1", "kind = 'payment' AND instalments > 1"),
    ("subsidised_count", "1", "kind = 'payment' AND subsidy_minor > 0"),
    ("round_count", "1", f"kind = 'payment' AND amount_minor % {ROUND_MINOR} = 0"),
    ("self_count", "1", "kind = 'payment' AND user_id = merchant_id"),
    *(
        (f"scene_{scene}_minor", "amount_minor", f"kind = 'payment' AND scene = '{scene}'")
        for scene in SCENES
    ),
)
# Over which days: first and last (exclusive) ago, and what the measure is called after its amount.
WINDOWS = {
    "payment_count": ("7d", "30d", "90d", "180d", "prev_30d", "prev_90d"),
    "payment_minor": ("7d", "30d", "90d", "180d", "prev_30d", "prev_90d"),
    "refund_minor": ("30d", "90d"),
    "chargeback_count": ("90d", "180d"),
    "chargeback_minor": ("30d", "90d"),
    "payout_minor": ("30d", "90d"),
}
SPANS = {"prev_30d": (30, 60), "prev_90d": (90, 180)} | {f"{n}d": (0, n) for n in (7, 30, 90, 180)}
TRADING = """
WITH traded AS (SELECT merchant_id, ago, payment_minor,
    lead(ago) OVER (PARTITION BY merchant_id ORDER BY ago) AS earlier
  FROM days WHERE payment_count > 0)
SELECT merchant_id, count(*) FILTER (ago < 7) AS active_days_7d,
  count(*) FILTER (ago < 30) AS active_days_30d, count(*) FILTER (ago < 90) AS active_days_90d,
  count(*) AS active_days_180d, min(ago) AS days_since_payment, max(ago) AS history_days,
  max(earlier - ago) FILTER (earlier < 90) AS longest_gap_90d,
  max(payment_minor) FILTER (ago < 30) AS best_day_minor_30d
FROM traded GROUP BY merchant_id
"""
PAIRS = """
CREATE TEMP TABLE pairs AS
  SELECT merchant_id, user_id, count(*) AS n180, count(*) FILTER (ago < 30) AS n30,
    count(*) FILTER (ago < 90) AS n90, coalesce(sum(amount_minor) FILTER (ago < 90), 0) AS m90
  FROM known WHERE kind = 'payment' AND user_id IS NOT NULL GROUP BY merchant_id, user_id
"""
PAYERS = """
SELECT merchant_id, count(*) FILTER (n30 > 0) AS counterparts_30d,
  count(*) FILTER (n90 > 0) AS counterparts_90d,
  count(*) FILTER (n90 > 1) AS repeat_counterparts_90d,
  count(*) FILTER (n30 > 0 AND n180 = n30) AS new_counterparts_30d,
  sum(n90) AS identified_count_90d, max(n90) AS most_payments_of_one_90d,
  sum(m90) AS identified_minor_90d, max(m90) AS largest_counterpart_minor_90d,
  list_sum(max(m90, 5)) AS top5_counterparts_minor_90d,
  sum(m90::DOUBLE * m90) AS counterpart_squares_90d
FROM pairs GROUP BY merchant_id
"""


def run(history: Path, out: Path, day: date, *, latest: str = LATEST) -> None:
    """The 55 columns of `day`, in `out`."""
    with duckdb.connect(
        config={"memory_limit": "4GB", "preserve_insertion_order": "false"}
    ) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        said = {"end": end_of(day), "day": day_number(day), "latest": latest}
        files = f"'{history}/payments/*.parquet'"
        connection.execute(f"CREATE TEMP VIEW payments AS SELECT * FROM read_parquet({files})")
        if latest:
            connection.execute(CORRECTED.format(**said))
        connection.execute(KNOWN.format(**said))
        connection.execute(days_sql())
        connection.execute(PAIRS)
        found = connection.execute(joined_sql(history, day)).fetchnumpy()
    ids = found.pop("entity_id")
    measures = {name: np.ma.filled(values.astype(float), np.nan) for name, values in found.items()}
    answer(ids, measures, out)


def run_uncorrected(history: Path, out: Path, day: date) -> None:
    """The same where every row counts, corrected ones too: wrong, and what is often written."""
    run(history, out, day, latest="")


def days_sql() -> str:
    """Everything that adds up, by merchant and day."""
    sums = ", ".join(
        f"sum(CASE WHEN {rows} THEN {of} ELSE 0 END) AS {name}" for name, of, rows in SUMS
    )
    grouped = "FROM known GROUP BY merchant_id, ago"
    return f"CREATE TEMP TABLE days AS SELECT merchant_id, ago, {sums} {grouped}"


def joined_sql(history: Path, day: date) -> str:
    """One row an entity whose profile is known."""
    known = f"FROM '{history}/merchants.parquet' WHERE recorded_at < TIMESTAMP '{end_of(day)}'"
    zero = ", ".join(f"coalesce({name}, 0) AS {name}" for name in (*_windows(day), *_ACTIVE))
    return f"""
SELECT merchant_id AS entity_id, COLUMNS(trading.* EXCLUDE (merchant_id, {", ".join(_ACTIVE)})),
  COLUMNS(payers.* EXCLUDE (merchant_id)), {zero}
FROM (SELECT DISTINCT merchant_id {known}) m
LEFT JOIN ({windows_sql(day)}) sums USING (merchant_id)
LEFT JOIN ({TRADING}) trading USING (merchant_id)
LEFT JOIN ({PAYERS}) payers USING (merchant_id) ORDER BY merchant_id
"""


_ACTIVE = tuple(f"active_days_{days}d" for days in (7, 30, 90, 180))


def windows_sql(day: date) -> str:
    """Days into windows."""
    sums = ", ".join(
        f"sum(CASE WHEN {rows} THEN {of} ELSE 0 END) AS {name}"
        for name, (of, rows) in _windows(day).items()
    )
    return f"SELECT merchant_id, {sums} FROM days GROUP BY merchant_id"


def _windows(day: date) -> dict[str, tuple[str, str]]:
    return dict(_window_rows(day_number(day)))


def _window_rows(day: int) -> Iterator[tuple[str, tuple[str, str]]]:
    for amount, _, _ in SUMS:
        for span in WINDOWS.get(amount, ("90d",)):
            first, end = SPANS[span]
            yield f"{amount}_{span}", (amount, f"ago >= {first} AND ago < {end}")
    for week in WEEKS:
        rows = f"ago >= {7 * week} AND ago < {7 * week + 7}"
        yield f"payment_minor_week_{week}", ("payment_minor", rows)
    for weekday in range(7):
        rows = f"ago < 84 AND ({day} - ago) % 7 = {weekday}"
        yield f"payment_minor_weekday_{weekday}", ("payment_minor", rows)
