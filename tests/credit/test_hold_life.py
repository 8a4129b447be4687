"""A hold's whole life: nothing is lost, nothing appears, and an end is an end."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.ledger.hold import TRANSITIONS, Hold, HoldMove, HoldState, is_due, moved
from credit.ledger.lifecycle import Refused, diagram, moves_from

ENDS_AT = datetime(2026, 7, 1, tzinfo=UTC)
BEFORE, AFTER = ENDS_AT - timedelta(microseconds=1), ENDS_AT
CODES = {
    HoldState.AUTHORIZED: "ILLEGAL_STATUS",
    HoldState.FINISHED: "ORDER_ALREADY_FINISHED",
    HoldState.CLOSED: "ORDER_ALREADY_CLOSED",
}
# Written out here, so that a row lost from the table is missed.
ALLOWED = {
    HoldState.AUTHORIZED: {HoldMove.CAPTURE, HoldMove.RELEASE, HoldMove.EXPIRE, HoldMove.SETTLE},
    HoldState.FINISHED: {HoldMove.SETTLE},
    HoldState.CLOSED: {HoldMove.SETTLE},
}
OWED_IN = {
    HoldState.AUTHORIZED: Hold(authorized_minor=100, captured_minor=40, expires_at=ENDS_AT),
    HoldState.FINISHED: Hold(
        authorized_minor=100, captured_minor=100, state=HoldState.FINISHED, expires_at=ENDS_AT
    ),
    HoldState.CLOSED: Hold(
        authorized_minor=100,
        captured_minor=40,
        released_minor=60,
        state=HoldState.CLOSED,
        expires_at=ENDS_AT,
    ),
}


@dataclass(frozen=True)
class Step:
    move: HoldMove
    amount_minor: int | None
    complete: bool
    at: datetime

    def taken(self, hold):
        return moved(
            hold, self.move, at=self.at, amount_minor=self.amount_minor, complete=self.complete
        )


STEPS = st.builds(
    Step,
    st.sampled_from(HoldMove),
    st.none() | st.integers(-3, 12),
    st.booleans(),
    st.sampled_from([BEFORE, AFTER]),
)


@st.composite
def lives(draw):
    """(hold, step, what it came to), from an authorisation on; a refused step leaves the hold."""
    hold = Hold(authorized_minor=draw(st.integers(1, 30)), expires_at=ENDS_AT)
    life = []
    for step in draw(st.lists(STEPS, max_size=20)):
        after = step.taken(hold)
        life.append((hold, step, after))
        hold = hold if isinstance(after, Refused) else after
    return life


def done(life):
    return [(before, step, after) for before, step, after in life if isinstance(after, Hold)]


def amounts(hold):
    return (hold.captured_minor, hold.released_minor, hold.settled_minor)


@pytest.mark.parametrize("state", HoldState)
@pytest.mark.parametrize("move", HoldMove)
def test_a_move_is_in_the_table_or_refused_with_the_code_of_the_state(state, move):
    hold = OWED_IN[state]
    after = moved(hold, move, at=AFTER, amount_minor=1)
    allowed = move in ALLOWED[state]
    assert (move in moves_from(TRANSITIONS, state)) is allowed
    assert isinstance(after, Hold) is allowed
    if not allowed:
        assert (after.code, bool(after.problem), bool(after.mend)) == (CODES[state], True, True)


@given(lives())
def test_what_was_authorised_is_captured_released_or_rests(life):
    for before, _, after in done(life):
        assert after.authorized_minor == before.authorized_minor
        parts = after.captured_minor + after.released_minor + after.rest_minor
        assert parts == after.authorized_minor
        assert after.rest_minor >= 0
        assert after.unpaid_minor >= 0
        assert after.exposure_minor == after.rest_minor + after.unpaid_minor


@given(lives())
def test_no_amount_is_ever_negative_and_none_runs_back(life):
    for before, _, after in done(life):
        assert all(
            0 <= was <= now for was, now in zip(amounts(before), amounts(after), strict=True)
        )
        assert after.exposure_minor <= before.exposure_minor


@given(lives())
def test_every_step_but_an_expiry_moves_something(life):
    for before, step, after in done(life):
        assert step.move is HoldMove.EXPIRE or amounts(before) != amounts(after)


@given(lives())
def test_an_end_is_an_end_and_only_debts_are_paid_after_it(life):
    for before, step, after in done(life):
        if before.state is not HoldState.AUTHORIZED:
            assert after == replace(before, settled_minor=after.settled_minor)
            assert step.move is HoldMove.SETTLE


@given(lives())
def test_a_hold_is_open_exactly_as_long_as_something_rests(life):
    for _, _, after in done(life):
        assert (after.state is HoldState.AUTHORIZED) is (after.rest_minor > 0)


@given(lives())
def test_a_hold_is_finished_if_captured_and_closed_if_expired_or_given_back(life):
    for before, step, after in done(life):
        if before.state is HoldState.AUTHORIZED and after.rest_minor == 0:
            used = after.captured_minor > 0 and step.move is not HoldMove.EXPIRE
            assert after.state is (HoldState.FINISHED if used else HoldState.CLOSED)


@given(lives())
def test_what_was_done_leads_again_to_where_it_led(life):
    steps = done(life)
    if not steps:
        return
    hold = steps[0][0]
    for before, step, after in steps:
        by = [now - was for was, now in zip(amounts(before), amounts(after), strict=True)]
        part = {HoldMove.CAPTURE: by[0], HoldMove.RELEASE: by[1], HoldMove.SETTLE: by[2]}
        hold = replace(step, amount_minor=part.get(step.move)).taken(hold)
    assert hold == steps[-1][2]


@given(lives())
def test_a_refusal_names_a_code_of_the_trade(life):
    for before, step, after in life:
        if isinstance(after, Refused) and step.move in ALLOWED[before.state]:
            expected = {HoldMove.EXPIRE: "ILLEGAL_STATUS"}
            assert after.code == expected.get(step.move, "REQUEST_AMOUNT_EXCEED")


@given(st.sampled_from([HoldState.FINISHED, HoldState.CLOSED]), st.integers(-3, 1_000))
def test_that_an_order_is_over_is_said_before_that_the_amount_is_too_much(state, amount_minor):
    for move in (HoldMove.CAPTURE, HoldMove.RELEASE):
        after = moved(OWED_IN[state], move, at=AFTER, amount_minor=amount_minor)
        assert after.code == CODES[state]


@pytest.mark.parametrize("amount_minor", [-1, 0, 61])
def test_what_does_not_rest_is_not_captured(amount_minor):
    hold = OWED_IN[HoldState.AUTHORIZED]
    after = moved(hold, HoldMove.CAPTURE, at=BEFORE, amount_minor=amount_minor)
    assert (after.code, after.mend) == ("REQUEST_AMOUNT_EXCEED", "send 1 to 60")


def test_the_last_capture_releases_what_rests():
    hold = OWED_IN[HoldState.AUTHORIZED]
    after = moved(hold, HoldMove.CAPTURE, at=BEFORE, amount_minor=10, complete=True)
    assert (after.captured_minor, after.released_minor) == (50, 50)
    assert (after.state, after.exposure_minor) == (HoldState.FINISHED, 50)


def test_a_hold_is_due_from_the_very_instant_it_expires():
    hold = OWED_IN[HoldState.AUTHORIZED]
    assert not is_due(hold, BEFORE)
    assert is_due(hold, AFTER)
    assert moved(hold, HoldMove.EXPIRE, at=BEFORE).code == "ILLEGAL_STATUS"
    assert moved(hold, HoldMove.EXPIRE, at=AFTER).released_minor == 60


def test_a_hold_that_expires_is_closed_even_if_some_of_it_was_captured():
    after = moved(OWED_IN[HoldState.AUTHORIZED], HoldMove.EXPIRE, at=AFTER)
    assert (after.state, after.captured_minor, after.exposure_minor) == (HoldState.CLOSED, 40, 40)


def test_what_was_captured_stays_exposure_until_it_is_settled():
    hold = OWED_IN[HoldState.FINISHED]
    part = moved(hold, HoldMove.SETTLE, at=AFTER, amount_minor=30)
    assert (part.exposure_minor, moved(part, HoldMove.SETTLE, at=AFTER).exposure_minor) == (70, 0)


def test_the_diagram_has_a_line_for_every_row_of_the_table():
    lines = diagram(TRANSITIONS).splitlines()
    assert lines[0] == "stateDiagram-v2"
    for row in TRANSITIONS:
        start = row.state.value if row.state else "[*]"
        assert any(
            line.strip().startswith(f"{start} --> {row.to.value}: {row.move.value}")
            for line in lines
        )
    assert [line.strip() for line in lines if line.endswith("[*]")] == [
        "CLOSED --> [*]",
        "FINISHED --> [*]",
    ]
