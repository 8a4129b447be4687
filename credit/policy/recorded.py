"""What a decision rested on, read back from how it was recorded."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from credit.contract import MERCHANT_LOAN
from credit.policy.application import LoanApplication, WaiverApplication
from credit.policy.decision import Scored
from credit.policy.evidence import Evidence, Freshness


def application_of(product: str, request: Mapping[str, Any]) -> LoanApplication | WaiverApplication:
    """The application that a recorded request made."""
    if product == MERCHANT_LOAN:
        return LoanApplication(
            application_id=request["application_id"],
            merchant_id=request["merchant_id"],
            amount_minor=request["amount_minor"],
            currency=request["currency"],
            term_days=request["term_days"],
            context=request.get("context", {}),
        )
    return WaiverApplication(
        user_id=request["user_id"],
        scene=request["scene"],
        deposit_minor=request["deposit_minor"],
        currency=request["currency"],
        due_at=datetime.fromisoformat(request["due_at"]),
        context=request.get("context", {}),
    )


def evidence_of(known: Mapping[str, Any]) -> Evidence:
    """The evidence that was recorded."""
    as_of = datetime.fromisoformat(known["as_of"]) if known["as_of"] else None
    return Evidence(known["values"], as_of, Freshness(known["freshness"]), known["detail"])


def scored_of(scored: Sequence[Mapping[str, Any]]) -> tuple[Scored, ...]:
    """The candidates as they were scored."""
    return tuple(
        Scored(one["amount_minor"], one["term_days"], one["probability"], tuple(one["reasons"]))
        for one in scored
    )
