"""Small made-up histories with late rows and corrections, and how to open them."""

import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from features.sources import History, open_history
from features.spark_session import spark_session
from tests.stand.presence import missing

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Tables = dict[str, pd.DataFrame]
START = datetime(2026, 1, 1)  # noqa: DTZ001  # tables hold naive UTC
DAYS = 240
SPARK_SETTINGS = {
    "spark.master": "local[2]",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
    # Compiling queries is most of the work where rows are few.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
MERCHANTS = ("m1", "m2", "m3", "m4")
USERS = ("u1", "u2", "u3", "u4", "u5")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[Tables], History]]:
    """Writes tables as a data directory and opens it; closed when the test ends."""
    histories: list[History] = []

    def open_tables(tables: Tables, **how: Any) -> History:
        folder = tmp_path / f"data{len(histories)}"
        write(folder, tables)
        histories.append(open_history(folder, scratch=tmp_path / "scratch", **how))
        return histories[-1]

    yield open_tables
    for history in histories:
        history.close()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[SparkSession]":
    """One small Spark inside this machine, set up as users set up theirs: by Spark's own files."""
    if shutil.which("java") is None:
        missing("Java, which the engine spark needs,")
    folder = tmp_path_factory.mktemp("spark")
    settings = "\n".join(f"{name} {value}" for name, value in SPARK_SETTINGS.items())
    places = f"spark.local.dir {folder}/local\nspark.sql.warehouse.dir {folder}/warehouse\n"
    (folder / "spark-defaults.conf").write_text(f"{settings}\n{places}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(folder))
        session = spark_session()
        yield session
        session.stop()


@pytest.fixture(scope="session")
def made_up() -> Callable[[int], Tables]:
    return made_up_tables


def write(folder: Path, tables: Tables) -> None:
    folder.mkdir(parents=True)
    for name, rows in tables.items():
        rows.to_parquet(folder / f"{name}.parquet", coerce_timestamps="us", index=False)


def made_up_tables(seed: int) -> Tables:
    """Every table that features read, with rows that come late and rows that are corrected."""
    rng = np.random.default_rng(seed)
    loans = _loans(rng)
    return {
        "merchants": pd.DataFrame(
            {
                "merchant_id": MERCHANTS,
                "opened_on": [date(2025, 6, 1), None, date(2026, 2, 1), date(2026, 6, 1)],
                "industry": ["food", None, "retail", "retail"],
                "city_tier": pd.array([1, 3, None, 2], dtype="Int64"),
            }
        ),
        "users": pd.DataFrame(
            {
                "user_id": USERS,
                "registered_on": [date(2025, 1, 1)] * len(USERS),
                "credit_line_minor": pd.array([500_000, 800_000, None, 0, 100], dtype="Int64"),
            }
        ),
        "payments": _payments(rng),
        "loans": loans,
        "repayments": _repayments(rng, loans),
        "bills": _bills(rng),
        "holds": _holds(rng),
    }


def corrected(rng: np.random.Generator, rows: pd.DataFrame, money: str) -> pd.DataFrame:
    """`rows`, and later versions of a fifth of them with another amount or owner."""
    again = rows[rng.random(len(rows)) < 0.2].copy()
    again[money] = (again[money] * rng.choice([0.5, 2.0, 3.0], len(again))).astype("int64") + 1
    delay = pd.to_timedelta(rng.integers(0, 40 * 24, len(again)) * 60 + 1, unit="min")
    again["recorded_at"] = again["recorded_at"] + delay
    return pd.concat([rows, again]).sample(frac=1, random_state=int(rng.integers(1 << 30)))


def _payments(rng: np.random.Generator) -> pd.DataFrame:
    count = 260
    at = _times(rng, count)
    rows = pd.DataFrame(
        {
            "payment_id": [f"p{number}" for number in range(count)],
            "merchant_id": rng.choice(MERCHANTS[:3], count, p=[0.6, 0.3, 0.1]),
            "user_id": rng.choice(np.array([*USERS[:4], None], dtype=object), count),
            "kind": rng.choice(
                ["payment", "refund", "chargeback", "payout"], count, p=[0.8, 0.1, 0.05, 0.05]
            ),
            "amount_minor": rng.integers(1, 9, count) * rng.choice([5_000, 3_333], count),
            "currency": "CNY",
            "instalments": pd.array(rng.choice([1, 3], count), dtype="Int64"),
            "subsidy_minor": pd.array(rng.choice([0, 50], count), dtype="Int64"),
            "occurred_at": at,
            "recorded_at": at + _lags(rng, count),
        }
    )
    return corrected(rng, rows, "amount_minor")


def _loans(rng: np.random.Generator) -> pd.DataFrame:
    count = 9
    at = _times(rng, count)
    first = pd.DataFrame(
        {
            "loan_id": [f"l{number}" for number in range(count)],
            "merchant_id": rng.choice(MERCHANTS[:3], count),
            "principal_minor": rng.integers(1, 9, count) * 100_000,
            "total_due_minor": pd.array([None] * count, dtype="Int64"),
            "term_days": rng.choice([30, 90], count),
            "disbursed_at": at,
            "status": rng.choice(["active", "cancelled", None], count, p=[0.7, 0.1, 0.2]),
            "recorded_at": at + _lags(rng, count),
        }
    )
    ended = first[rng.random(count) < 0.6].copy()
    ended["status"] = rng.choice(["closed", "written_off", "restructured"], len(ended))
    ended["recorded_at"] = ended["recorded_at"] + pd.Timedelta(days=45)
    return pd.concat([first, ended])


def _repayments(rng: np.random.Generator, loans: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for loan in loans.drop_duplicates("loan_id").itertuples():
        for number in range(3):
            due = loan.disbursed_at + timedelta(days=20 * (number + 1))
            row = {
                "repayment_id": f"{loan.loan_id}-{number}",
                "loan_id": loan.loan_id,
                "due_on": due.date(),
                "due_minor": int(loan.principal_minor // 3),
                "paid_minor": None,
                "paid_at": None,
                "recorded_at": loan.recorded_at,
            }
            rows.append(row)
            for share in rng.choice([0.0, 0.5, 0.995, 1.0], int(rng.integers(0, 3))):
                paid_at = due + timedelta(hours=int(rng.integers(-15 * 24, 40 * 24)))
                paid = {"paid_minor": int(row["due_minor"] * share), "paid_at": paid_at}
                recorded = max(paid_at, loan.recorded_at) + timedelta(hours=int(rng.integers(48)))
                rows.append(row | paid | {"recorded_at": recorded})
    table = pd.DataFrame(rows).drop_duplicates(["repayment_id", "recorded_at"])
    table["paid_minor"] = table["paid_minor"].astype("Int64")
    table["paid_at"] = pd.to_datetime(table["paid_at"])
    return table


def _bills(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for user in USERS[:4]:
        for month in range(int(rng.integers(0, 8))):
            issued = START + timedelta(days=30 * month, hours=int(rng.integers(24)))
            row = {
                "bill_id": f"{user}-{month}",
                "user_id": user,
                "due_on": (issued + timedelta(days=20)).date(),
                "billed_minor": int(rng.integers(-1, 9)) * 10_000,
                "paid_minor": None,
                "paid_at": None,
                "past_due_days": rng.choice([None, 0, 0, 30, 60]),
                "credit_line_minor": rng.choice([None, 400_000]),
                "recorded_at": issued,
            }
            rows.append(row)
            if rng.random() < 0.7:
                paid_at = issued + timedelta(days=int(rng.integers(1, 50)))
                paid = int(max(row["billed_minor"], 0) * rng.choice([0.1, 1.0]))
                paid_row = {"paid_minor": paid, "paid_at": paid_at, "recorded_at": paid_at}
                rows.append(row | paid_row)
    columns = ["bill_id", "user_id", "due_on", "billed_minor", "paid_minor", "paid_at"]
    columns += ["past_due_days", "credit_line_minor", "recorded_at"]
    table = pd.DataFrame(rows, columns=columns)
    whole = ("billed_minor", "paid_minor", "past_due_days", "credit_line_minor")
    table = table.astype(dict.fromkeys(whole, "Int64"))
    return table.assign(
        paid_at=pd.to_datetime(table["paid_at"]), recorded_at=pd.to_datetime(table["recorded_at"])
    )


def _holds(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for number in range(30):
        opened_at = START + timedelta(hours=int(rng.integers(DAYS * 24)))
        row = {
            "hold_id": f"h{number}",
            "user_id": rng.choice(USERS[:4]),
            "scene": rng.choice(["bike", "hotel", "umbrella"]),
            "deposit_minor": int(rng.integers(1, 9)) * 1_000,
            "opened_at": opened_at,
            "due_at": opened_at + timedelta(hours=int(rng.integers(1, 90))),
            "recorded_at": opened_at,
        }
        rows.append(row)
        fate = rng.choice(["open", "returned", "captured", "settled"])
        ended = opened_at + timedelta(hours=int(rng.integers(1, 200)))
        if fate == "returned":
            rows.append(row | {"closed_at": ended, "recorded_at": ended})
        if fate in {"captured", "settled"}:
            taken = row | {"captured_at": ended, "captured_minor": 700, "unpaid_minor": 700}
            rows.append(taken | {"recorded_at": ended})
        if fate == "settled":
            paid = ended + timedelta(days=int(rng.integers(1, 30)))
            rows.append(taken | {"settled_at": paid, "unpaid_minor": 0, "recorded_at": paid})
    table = pd.DataFrame(rows)
    for name in ("closed_at", "captured_at", "settled_at", "captured_minor", "unpaid_minor"):
        table[name] = table.get(name)
    for name in ("closed_at", "captured_at", "settled_at"):
        table[name] = pd.to_datetime(table[name])
    return table.astype({"captured_minor": "Int64", "unpaid_minor": "Int64"})


def _times(rng: np.random.Generator, count: int) -> pd.Series:
    minutes = np.sort(rng.integers(0, DAYS * 24 * 60, count))
    return pd.Series(pd.Timestamp(START) + pd.to_timedelta(minutes, unit="min"))


def _lags(rng: np.random.Generator, count: int) -> pd.Series:
    """Most rows come at once, some up to 30 days late."""
    late = rng.choice([0, 1, 24, 30 * 24], count, p=[0.6, 0.2, 0.1, 0.1])
    return pd.Series(pd.to_timedelta(late, unit="h"))
