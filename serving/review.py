"""Reviews: a person resolves a loan that was referred, within what the policy leaves open."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from credit.contract import MERCHANT_LOAN
from credit.ledger.lifecycle import ILLEGAL_STATUS, Refused
from credit.policy.application import LoanApplication
from credit.policy.decision import offered
from credit.policy.recorded import application_of, evidence_of, scored_of
from credit.policy.requests import against_loan
from credit.policy.review import reviewed_offers
from credit.policy.terms import Policy
from records import claims, counters, journal, lines, loans, reviews, subjects, switches
from records.claims import Claim, Claimant
from records.instants import instant_of, instant_text
from records.journal import Entry
from records.loans import Reservation
from records.store import Connection, Transaction
from serving.rules import Rules

APPROVE, DECLINE, REFER = "approve", "decline", "refer"
OUTCOMES = (APPROVE, DECLINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A person's word on a loan that was referred."""

    partner: str
    decision_id: str
    outcome: str
    reason: str
    reviewer: str
    rules: Rules

    @property
    def policy(self) -> Policy:
        """The policy within which it may be granted."""
        return self.rules.policy

    def __call__(self, transaction: Transaction) -> dict[str, Any] | Refused:
        """The decision as it stands then, or why it may not be."""
        connection = transaction.connection
        entry = journal.read(connection, partner=self.partner, decision_id=self.decision_id)
        if entry is None:
            told = f"no decision has this decision_id: {self.decision_id!r}"
            return Refused("NOT_FOUND", told, "send the id of a decision")
        if refused := _not_reviewable(connection, entry):
            return refused
        granted: dict[str, Any] | Refused = {}
        if self.outcome == APPROVE:
            granted = self._against(transaction, entry) or self._granted(transaction, entry)
        if isinstance(granted, Refused):
            return granted
        word: dict[str, Any] = {"outcome": self.outcome, "reason": self.reason}
        word["reviewer"] = self.reviewer
        policy = {"name": self.policy.name, "version": self.policy.version}
        policy["sha256"] = self.policy.sha256
        word |= {"at": instant_text(transaction.at), "policy": policy}
        stands = {**entry["decision"], "outcome": self.outcome, **granted, "review": word}
        return reviews.write(
            transaction, partner=self.partner, decision_id=self.decision_id, resolved=stands
        )

    def _against(self, transaction: Transaction, entry: Entry) -> Refused | None:
        """Why nobody may approve it now: stopped, forgotten, too old, or no longer offered."""
        if stopped := self._stopped(transaction.connection):
            return _again(f"decisions are stopped: {stopped}")
        token = reviews.token_of(transaction.connection, self.decision_id)
        if subjects.names(transaction.connection, [token])[token] is None:
            return _again("the merchant was erased")
        age = transaction.now - instant_of(entry["decided_at"])
        if age > timedelta(hours=self.policy.loan.offer_valid_hours):
            return _again(f"it was decided {age.days} days ago, on what was known then")
        asked = application_of(entry["product"], entry["request"])
        assert isinstance(asked, LoanApplication)  # noqa: S101 - only loans are reviewed
        against = ", ".join(against_loan(asked, self.policy.loan))
        return _again(f"the policy in force says {against}") if against else None

    def _stopped(self, connection: Connection) -> str | None:
        """What stops decisions at this very moment."""
        for switch in switches.stopped(connection):
            if switch.covers(product=MERCHANT_LOAN, partner=self.partner, scene=None):
                return switch.words
        return self.rules.stopped

    def _granted(self, transaction: Transaction, entry: Entry) -> dict[str, Any] | Refused:
        """The offers that approval makes, the largest taken of the line."""
        now, live, connection = transaction.now, self.rules.live, transaction.connection
        token = reviews.token_of(connection, self.decision_id)
        shares = live.shares(MERCHANT_LOAN, self.partner)
        used = counters.read(connection, [share.counter for share in shares])
        line = lines.of_token(connection, token)
        made = reviewed_offers(
            evidence_of(entry["evidence"]),
            scored_of(entry["scored"]),
            policy=self.policy,
            room=live.room(MERCHANT_LOAN, self.partner, line, used, at=now),
            at=now,
        )
        if not made:
            return _again("without a score there is no price, or there is no room")
        largest = max(offer.amount_minor for offer in made)
        expires_at = now + timedelta(hours=self.policy.loan.offer_valid_hours)
        asked = Reservation(
            decision_id=self.decision_id,
            amount_minor=largest,
            expires_at=expires_at,
            industry=live.industry,
        )
        ceiling_minor = self.policy.exposure_max_minor(MERCHANT_LOAN)
        claim = Claim(takes=asked, ceiling_minor=ceiling_minor, shares=shares)
        claimant = Claimant(claim=claim, partner=self.partner, token=token)
        if not claims.take(transaction, claimant):
            return _again("there is no room any more")
        loans.reserved(transaction, asked, partner=self.partner, token=token)
        return offered(largest, made) | {"expires_at": instant_text(expires_at)}


def _again(why: str) -> Refused:
    told = f"nothing can be offered: {why}"
    return Refused(ILLEGAL_STATUS, told, "decline it, or let the merchant apply again")


def standing(connection: Connection, *, partner: str, decision_id: str) -> dict[str, Any] | None:
    """A decision's answer as it stands: as it was made, or as a review resolved it."""
    entry = journal.read(connection, partner=partner, decision_id=decision_id)
    return None if entry is None else resolved(connection, entry)


def resolved(connection: Connection, entry: Entry) -> dict[str, Any]:
    """The answer of an entry, or what a review made of it."""
    return reviews.read(connection, entry["decision_id"]) or entry["decision"]


def _not_reviewable(connection: Connection, entry: Entry) -> Refused | None:
    before = reviews.read(connection, entry["decision_id"])
    if before is not None:
        told = f"{before['review']['reviewer']} has reviewed this decision"
        return Refused(ILLEGAL_STATUS, told, "one review resolves a decision")
    outcome = entry["decision"]["outcome"]
    if entry["product"] != MERCHANT_LOAN or outcome != REFER:
        told = f"the decision on this {entry['product']} is {outcome}"
        return Refused(ILLEGAL_STATUS, told, "only a loan that was referred is reviewed")
    return None
