"""The wholesaler's invoices against the raw file."""

from collections import defaultdict
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data.check import check
from data.importers import import_data

NOW = datetime(2026, 6, 1, tzinfo=UTC)
COLUMNS = ["InvoiceNo", "Quantity", "UnitPrice", "CustomerID"]


@pytest.fixture(scope="module")
def retail(shared_datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("imported") / "retail"
    import_data("onlineretail", [shared_datasets / "onlineretail.parquet"], out)
    return out


@pytest.fixture(scope="module")
def payments(retail: Path) -> list[dict]:
    return pq.read_table(retail / "payments.parquet").to_pylist()


@pytest.fixture(scope="module")
def invoices(shared_datasets: Path) -> dict[str, Decimal]:
    """What each invoice of a known customer comes to, from the raw lines."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    columns = pq.read_table(shared_datasets / "onlineretail.parquet", columns=COLUMNS).to_pydict()
    for number, quantity, price, customer in zip(*columns.values(), strict=True):
        counts = quantity < 0 if number.startswith("C") else quantity > 0
        if customer is not None and counts and price > 0:
            sums[number] += Decimal(str(abs(quantity))) * Decimal(str(price))
    return sums


def test_it_keeps_the_contract(retail: Path) -> None:
    report = check(retail, now=NOW)
    assert (report.violations, report.warnings) == ((), ())
    assert report.rows == {"merchants": 4_372, "payments": 22_186}


def test_every_cancellation_of_a_known_customer_is_a_refund(
    payments: list[dict], shared_datasets: Path
) -> None:
    raw = pq.read_table(shared_datasets / "onlineretail.parquet", columns=COLUMNS).to_pydict()
    numbers = zip(raw["InvoiceNo"], raw["CustomerID"], strict=True)
    cancelled = {number for number, customer in numbers if number[0] == "C" and customer}
    assert {p["payment_id"] for p in payments if p["kind"] == "refund"} == cancelled
    assert len(cancelled) == 3_654


def test_cancellations_without_a_customer_are_counted(
    shared_datasets: Path, tmp_path: Path
) -> None:
    raw = pq.read_table(shared_datasets / "onlineretail.parquet", columns=COLUMNS).to_pydict()
    numbers = zip(raw["InvoiceNo"], raw["CustomerID"], strict=True)
    nobodys = {number for number, customer in numbers if number[0] == "C" and not customer}
    file = shared_datasets / "onlineretail.parquet"
    summary = import_data("onlineretail", [file], tmp_path / "out")
    assert summary.left_out["cancellations without a customer"] == len(nobodys) == 182


def test_every_invoice_is_one_payment_of_what_its_lines_come_to(
    payments: list[dict], invoices: dict[str, Decimal]
) -> None:
    expected = {
        number: int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
        for number, amount in invoices.items()
    }
    assert {p["payment_id"]: p["amount_minor"] for p in payments} == expected


def test_a_refund_refers_to_an_earlier_invoice_of_the_same_customer(payments: list[dict]) -> None:
    by_id = {payment["payment_id"]: payment for payment in payments}
    matched = [payment for payment in payments if payment["refers_to"]]
    assert len(matched) == 2_500
    for refund in matched:
        paid = by_id[refund["refers_to"]]
        assert (refund["kind"], paid["kind"]) == ("refund", "payment")
        assert paid["merchant_id"] == refund["merchant_id"]
        assert paid["occurred_at"] <= refund["occurred_at"]
        assert refund["amount_minor"] <= paid["amount_minor"]
