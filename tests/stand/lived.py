"""A ledger that has seen some life: every kind of row there is, written as serving writes them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from credit.ledger.hold import HoldMove
from credit.ledger.loan import LoanMove
from credit.policy.life import Event
from records import decisions, holds, lines, loans, policy_moves, subjects, switches
from records.anchors import head
from records.expiry import expire_due
from records.instants import instant_text
from records.policy_versions import Draft, Version
from records.pseudonyms import KIND_OF
from records.store import Records, Transaction

PARTNER = "local"
LOAN, WAIVER = "merchant-loan", "deposit-waiver"
AMPLE_MINOR = 10**12
SUBJECTS_MANY = 400
INDUSTRIES = (None, "mobility", "lodging")


def live(records: Records, *, rows: int, orders_a_batch: int = 40, start: int = 0) -> int:
    """Write until the journal has about `rows` more rows; the next order's number."""
    with records.reading() as connection:
        until = head(connection).seq + rows
    numbers = count(start)
    while True:
        with records.writing() as transaction:
            for number in (next(numbers) for _ in range(orders_a_batch)):
                order(transaction, number)
            transaction.write_out()
            expire_due(transaction)
        with records.reading() as connection:
            if head(connection).seq >= until:
                return next(numbers)


def order(transaction: Transaction, number: int) -> None:
    """One order of a kind that its number chooses, and some of what comes after it."""
    if number % 5 == 0:
        _lend(transaction, number)
    elif number % 5 == 1:
        decide(transaction, number, WAIVER, claim=None)
    else:
        _waive(transaction, number)
    if number % 37 == 0:
        _put_line(transaction, number)
    if number % 391 == 390:
        name = f"user-{number % SUBJECTS_MANY}"
        subjects.erase(transaction, partner=PARTNER, kind="user", entity_id=name)
    if number % 9 == 0:
        _propose_policy(transaction, number)


def decide(
    transaction: Transaction, number: int, product: str, claim: decisions.Claim | None
) -> object:
    """Put a decision on record."""
    kind = KIND_OF[product]
    name = f"{kind}-{number % SUBJECTS_MANY}"
    asked = decisions.Asked(
        partner=PARTNER,
        product=product,
        entity_id=name,
        order_no=f"order-{number}" if claim or product == LOAN else None,
        key=f"key-{number}",
        content_sha256=f"{number:064}",
    )
    entry = {
        "decision_id": f"decision-{number}",
        "partner": PARTNER,
        "product": product,
        "entity_id": name,
        "reference_id": f"reference-{number}",
        "order_no": asked.order_no,
        "decided_at": instant_text(transaction.at),
        "request": {f"{kind}_id": name, "amount_minor": 1_000 + number, "scene": "酒店"},
        "evidence": {"values": {"turnover_30d": number / 7, "trend": None}, "as_of": None},
        "scored": [{"amount_minor": 1_000 + number, "probability": 1 / (2 + number)}],
        "room_minor": AMPLE_MINOR,
        "model": {"name": product, "version": "v1", "sha256": "a" * 64},
        "policy": {"name": "platform", "version": "1", "sha256": "b" * 64},
        "decision": {"outcome": "approve", "credit_minor": 1_000},
        "hold": None,
        "clock": "real",
    }
    return decisions.record(transaction, asked=asked, entry=entry, claim=claim)


def hold_claim(number: int, expires_at: datetime) -> decisions.Claim:
    """What a waived deposit takes of its line."""
    opening = holds.Opening(
        auth_no=f"auth-{number}",
        out_order_no=f"order-{number}",
        decision_id=f"decision-{number}",
        scene="hotel",
        deposit_minor=1_500,
        authorized_minor=1_000,
        expires_at=expires_at,
        industry=INDUSTRIES[number % len(INDUSTRIES)],
    )
    return decisions.Claim(takes=opening, ceiling_minor=AMPLE_MINOR)


def _waive(transaction: Transaction, number: int) -> None:
    expires_at = transaction.now + timedelta(days=-1 if number % 11 == 0 else 30)
    decide(transaction, number, WAIVER, hold_claim(number, expires_at))
    transaction.write_out()
    for move, amount_minor, complete in _moves(number):
        holds.operate(
            transaction,
            move,
            partner=PARTNER,
            auth_no=f"auth-{number}",
            amount_minor=amount_minor,
            complete=complete,
        )


def _moves(number: int) -> Iterator[tuple[HoldMove, int | None, bool]]:
    if number % 3 == 0:
        yield HoldMove.CAPTURE, 300, number % 2 == 0
    if number % 6 == 0:
        yield HoldMove.SETTLE, 200, False
    if number % 4 == 0:
        yield HoldMove.RELEASE, None, False


def _lend(transaction: Transaction, number: int) -> None:
    expires_at = transaction.now + timedelta(days=-1 if number % 3 == 0 else 3)
    asked = loans.Reservation(
        decision_id=f"decision-{number}",
        amount_minor=5_000,
        expires_at=expires_at,
        industry=INDUSTRIES[number % len(INDUSTRIES)],
    )
    decide(transaction, number, LOAN, decisions.Claim(takes=asked, ceiling_minor=AMPLE_MINOR))
    transaction.write_out()
    kept = loans.find_approval(
        transaction.connection, partner=PARTNER, decision_id=f"decision-{number}"
    )
    terms = {"amount_minor": 4_000, "term_days": 90, "apr": 0.18}
    loans.accept(transaction, kept, loan_no=f"loan-{number}", terms=terms)
    for event, amount_minor in ((LoanMove.DISBURSED, 4_000), (LoanMove.REPAID, 1_000)):
        _happen(transaction, number, event, amount_minor)
    if number % 20 == 0:
        _happen(transaction, number, LoanMove.WRITTEN_OFF, 2_500)


def _happen(transaction: Transaction, number: int, event: LoanMove, amount_minor: int) -> None:
    kept = loans.find(transaction.connection, partner=PARTNER, loan_no=f"loan-{number}")
    if kept is not None:
        loans.happened(
            transaction, kept, event, amount_minor=amount_minor, occurred_at=datetime.now(UTC)
        )


def _put_line(transaction: Transaction, number: int) -> None:
    lines.put(
        transaction,
        partner=PARTNER,
        kind="user",
        entity_id=f"user-{number % SUBJECTS_MANY}",
        limit_minor=AMPLE_MINOR + number,
        source="bank",
        valid_until=transaction.now + timedelta(days=365),
    )


def _propose_policy(transaction: Transaction, number: int) -> None:
    """A version of the partner's own; every second one goes live over the one before."""
    draft = Draft(
        name=PARTNER,
        version=str(number),
        layer="partner",
        parent="platform",
        text=f"version = '{number}'",
    )
    version = policy_moves.propose(transaction, draft, by="test")
    events = [Event.CHECKED, Event.PUBLISHED] if number % 18 == 0 else [Event.CHECKED]
    for event in events:
        assert isinstance(version, Version), version
        version = policy_moves.moved(transaction, version, event, by="test")
    if number % 27 == 0:
        what = {"product": WAIVER, "partner": PARTNER, "scene": f"scene-{number % 4}"}
        turn = switches.resume if number % 2 else switches.stop
        turn(transaction, **what, reason="test", by="test")
