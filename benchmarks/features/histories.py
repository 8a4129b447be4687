"""Made-up histories of any size, quickly: what is drawn of a row is a hash of its number.

A year of payments of 20,000 merchants, few of them large. 15 in 100 payments name no payer, one in
a thousand is by the merchant itself; one row in 50 comes in up to 30 days late, one in 200 is
corrected a month or more after it happened. Half of the merchants have three loans.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

MERCHANTS = 20_000
FIRST_DAY, DAYS = date(2025, 7, 1), 365
AS_OF = date(2026, 6, 29)  # the day that is asked for: what was recorded later is not known yet
PART_ROWS = 5_000_000
LATE_ONE_IN, CORRECTED_ONE_IN, SELF_ONE_IN, ANONYMOUS_PERCENT = 50, 200, 1000, 15

_DRAWN = """
WITH numbered AS (SELECT i, {draws} FROM range({first}, {end}) t(i)),
placed AS (SELECT *, (h1 % 1000000) / 1e6 AS place,
  TIMESTAMP '{first_day}'
    + to_microseconds(CAST({span} * (i::DOUBLE / {rows}) AS BIGINT)) AS occurred_at
  FROM numbered),
drawn AS (SELECT *,
  CAST(floor({merchants} * place * sqrt(place)) AS BIGINT) AS merchant FROM placed)
"""
_FIRST = """
SELECT 'p' || lpad(i::VARCHAR, 11, '0') AS payment_id,
  'm' || lpad(merchant::VARCHAR, 6, '0') AS merchant_id,
  CASE WHEN h2 % {self} = 77 THEN 'm' || lpad(merchant::VARCHAR, 6, '0')
    WHEN h2 % 100 < {anonymous} THEN NULL
    WHEN h2 % 100 < 70
      THEN 'u' || lpad(((merchant * 37 + (h3 % 97) * (h3 % 89)) % {users})::VARCHAR, 8, '0')
    ELSE 'u' || lpad((h3 % {users})::VARCHAR, 8, '0') END AS user_id,
  CASE WHEN h4 % 1000 < 930 THEN 'payment' WHEN h4 % 1000 < 965 THEN 'refund'
    WHEN h4 % 1000 < 968 THEN 'chargeback' ELSE 'payout' END AS kind,
  CAST(100 + (h5 % 2000) * (h5 % 53) AS BIGINT) AS amount_minor, 'CNY' AS currency,
  ['retail', 'food', 'hotel', 'bike'][CAST(1 + (h6 % 4) AS BIGINT)] AS scene, 'app' AS channel,
  CASE WHEN h5 % 11 = 0 THEN 3 ELSE 1 END AS instalments,
  CASE WHEN h5 % 13 = 0 THEN 50 ELSE 0 END AS subsidy_minor,
  NULL::VARCHAR AS refers_to, occurred_at,
  CASE WHEN h3 % {late} = 0 THEN occurred_at + to_hours(CAST(h2 % 720 AS INT))
    ELSE occurred_at + to_seconds(CAST(h2 % 60 AS INT)) END AS recorded_at
FROM drawn
"""
_CORRECTED = """
SELECT 'p' || lpad(i::VARCHAR, 11, '0'), 'm' || lpad(merchant::VARCHAR, 6, '0'), NULL, 'payment',
  CAST(77 + (h5 % 9999) AS BIGINT), 'CNY', 'food', 'app', 1, 0, NULL, occurred_at,
  occurred_at + to_hours(CAST(750 + h2 % 400 AS INT))
FROM drawn WHERE h3 % {corrected} = 1
"""
_MERCHANTS = """
SELECT 'm' || lpad(i::VARCHAR, 6, '0') AS merchant_id,
  DATE '2020-01-01' + CAST(hash(i) % 1500 AS INT) AS opened_on,
  ['food', 'retail', 'hotel'][CAST(1 + hash(i) % 3 AS BIGINT)] AS industry,
  1 + (i % 5) AS city_tier, TIMESTAMP '2025-01-01' AS recorded_at
