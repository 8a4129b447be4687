"""Whom the demo asks about: applicants of the last days who exist in the histories."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from credit.contract import DEPOSIT_WAIVER

LATELY = 30  # borrowers


@dataclass(frozen=True, slots=True)
class Request:
    """A call of the service: its path and the body to send."""

    path: str
    body: dict[str, object]

    def lines(self) -> Iterator[str]:
        """The request as a person reads it."""
        yield f"  POST {self.path}"
        yield "  " + ", ".join(f"{name}={value}" for name, value in self.body.items())


def loan_request(histories: Path, as_of: date) -> Request:
    """Of those who paid back lately and owe nothing, the largest borrower asks again."""
    row = _largest_paid_back(histories)
    body = {
        "application_id": f"demo-{as_of}-{row['merchant_id']}",
        "merchant_id": row["merchant_id"],
        "amount_minor": row["principal_minor"],
        "currency": "CNY",
        "term_days": row["term_days"],
    }
    return Request("/v1/merchant-loans/decisions", body)


def waiver_request(histories: Path, as_of: date) -> Request:
    """The latest approved deposit order, ordered again: due back the day after tomorrow."""
    row = _latest_waived(histories)
    due_at = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) + timedelta(days=3)
    body = {
        "out_order_no": f"demo-{as_of}-{row['entity_id']}",
        "user_id": row["entity_id"],
        "scene": row["scene"],
        "deposit_minor": row["requested_minor"],
        "currency": "CNY",
        "due_at": due_at.isoformat().replace("+00:00", "Z"),
    }
    return Request("/v1/deposit-waivers", body)


def _largest_paid_back(histories: Path) -> dict[str, object]:
    from features.sources import open_history

    with open_history(histories) as history:
        versions = history.table("loans").order_by("recorded_at", "loan_id").to_pyarrow()
    loans = {row["loan_id"]: row for row in versions.to_pylist()}  # the latest version stays
    owing = {row["merchant_id"] for row in loans.values() if row["status"] != "closed"}
    free = (row for row in loans.values() if row["merchant_id"] not in owing)
    lately = sorted(free, key=lambda row: (row["recorded_at"], row["loan_id"]))[-LATELY:]
    return max(lately, key=lambda row: row["principal_minor"])


def _latest_waived(histories: Path) -> dict[str, object]:
    from features.sources import open_history

    with open_history(histories) as history:
        orders = history.table("applications")
        waived = orders.filter(orders["product"] == DEPOSIT_WAIVER, orders["outcome"] == "approve")
        ordered = waived.order_by(waived["applied_at"].desc(), waived["application_id"])
        latest: dict[str, object] = ordered.limit(1).to_pyarrow().to_pylist()[0]
    return latest
