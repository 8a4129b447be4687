"""A loan's whole life: what was reserved is repaid, released, written off or still outstanding."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.ledger.lifecycle import Refused, diagram, moves_from
from credit.ledger.loan import EVENTS, TRANSITIONS, Loan, LoanMove, LoanState, is_due, moved

ENDS_AT = datetime(2026, 7, 1, tzinfo=UTC)
BEFORE, AFTER = ENDS_AT - timedelta(microseconds=1), ENDS_AT
ENDS = {LoanState.EXPIRED, LoanState.CLOSED, LoanState.CANCELLED, LoanState.WRITTEN_OFF}
# Written out here, so that a row lost from the table is missed.
ALLOWED = dict.fromkeys(LoanState, frozenset()) | {
    LoanState.RESERVED: {LoanMove.ACCEPT, LoanMove.EXPIRE},
    LoanState.ACCEPTED: {LoanMove.DISBURSED, LoanMove.CANCELLED},
    LoanState.ACTIVE: {LoanMove.REPAID, LoanMove.RESTRUCTURED, LoanMove.WRITTEN_OFF},
    LoanState.RESTRUCTURED: {LoanMove.REPAID, LoanMove.RESTRUCTURED, LoanMove.WRITTEN_OFF},
}
LEADS_TO = {
    LoanMove.ACCEPT: {LoanState.ACCEPTED},
    LoanMove.EXPIRE: {LoanState.EXPIRED},
    LoanMove.DISBURSED: {LoanState.ACTIVE},
    LoanMove.CANCELLED: {LoanState.CANCELLED},
    LoanMove.REPAID: {LoanState.ACTIVE, LoanState.RESTRUCTURED, LoanState.CLOSED},
    LoanMove.RESTRUCTURED: {LoanState.RESTRUCTURED},
    LoanMove.WRITTEN_OFF: {LoanState.WRITTEN_OFF},
}


@dataclass(frozen=True)
class Step:
    move: LoanMove
    amount_minor: int | None
    at: datetime

    def taken(self, loan):
        return moved(loan, self.move, at=self.at, amount_minor=self.amount_minor)


STEPS = st.builds(
    Step,
    st.sampled_from(LoanMove),
    st.none() | st.integers(-3, 12),
    st.sampled_from([BEFORE, AFTER]),
)
# Most random walks die with the reservation: begin at the moves that lead on.
USUAL = st.sampled_from(
    [
        [],
        [Step(LoanMove.ACCEPT, None, BEFORE)],
        [Step(LoanMove.ACCEPT, None, BEFORE), Step(LoanMove.DISBURSED, None, AFTER)],
    ]
)


@st.composite
def lives(draw):
    """(loan, step, what it came to), from the approval on; a refused step leaves the loan."""
    loan = Loan(principal_minor=draw(st.integers(1, 30)), expires_at=ENDS_AT)
    life = []
    for step in draw(USUAL) + draw(st.lists(STEPS, max_size=20)):
        after = step.taken(loan)
        life.append((loan, step, after))
        loan = loan if isinstance(after, Refused) else after
    return life


def done(life):
    return [(before, step, after) for before, step, after in life if isinstance(after, Loan)]


def gone(loan):
    return (loan.repaid_minor, loan.released_minor, loan.written_off_minor)


@pytest.mark.parametrize("state", LoanState)
@pytest.mark.parametrize("move", LoanMove)
def test_a_move_is_in_the_table_or_refused_as_illegal(state, move):
    loan = Loan(principal_minor=100, state=state, expires_at=ENDS_AT)
    after = moved(loan, move, at=AFTER, amount_minor=100)
    allowed = move in ALLOWED[state]
    assert (move in moves_from(TRANSITIONS, state)) is allowed
    assert isinstance(after, Loan) is allowed
    if allowed:
        assert after.state in LEADS_TO[move]
    else:
        assert (after.code, bool(after.problem), bool(after.mend)) == ("ILLEGAL_STATUS", True, True)


@given(lives())
def test_the_principal_is_repaid_released_written_off_or_outstanding(life):
    for before, step, after in done(life):
        assert sum(gone(after)) + after.exposure_minor == after.principal_minor
        assert after.exposure_minor >= 0
        if step.move is not LoanMove.ACCEPT:
            assert after.principal_minor == before.principal_minor


@given(lives())
def test_no_amount_is_ever_negative_and_none_runs_back(life):
    for before, _, after in done(life):
        assert all(0 <= was <= now for was, now in zip(gone(before), gone(after), strict=True))
        assert after.exposure_minor <= before.exposure_minor


@given(lives())
def test_an_end_is_an_end_with_nothing_outstanding(life):
    for before, _, after in done(life):
        assert before.state not in ENDS
        assert (after.state in ENDS) is (after.exposure_minor == 0)


@given(lives())
def test_a_refusal_says_the_state_first_and_the_amount_then(life):
    for before, step, after in life:
        if isinstance(after, Refused):
            early = step.move is LoanMove.EXPIRE and step.at is BEFORE
            illegal = step.move not in ALLOWED[before.state] or early
            assert after.code == ("ILLEGAL_STATUS" if illegal else "REQUEST_AMOUNT_EXCEED")


@given(lives())
def test_what_was_done_leads_again_to_where_it_led(life):
    steps = done(life)
    if not steps:
        return
    loan = steps[0][0]
    for before, step, after in steps:
        amount_minor = {
            LoanMove.REPAID: after.repaid_minor - before.repaid_minor,
            LoanMove.WRITTEN_OFF: after.written_off_minor - before.written_off_minor,
            LoanMove.EXPIRE: before.exposure_minor,
            LoanMove.CANCELLED: before.exposure_minor,
        }.get(step.move, after.exposure_minor)
        loan = replace(step, amount_minor=amount_minor).taken(loan)
    assert loan == steps[-1][2]


@pytest.mark.parametrize("amount_minor", [-1, 0, 101])
@pytest.mark.parametrize("move", [LoanMove.REPAID, LoanMove.RESTRUCTURED, LoanMove.WRITTEN_OFF])
def test_what_is_not_outstanding_cannot_be_repaid_restructured_or_written_off(move, amount_minor):
    loan = Loan(principal_minor=100, state=LoanState.ACTIVE, expires_at=ENDS_AT)
    after = moved(loan, move, at=AFTER, amount_minor=amount_minor)
    assert (after.code, after.mend) == ("REQUEST_AMOUNT_EXCEED", "send 1 to 100")


def test_less_may_be_accepted_and_less_disbursed_and_the_line_gets_the_rest_back():
    loan = Loan(principal_minor=100, expires_at=ENDS_AT)
    accepted = moved(loan, LoanMove.ACCEPT, at=BEFORE, amount_minor=80)
    paid_out = moved(accepted, LoanMove.DISBURSED, at=AFTER, amount_minor=50)
    assert (accepted.exposure_minor, paid_out.exposure_minor) == (80, 50)


def test_what_is_not_written_off_of_a_lost_loan_is_forgiven():
    loan = Loan(principal_minor=100, state=LoanState.ACTIVE, expires_at=ENDS_AT)
    lost = moved(loan, LoanMove.WRITTEN_OFF, at=AFTER, amount_minor=70)
    assert (lost.written_off_minor, lost.released_minor, lost.exposure_minor) == (70, 30, 0)


def test_an_approval_is_due_from_the_very_instant_it_expires():
    loan = Loan(principal_minor=100, expires_at=ENDS_AT)
    assert not is_due(loan, BEFORE)
    assert is_due(loan, AFTER)
    assert not is_due(replace(loan, state=LoanState.ACCEPTED), AFTER)
    assert moved(loan, LoanMove.EXPIRE, at=BEFORE).code == "ILLEGAL_STATUS"


def test_the_events_that_lenders_send_are_the_moves_behind_acceptance():
    behind = {move for state in LoanState for move in ALLOWED[state]}
    assert set(EVENTS) == behind - {LoanMove.ACCEPT, LoanMove.EXPIRE}


def test_the_diagram_ends_where_the_loan_ends():
    lines = [line.strip() for line in diagram(TRANSITIONS).splitlines()]
    assert {line for line in lines if line.endswith("[*]")} == {
        f"{state.value} --> [*]" for state in ENDS
    }
    assert len(lines) == 1 + len(TRANSITIONS) + len(ENDS)
