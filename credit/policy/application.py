"""What is asked: a loan for a merchant, a waived deposit for a user."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LoanApplication:
    """A merchant's request for an unsecured loan."""

    application_id: str
    merchant_id: str
    amount_minor: int
    currency: str
    term_days: int


@dataclass(frozen=True, slots=True)
class WaiverApplication:
    """A user's request to skip the deposit of one order, which ends at `due_at` (aware, UTC)."""

    user_id: str
    scene: str
    deposit_minor: int
    currency: str
    due_at: datetime
