"""Whom the demo asks about: applicants of the last days who exist in the histories."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN


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
    """The latest approved loan application, asked again today."""
    row = _latest_approved(histories, MERCHANT_LOAN)
    body = {
        "application_id": f"demo-{as_of}",
        "merchant_id": row["entity_id"],
        "amount_minor": row["requested_minor"],
        "currency": "CNY",
        "term_days": row["term_days"],
    }
    return Request("/v1/merchant-loans/decisions", body)


def waiver_request(histories: Path, as_of: date) -> Request:
    """The latest approved deposit order, asked again: due back the day after tomorrow."""
    row = _latest_approved(histories, DEPOSIT_WAIVER)
    due_at = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) + timedelta(days=3)
    body = {
        "user_id": row["entity_id"],
        "scene": row["scene"],
        "deposit_minor": row["requested_minor"],
        "currency": "CNY",
        "due_at": due_at.isoformat().replace("+00:00", "Z"),
    }
    return Request("/v1/deposit-waivers/decisions", body)


def _latest_approved(histories: Path, product: str) -> dict[str, object]:
    from features.sources import open_history

    applications = open_history(histories).table("applications")
    approved = applications.filter(
        applications["product"] == product, applications["outcome"] == "approve"
    )
    ordered = approved.order_by(approved["applied_at"].desc(), approved["application_id"])
    return ordered.limit(1).to_pyarrow().to_pylist()[0]
