"""Requests of the model as works on real records, and what came of them in the model's words."""

import hashlib
import threading
from datetime import UTC, datetime, timedelta

import orjson

from credit.ledger.hold import HoldMove
from credit.ledger.lifecycle import Refused
from credit.ledger.loan import LoanMove
from records import expiry, holds, idempotency, lines, loans
from records.counters import Share
from records.decisions import Asked, Claim, NoRoom, Recorded, Recording
from records.holds import Opening
from records.idempotency import Conflict
from records.instants import instant_text
from records.loans import Reservation
from tests.records.ledger_model import Accept, Authorise, Expire, Happen, Move, Put, Reserve

START = datetime(2026, 6, 30, tzinfo=UTC)


def instant(seconds):
    return START + timedelta(seconds=seconds)


def work_of(request, key, fresh, now):
    """One request under one key as a work; decisions are recorded together where they meet."""
    work = Work(request, key, fresh, now)
    return work.recording() if isinstance(request, Authorise | Reserve) else work


class Work:
    """One request under one key, to be run on a transaction."""

    def __init__(self, request, key, fresh, now):
        self.request, self.key, self.fresh, self.now = request, key, fresh, now

    def __call__(self, transaction):
        request = self.request
        if isinstance(request, Expire):
            return expiry.expire_due(transaction, limit=10**6)
        if isinstance(request, Put):
            return self._put(transaction)
        return idempotency.once(
            transaction,
            effect=self._effect,
            partner=request.partner,
            key=self.key,
            content_sha256=content_of(request),
        )

    def _put(self, transaction):
        request = self.request
        until = None if request.valid_for is None else instant(self.now + request.valid_for)
        return lines.put(
            transaction,
            partner=request.partner,
            kind=request.kind,
            entity_id=request.name,
            limit_minor=request.limit,
            source="test",
            valid_until=until,
        )

    def recording(self):
        """The decision that this request asks for, as serving hands it in."""
        request, hold = self.request, isinstance(self.request, Authorise)
        product = "deposit-waiver" if hold else "merchant-loan"
        name = request.user if hold else request.merchant
        asked = Asked(
            partner=request.partner,
            product=product,
            entity_id=name,
            order_no=request.order,
            key=self.key,
            content_sha256=content_of(request),
        )
        takes = self._opening() if hold else self._reservation()
        claim = self._claim(product, takes) if takes else None
        decision = {"outcome": "approve" if claim else "decline"}
        decision |= {"credit_minor": request.authorized} if hold else {}
        entry = self._entry(product, name, decision)
        return Recording(asked=asked, entry=entry, claim=claim)

    def _claim(self, product, takes):
        request = self.request
        caps = [("partner", request.partner, request.partner_cap)]
        if request.industry:
            caps.append(("industry", request.industry, request.industry_cap))
        shares = tuple(
            Share(product=product, kind=kind, name=name, ceiling_minor=cap)
            for kind, name, cap in caps
        )
        return Claim(takes=takes, ceiling_minor=request.ceiling, shares=shares)

    def _opening(self):
        request = self.request
        if not request.authorized:
            return None
        return Opening(
            auth_no=self.fresh,
            out_order_no=request.order,
            decision_id=self.fresh,
            scene="hotel",
            deposit_minor=request.deposit,
            authorized_minor=request.authorized,
            expires_at=instant(self.now + request.lasts),
            industry=request.industry,
        )

    def _reservation(self):
        ends = instant(self.now + self.request.lasts)
        return Reservation(
            decision_id=self.fresh,
            amount_minor=self.request.amount,
            expires_at=ends,
            industry=self.request.industry,
        )

    def _entry(self, product, name, decision):
        kind = "user" if product == "deposit-waiver" else "merchant"
        return {
            "decision_id": self.fresh,
            "partner": self.request.partner,
            "product": product,
            "entity_id": name,
            "reference_id": self.fresh,
            "order_no": self.request.order,
            "decided_at": instant_text(instant(self.now)),
            "request": {f"{kind}_id": name},
            "evidence": {},
            "scored": [],
            "room_minor": None,
            "model": None,
            "policy": {},
            "decision": decision,
            "hold": None,
            "clock": "fixed",
        }

    def _effect(self, transaction):
        request = self.request
        if isinstance(request, Move):
            return holds.operate(
                transaction,
                HoldMove(request.move),
                partner=request.partner,
                auth_no=request.auth_no,
                amount_minor=request.amount,
                complete=request.complete,
            )
        if isinstance(request, Accept):
            return self._accept(transaction)
        assert isinstance(request, Happen)
        kept = loans.find(transaction.connection, partner=request.partner, loan_no=request.loan_no)
        if kept is None:
            return Refused("NOT_FOUND", "", "")
        return loans.happened(
            transaction,
            kept,
            LoanMove(request.event),
            amount_minor=request.amount,
            occurred_at=instant(self.now),
        )

    def _accept(self, transaction):
        request = self.request
        kept = loans.find_approval(
            transaction.connection, partner=request.partner, decision_id=request.decision_id
        )
        if kept is None:
            return Refused("NOT_FOUND", "", "")
        terms = {"amount_minor": request.amount, "term_days": 30, "apr": "0.1"}
        return loans.accept(transaction, kept, loan_no=request.loan_no, terms=terms)


def content_of(request):
    return hashlib.sha256(repr(request).encode()).hexdigest()


def in_words(outcome):
    """What came of a work, in the model's words; an answer as its bytes."""
    match outcome:
        case Recorded() | bytes():
            return ("answer", outcome.answer if isinstance(outcome, Recorded) else outcome)
        case Refused():
            return ("refused", outcome.code)
        case Conflict():
            return ("conflict", outcome.name)
        case NoRoom():
            shares = {counter[1:]: used for counter, used in outcome.shares.items()}
            return ("no room", outcome.line.used_minor, shares)
        case int():
            return ("expired", outcome)
        case lines.Line():
            until = outcome.valid_until
            seconds = None if until is None else int((until - START).total_seconds())
            return ("line", outcome.used_minor, outcome.limit_minor, seconds)
    raise TypeError(outcome)


def said(answer):
    """What an answer says, its operations as pairs of type and amount."""
    told = orjson.loads(answer)
    hold = told.get("hold")
    for listed in (told, *([hold] if hold else [])):
        if "operations" in listed:
            pairs = [(one["type"], one["amount_minor"]) for one in listed["operations"]]
            listed["operations"] = pairs
    return told


class Gate:
    """A work that keeps the writer busy until others wait behind it: they become one group."""

    def __init__(self):
        self._entered, self._open = threading.Event(), threading.Event()

    def __call__(self, _transaction):
        self._entered.set()
        assert self._open.wait(30)

    def hold(self, group_commit, works):
        """The outcomes of works that shared one transaction, as far as they could."""
        first = group_commit.hand_in(self)
        assert self._entered.wait(30)
        answers = [group_commit.hand_in(work) for work in works]
        self._open.set()
        first.result(30)
        return [answer.result(30) for answer in answers]
