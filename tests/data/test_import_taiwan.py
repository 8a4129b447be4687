"""Taiwan's card clients against the raw file."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data.check import check
from data.importers import import_data

NOW = datetime(2005, 10, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def taiwan(shared_datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("imported") / "taiwan"
    import_data("taiwan", [shared_datasets / "taiwan.parquet"], out)
    return out


def _read(directory: Path, table: str) -> list[dict]:
    return pq.read_table(directory / f"{table}.parquet").to_pylist()


def test_it_keeps_the_contract_on_the_day_of_observation(taiwan: Path) -> None:
    report = check(taiwan, now=NOW)
    assert (report.violations, report.warnings) == ((), ())
    assert report.rows == {
        "users": 30_000,
        "bills": 330_000,
        "outcomes": 30_000,
        "protected": 120_000,
    }


def test_labels_and_lines_are_those_of_the_raw_file(taiwan: Path, shared_datasets: Path) -> None:
    raw = pq.read_table(shared_datasets / "taiwan.parquet").to_pylist()
    bad = {row["reference_id"]: row["bad"] for row in _read(taiwan, "outcomes")}
    assert bad == {str(row["ID"]): row["default.payment.next.month"] for row in raw}
    lines = {row["user_id"]: row["credit_line_minor"] for row in _read(taiwan, "users")}
    assert lines == {str(row["ID"]): row["LIMIT_BAL"] * 100 for row in raw}


def test_all_outcomes_are_seen_at_one_time(taiwan: Path) -> None:
    times = {(row["observed_at"], row["matured_at"]) for row in _read(taiwan, "outcomes")}
    assert times == {(datetime(2005, 10, 1), datetime(2005, 11, 1))}  # noqa: DTZ001


def test_every_bill_and_its_later_payment_are_those_of_the_raw_file(
    taiwan: Path, shared_datasets: Path
) -> None:
    raw = pq.read_table(shared_datasets / "taiwan.parquet").slice(0, 500).to_pylist()
    bills = pq.read_table(taiwan / "bills.parquet").to_pylist()
    made = {(bill["bill_id"], bill["paid_minor"] is None): bill for bill in bills}
    for row in raw:
        for k, month in enumerate((9, 8, 7, 6, 5, 4), start=1):
            statement = made[f"{row['ID']}-2005-{month:02}", True]
            delay = row["PAY_0" if k == 1 else f"PAY_{k}"]
            assert statement["billed_minor"] == row[f"BILL_AMT{k}"] * 100
            assert statement["past_due_days"] == 30 * max(delay, 0)
            assert statement["recorded_at"].month == month
            if k > 1:
                paid = made[f"{row['ID']}-2005-{month:02}", False]
                assert paid["paid_minor"] == row[f"PAY_AMT{k - 1}"] * 100
                assert paid["recorded_at"].month == month + 1


def test_the_payment_of_the_last_bill_is_unknown(taiwan: Path) -> None:
    september = [b for b in _read(taiwan, "bills") if b["due_on"] == date(2005, 10, 31)]
    assert len(september) == 30_000
    assert {bill["paid_minor"] for bill in september} == {None}


def test_nothing_is_recorded_after_the_day_before_the_decision(taiwan: Path) -> None:
    latest = max(bill["recorded_at"] for bill in _read(taiwan, "bills"))
    assert latest == datetime(2005, 9, 30, 23, 59, 59)  # noqa: DTZ001


def test_a_credit_balance_stays_negative(taiwan: Path) -> None:
    assert min(bill["billed_minor"] for bill in _read(taiwan, "bills")) == -33_960_300


def test_the_licence_asks_for_attribution_and_gets_it(taiwan: Path) -> None:
    manifest = json.loads((taiwan / "manifest.json").read_text())
    assert manifest["licence"] == "CC BY 4.0"
    assert "Yeh" in manifest["attribution"]
    assert "defaulted" in manifest["label"]
