"""A small directory that keeps the contract, for tests to break in one place."""

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

INSTANT = pa.timestamp("us")


def _day(day: int) -> datetime:
    return datetime(2026, 5, day, 12)  # noqa: DTZ001  # files hold naive UTC


def _tables() -> dict[str, dict[str, pa.Array]]:
    days = [_day(1), _day(2), _day(3)]
    return {
        "merchants": {
            "merchant_id": pa.array(["m1", "m2"]),
            "opened_on": pa.array([date(2024, 1, 1), None]),
            "city_tier": pa.array([1, 5]),
        },
        "users": {
            "user_id": pa.array(["u1", "u2"]),
            "registered_on": pa.array([date(2024, 1, 1), date(2025, 1, 1)]),
            "credit_line_minor": pa.array([100_000, None]),
        },
        "payments": {
            "payment_id": pa.array(["p1", "p2", "p3"]),
            "merchant_id": pa.array(["m1", "m2", "m1"]),
            "user_id": pa.array(["u1", None, "u2"]),
            "kind": pa.array(["payment", "payment", "refund"]),
            "amount_minor": pa.array([1200, 900, 200]),
            "currency": pa.array(["CNY"] * 3),
            "refers_to": pa.array([None, None, "p1"]),
            "occurred_at": pa.array(days, INSTANT),
            "recorded_at": pa.array(days, INSTANT),
        },
        "loans": {
            "loan_id": pa.array(["l1"]),
            "merchant_id": pa.array(["m1"]),
            "principal_minor": pa.array([50_000]),
            "apr": pa.array([0.18]),
            "term_days": pa.array([30]),
            "disbursed_at": pa.array([_day(1)], INSTANT),
            "status": pa.array(["active"]),
            "recorded_at": pa.array([_day(1)], INSTANT),
        },
        "repayments": {
            "repayment_id": pa.array(["r1", "r1"]),
            "loan_id": pa.array(["l1", "l1"]),
            "due_on": pa.array([date(2026, 7, 1)] * 2),
            "due_minor": pa.array([51_000] * 2),
            "paid_minor": pa.array([None, 51_000]),
            "recorded_at": pa.array([_day(1), _day(9)], INSTANT),
        },
        "outcomes": {
            "product": pa.array(["merchant-loan", "deposit-waiver"]),
            "entity_id": pa.array(["m1", "u1"]),
            "reference_id": pa.array(["a1", "h1"]),
            "observed_at": pa.array([_day(1), _day(2)], INSTANT),
            "bad": pa.array([0, 1]),
            "matured_at": pa.array([datetime(2026, 9, 1), _day(9)], INSTANT),  # noqa: DTZ001
        },
    }


class Directory:
    """A data directory under test, and the ways to break it."""

    now = datetime(2026, 6, 1, tzinfo=UTC)

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tables = _tables()
        for name in self._tables:
            self.write(name)

    def write(self, name: str) -> None:
        pq.write_table(pa.table(self._tables[name]), self.file(name))

    def file(self, name: str) -> Path:
        return self.path / f"{name}.parquet"

    def columns(self, name: str) -> dict[str, pa.Array]:
        return dict(self._tables[name])

    def put(
        self, name: str, column: str, values: Sequence, kind: pa.DataType | None = None
    ) -> None:
        """Other values in one column."""
        kind = kind or self._tables[name][column].type
        self._tables[name][column] = pa.array(values, kind)
        self.write(name)

    def put_all(self, name: str, **columns: pa.Array) -> None:
        """Another table in the place of one."""
        self._tables[name] = columns
        self.write(name)

    def drop(self, name: str, column: str) -> None:
        del self._tables[name][column]
        self.write(name)

    def repeat(self, name: str, row: int, **other: object) -> None:
        """One row again, with some values other."""
        whole = pa.table(self._tables[name])
        again = {
            key: [other.get(key, value)]
            for key, value in whole.slice(row, 1).to_pylist()[0].items()
        }
        both = pa.concat_tables([whole, pa.table(again, schema=whole.schema)])
        self._tables[name] = {key: both[key].combine_chunks() for key in both.column_names}
        self.write(name)

    def as_csv(self, name: str) -> Path:
        """The table as csv in place of parquet."""
        self.file(name).unlink()
        file = self.path / f"{name}.csv"
        rows = pa.table(self._tables[name]).to_pylist()
        with file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(self._tables[name]))
            writer.writeheader()
            writer.writerows(rows)
        return file


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    path = tmp_path / "histories"
    path.mkdir()
    return Directory(path)