FROM range({merchants}) t(i)
"""
_LOANS = """
SELECT 'l' || i AS loan_id, 'm' || lpad((i // 3 * 2)::VARCHAR, 6, '0') AS merchant_id,
  CAST(100000 + hash(i) % 4000000 AS BIGINT) AS principal_minor, 0.12 AS apr, 180 AS term_days,
  TIMESTAMP '2025-02-01' + to_days(CAST((i % 3) * 150 + hash(i) % 90 AS INT)) AS disbursed_at,
  'active' AS status,
  disbursed_at AS recorded_at
FROM range({loans}) t(i)
"""
_REPAYMENTS = """
WITH due AS (SELECT loan_id, n, principal_minor // 6 AS due_minor, disbursed_at,
  CAST(disbursed_at AS DATE) + CAST(30 * n AS INT) AS due_on, hash(loan_id, n) AS h
  FROM ({loans}), range(1, 7) t(n)),
paid AS (SELECT *, CAST(due_on AS TIMESTAMP) + to_hours(CAST(h % 240 AS INT) - 100) AS paid
  FROM due)
SELECT loan_id || '-' || n AS repayment_id, loan_id, due_on, due_minor,
  NULL::BIGINT AS paid_minor, NULL::TIMESTAMP AS paid_at, disbursed_at AS recorded_at FROM paid
UNION ALL
SELECT loan_id || '-' || n, loan_id, due_on, due_minor, due_minor, paid, paid FROM paid
WHERE h % 20 > 0 AND paid < TIMESTAMP '2026-08-15'
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of a history there is; a payer for 20 payments."""

    payments: int
    merchants: int = MERCHANTS

    @property
    def users(self) -> int:
        """Payers that there are to draw from."""
        return max(20_000, self.payments // 20)


def made(folder: Path, size: Size) -> Path:
    """The history of `size` in `folder`, made before or now; parts follow one another in time."""
    import duckdb

    place = folder / f"{size.payments}-{size.merchants}"
    if place.exists():
        return place
    part = place.with_suffix(".part")
    (part / "payments").mkdir(parents=True, exist_ok=True)
    settings = {"memory_limit": "4GB", "preserve_insertion_order": "false"}
    with duckdb.connect(config=settings) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for number, first in enumerate(range(0, size.payments, PART_ROWS)):
            rows = payments_sql(size, first, min(size.payments, first + PART_ROWS))
            _write(connection, rows, part / "payments" / f"part-{number:03d}.parquet")
        for name, rows in _small_tables(size).items():
            _write(connection, rows, part / f"{name}.parquet")
    part.rename(place)
    return place


def payments_sql(size: Size, first: int, end: int) -> str:
    """Rows of the payments numbered `first` to `end` (exclusive), corrections among them."""
    drawn = _DRAWN.format(
        draws=", ".join(f"hash(i * 7 + {n}) AS h{n}" for n in range(1, 7)),
        first=first,
        end=end,
        first_day=FIRST_DAY,
        span=DAYS * 86_400_000_000,
        rows=size.payments,
        merchants=size.merchants,
    )
    rows = _FIRST.format(
        self=SELF_ONE_IN, anonymous=ANONYMOUS_PERCENT, users=size.users, late=LATE_ONE_IN
    )
    return f"{drawn} {rows} UNION ALL {_CORRECTED.format(corrected=CORRECTED_ONE_IN)}"


def _small_tables(size: Size) -> dict[str, str]:
    loans = _LOANS.format(loans=3 * (size.merchants // 2))
    return {
        "merchants": _MERCHANTS.format(merchants=size.merchants),
        "loans": loans,
        "repayments": _REPAYMENTS.format(loans=loans),
    }


def _write(connection, rows: str, file: Path) -> None:  # noqa: ANN001 - a DuckDB connection
    connection.execute(f"COPY ({rows}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")


def delivered(history: Path, folder: Path, last: date) -> tuple[Path, Path]:
    """The same rows as they would have been delivered by the end of `last`, and the day after.

    The first is a data directory; the second the one further part of payments that came on the
    next day, late rows and corrections of earlier days among them.
    """
    import duckdb

    base, day = folder / "base", folder / "next.parquet"
    (base / "payments").mkdir(parents=True)
    end = last + timedelta(days=1)
    with duckdb.connect(config={"memory_limit": "4GB"}) as connection:
        for file in sorted((history / "payments").glob("*.parquet")):
            known = f"FROM '{file}' WHERE recorded_at < TIMESTAMP '{end}'"
            _write(connection, known, base / "payments" / file.name)
        new = (
            f"FROM '{history}/payments/*.parquet' WHERE recorded_at >= TIMESTAMP '{end}'"
            f" AND recorded_at < TIMESTAMP '{end + timedelta(days=1)}'"
        )
        _write(connection, new, day)
    for table in ("merchants", "loans", "repayments"):
        (base / f"{table}.parquet").symlink_to(history / f"{table}.parquet")
    return base, day
