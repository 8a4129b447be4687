"""Changes of the ledger, each a work of one transaction: looked up, judged and written there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from credit.contract import ENTITY_OF, MERCHANT_LOAN
from credit.ledger.exposure import Line, room_minor
from credit.ledger.hold import HoldMove
from credit.ledger.lifecycle import ILLEGAL_STATUS, Refused
from credit.ledger.loan import LoanMove
from credit.policy.terms import Policy
from records import holds, lines, loans
from records.instants import instant_text
from records.store import Connection, Transaction
from serving.review import standing

OFFER_UNKNOWN, LOAN_DIFFERS, NOT_FOUND = "OFFER_UNKNOWN", "LOAN_DIFFERS", "NOT_FOUND"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldChange:
    """A capture, a release or a settlement of a partner's hold."""

    partner: str
    auth_no: str
    move: HoldMove
    amount_minor: int | None = None
    complete: bool = False

    def __call__(self, transaction: Transaction) -> dict[str, Any] | Refused:
        """The hold after it, or why it may not be."""
        return holds.operate(
            transaction,
            self.move,
            partner=self.partner,
            auth_no=self.auth_no,
            amount_minor=self.amount_minor,
            complete=self.complete,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A merchant's word on one of the offers of a decision."""

    partner: str
    decision_id: str
    loan_no: str
    amount_minor: int
    term_days: int

    def __call__(self, transaction: Transaction) -> dict[str, Any] | Refused:
        """The loan, now exposure; or why it may not be."""
        connection = transaction.connection
        decision = standing(connection, partner=self.partner, decision_id=self.decision_id)
        if decision is None or decision["product"] != MERCHANT_LOAN:
            return _unknown("loan decision has this decision_id", self.decision_id)
        kept = loans.find(connection, partner=self.partner, loan_no=self.loan_no)
        if kept is not None:
            return self._again(connection, kept)
        kept = loans.find_approval(connection, partner=self.partner, decision_id=self.decision_id)
        if kept is None:
            problem = f"decision {self.decision_id} is {decision['outcome']}"
            return Refused(ILLEGAL_STATUS, problem, "only an approved loan can be accepted")
        offer = self._offer(decision)
        if isinstance(offer, Refused):
            return offer
        return loans.accept(transaction, kept, loan_no=self.loan_no, terms=offer)

    def _again(self, connection: Connection, kept: loans.KeptLoan) -> dict[str, Any] | Refused:
        """A loan that was accepted before: the same again is answered, another is refused."""
        same = (
            kept.decision_id == self.decision_id
            and kept.loan.principal_minor == self.amount_minor
            and (kept.terms or {}).get("term_days") == self.term_days
        )
        if same:
            return loans.read(connection, kept)
        problem = f"loan_no {self.loan_no!r} was accepted with other content"
        return Refused(LOAN_DIFFERS, problem, "send a new loan_no")

    def _offer(self, decision: Mapping[str, Any]) -> dict[str, Any] | Refused:
        made: list[dict[str, Any]] = decision["offers"]
        for offer in made:
            if (offer["amount_minor"], offer["term_days"]) == (self.amount_minor, self.term_days):
                return offer
        known = ", ".join(f"{one['amount_minor']} for {one['term_days']} days" for one in made)
        problem = f"{self.amount_minor} for {self.term_days} days was not offered"
        return Refused(OFFER_UNKNOWN, problem, f"accept one of: {known}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanEvent:
    """What a lender says has happened to a loan."""

    partner: str
    loan_no: str
    event: LoanMove
    amount_minor: int | None
    occurred_at: datetime

    def __call__(self, transaction: Transaction) -> dict[str, Any] | Refused:
        """The loan after it, or why it may not be."""
        kept = loans.find(transaction.connection, partner=self.partner, loan_no=self.loan_no)
        if kept is None:
            return _unknown("loan has this loan_no", self.loan_no)
        return loans.happened(
            transaction,
            kept,
            self.event,
            amount_minor=self.amount_minor,
            occurred_at=self.occurred_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """A credit line as its source says it shall be."""

    partner: str
    kind: str
    entity_id: str
    limit_minor: int
    source: str
    valid_until: datetime | None
    policy: Policy

    def __call__(self, transaction: Transaction) -> dict[str, Any]:
        """The line as it stands then."""
        line = lines.put(
            transaction,
            partner=self.partner,
            kind=self.kind,
            entity_id=self.entity_id,
            limit_minor=self.limit_minor,
            source=self.source,
            valid_until=self.valid_until,
        )
        return shown_line(self.kind, self.entity_id, line, self.policy, at=transaction.now)


def shown_line(
    kind: str, entity_id: str, line: Line, policy: Policy, *, at: datetime
) -> dict[str, Any]:
    """A line in the interface's names."""
    [product] = (product for product, entity in ENTITY_OF.items() if entity == kind)
    ceiling = policy.exposure_max_minor(product)
    return {
        "kind": kind,
        "id": entity_id,
        "limit_minor": line.limit_minor,
        "source": line.source,
        "valid_until": instant_text(line.valid_until) if line.valid_until else None,
        "exposure_minor": line.used_minor,
        "room_minor": room_minor(line, ceiling_minor=ceiling, at=at),
    }


def _unknown(what: str, value: str) -> Refused:
    return Refused(NOT_FOUND, f"no {what}: {value!r}", "send one that was answered before")
