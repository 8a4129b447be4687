"""What is asked: a loan for a merchant, a waived deposit for a user."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from credit.policy.evidence import Value


@dataclass(frozen=True, slots=True)
class LoanApplication:
    """A merchant's request for an unsecured loan.

    `context`: facts that the partner sends along, as its policy declares them.
    """

    application_id: str
    merchant_id: str
    amount_minor: int
    currency: str
    term_days: int
    context: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WaiverApplication:
    """A user's request to skip the deposit of one order, which ends at `due_at` (aware, UTC).

    `context`: facts that the partner sends along, as its policy declares them.
    """

    user_id: str
    scene: str
    deposit_minor: int
    currency: str
    due_at: datetime
    context: Mapping[str, Value] = field(default_factory=dict)
