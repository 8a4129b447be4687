"""What holds of every decision, whatever the policy, the evidence and the request."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.errors import InputError
from credit.money import ppm_of
from credit.policy.application import LoanApplication, WaiverApplication
from credit.policy.decide import Decision, Outcome, Scored, decide_loan, decide_waiver, to_json
from credit.policy.evidence import Evidence, Freshness
from credit.policy.loan_terms import REPAYMENT_TYPES
from credit.policy.no_history import STARTER
from credit.policy.offers import Candidate, candidates
from credit.policy.pricing import expected_loss_minor
from credit.policy.reasons import MODEL, PRECEDENCE, REASONS, RULE
from credit.policy.room import Room
from credit.policy.soundness import CANDIDATES_MAX
from credit.policy.terms import Policy, parse_policy

AT = datetime(2026, 6, 30, 4, tzinfo=UTC)
PLATFORM = Path(__file__).resolve().parents[2] / "partners" / "platform.toml"
MODEL_CODES = [reason.code for reason in REASONS if reason.source == MODEL]

money = st.integers(0, 60_000_000)
turnover = st.integers(3_000_000, 300_000_000) | st.none() | st.integers(0, 3_000_000)
debts = st.none() | st.just(0) | money
probability = st.floats(0, 0.13) | st.floats(0, 1)


def mostly(usual, *others):
    """`usual` nine times in ten: what declines must not hide what comes after it."""
    return st.sampled_from([usual] * 9 * len(others) + list(others))


reasons = st.lists(st.sampled_from(MODEL_CODES), unique=True, max_size=6).map(tuple)
outcomes = st.sampled_from(("decline", "refer", STARTER))


@cache
def shipped() -> Policy:
    return parse_policy(PLATFORM.read_text(encoding="utf-8"))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Sound policies around the shipped one."""
    policy = shipped()
    approve = draw(st.integers(60_000, 200_000))
    price = replace(
        policy.loan.price,
        fee_share_ppm=draw(st.integers(0, 20_000)),
        roll_to_loss_ppm=draw(st.integers(0, 600_000)),
        apr_cap_ppm=draw(st.integers(150_000, 360_000)),
    )
    loan = replace(
        policy.loan,
        approve_probability_max_ppm=approve,
        refer_probability_max_ppm=approve + draw(st.integers(0, 100_000)),
        repayment_type=draw(st.sampled_from(REPAYMENT_TYPES)),
        price=price,
        no_history=replace(
            policy.loan.no_history,
            outcome=draw(outcomes),
            amount_max_minor=draw(money),
            probability_ppm=draw(st.integers(0, 200_000)),
        ),
    )
    waiver = replace(
        policy.waiver,
        approve_probability_max_ppm=approve,
        refer_probability_max_ppm=approve + draw(st.integers(0, 100_000)),
        user_max_minor=draw(money),
        no_history=replace(
            policy.waiver.no_history, outcome=draw(outcomes), credit_max_minor=draw(money)
        ),
    )
    return replace(policy, loan=loan, waiver=waiver)


@st.composite
def merchants(draw: st.DrawFn, fresh: st.SearchStrategy[Freshness]) -> Evidence:
    values = {
        "turnover_90d": draw(turnover),
        "due_next_30d_minor": draw(debts),
        "arrears_minor": draw(mostly(0, None, 5_000)),
        "days_since_payment": draw(mostly(2, None, 60)),
        "history_days": draw(mostly(180, None, 10)),
    }
    return Evidence(values, AT - timedelta(hours=4), draw(fresh), "because")


@st.composite
def users(draw: st.DrawFn, fresh: st.SearchStrategy[Freshness]) -> Evidence:
    values = {
        "holds_open_minor": draw(st.none() | st.integers(0, 600_000)),
        "holds_unpaid_minor": draw(mostly(0, None, 9_900)),
        "holds_open": draw(mostly(1, None, 5)),
    }
    return Evidence(values, AT - timedelta(hours=4), draw(fresh), "because")


applications = st.builds(
    LoanApplication,
    st.just("a1"),
    st.just("m1"),
    st.integers(50_000, 10_000_000) | st.integers(1, 60_000_000),
    st.just("CNY"),
    mostly(180, 30, 60, 90, 360, 45),
)
orders = st.builds(
    WaiverApplication,
    st.just("u1"),
    mostly("hotel", "bike", "clinic", "power_bank", "spaceship"),
    st.integers(1, 300_000) | st.integers(1, 1_200_000),
    st.just("CNY"),
    st.integers(1, 1_500).map(lambda hours: AT + timedelta(hours=hours)),
)
left = st.none() | st.integers(-1_000_000, 5_000_000) | money
UNBOUNDED = Room(own_minor=None, shared_minor=None)
rooms = st.builds(Room, own_minor=left, shared_minor=st.none() | left)


@dataclass(frozen=True)
class LoanCase:
    asked: LoanApplication
    evidence: Evidence
    policy: Policy
    room: Room
    risks: list[float]
    codes: tuple[str, ...] = ()

    def grid(self) -> tuple[Candidate, ...]:
        return candidates(self.asked, self.evidence, self.policy, self.room)

    def decided(self) -> Decision:
        risks = (self.risks * CANDIDATES_MAX)[:CANDIDATES_MAX]
        scored = [
            Scored(one.amount_minor, one.term_days, risk, self.codes)
            for one, risk in zip(self.grid(), risks, strict=False)
        ]
        return decide_loan(
            self.asked, self.evidence, scored, policy=self.policy, room=self.room, at=AT
        )


@dataclass(frozen=True)
class WaiverCase:
    asked: WaiverApplication
    evidence: Evidence
    policy: Policy
    room: Room
    risk: float
    codes: tuple[str, ...] = ()

    def decided(self) -> Decision:
        scored = [Scored(self.asked.deposit_minor, 1, self.risk, self.codes)]
        return decide_waiver(
            self.asked, self.evidence, scored, policy=self.policy, room=self.room, at=AT
        )


risk_lists = st.lists(probability, min_size=CANDIDATES_MAX, max_size=CANDIDATES_MAX)
extra_risks = st.lists(st.floats(0, 0.2), min_size=CANDIDATES_MAX, max_size=CANDIDATES_MAX)


def loans(*fresh: Freshness) -> st.SearchStrategy[LoanCase]:
    known = merchants(st.sampled_from(fresh or tuple(Freshness)))
    return st.builds(LoanCase, applications, known, policies(), rooms, risk_lists, reasons)


def waivers(*fresh: Freshness) -> st.SearchStrategy[WaiverCase]:
    known = users(st.sampled_from(fresh or tuple(Freshness)))
    return st.builds(WaiverCase, orders, known, policies(), rooms, probability, reasons)


@given(loans(), extra_risks)
def test_higher_risk_never_gets_a_better_loan(case: LoanCase, more: list[float]) -> None:
    raised = [min(1.0, risk + extra) for risk, extra in zip(case.risks, more, strict=True)]
    low, high = case.decided(), replace(case, risks=raised).decided()
    assert high.outcome <= low.outcome
    assert high.limit_minor <= low.limit_minor
    offered = [max((one.amount_minor for one in d.offers), default=0) for d in (low, high)]
    assert offered[1] <= offered[0]


@given(waivers(), st.floats(0, 0.2))
def test_higher_risk_never_gets_more_of_a_deposit_waived(case: WaiverCase, more: float) -> None:
    low, high = case.decided(), replace(case, risk=min(1.0, case.risk + more)).decided()
    assert high.outcome <= low.outcome
    assert high.credit_minor <= low.credit_minor


@given(loans())
def test_what_is_offered_lies_within_limit_ceiling_room_and_cap(case: LoanCase) -> None:
    decision, terms = case.decided(), case.policy.loan
    assert decision.limit_minor <= terms.amount_max_minor
    assert all(decision.limit_minor <= max(0, left) for _, left in case.room.legs())
    assert len(decision.offers) <= terms.offers_max
    assert bool(decision.offers) == (decision.outcome is Outcome.APPROVE)
    for offer in decision.offers:
        assert terms.amount_min_minor <= offer.amount_minor <= decision.limit_minor
        assert offer.amount_minor <= case.asked.amount_minor
        assert offer.term_days <= case.asked.term_days
        assert offer.apr_ppm >= terms.price.apr_floor_ppm
        fee_a_year = Fraction(offer.fees_minor * 365 * 10**6, offer.amount_minor * offer.term_days)
        assert offer.apr_ppm + fee_a_year <= terms.price.apr_cap_ppm
        assert sum(due.principal_minor for due in offer.schedule) == offer.amount_minor


@given(loans(Freshness.FRESH))
def test_a_fen_above_the_limit_is_answered_within_the_limit(case: LoanCase) -> None:
    case = replace(case, risks=case.risks[:1])
    limit_minor = case.decided().limit_minor
    if 0 < limit_minor < case.policy.loan.amount_max_minor:
        above = replace(case.asked, amount_minor=limit_minor + 1)
        decision = replace(case, asked=above).decided()
        assert decision.limit_minor in {0, limit_minor}
        assert all(offer.amount_minor <= limit_minor for offer in decision.offers)


@given(loans(Freshness.FRESH))
def test_no_loan_is_offered_at_a_loss(case: LoanCase) -> None:
    price = case.policy.loan.price
    risk_of = dict(zip(case.grid(), case.risks, strict=False))
    for offer in case.decided().offers:
        risk = ppm_of(risk_of[Candidate(offer.amount_minor, offer.term_days)])
        lost = expected_loss_minor(offer.amount_minor, risk, price)
        earned = sum(due.interest_minor for due in offer.schedule) + offer.fees_minor
        assert earned + len(offer.schedule) >= lost + price.operating_cost_minor


@given(loans())
def test_candidates_begin_with_the_request_and_are_few_and_smaller(case: LoanCase) -> None:
    first, *rest = case.grid()
    assert first == Candidate(case.asked.amount_minor, case.asked.term_days)
    assert len(rest) < CANDIDATES_MAX
    assert len({first, *rest}) == 1 + len(rest)
    for one in rest:
        assert case.policy.loan.amount_min_minor <= one.amount_minor <= first.amount_minor
        assert one.term_days <= first.term_days


@given(waivers())
def test_what_is_waived_and_what_is_due_make_the_deposit(case: WaiverCase) -> None:
    decision, terms = case.decided(), case.policy.waiver
    assert decision.credit_minor + decision.deposit_due_minor == case.asked.deposit_minor
    assert 0 <= decision.credit_minor <= case.asked.deposit_minor
    assert (decision.credit_minor > 0) == (decision.outcome is Outcome.APPROVE)
    assert all(decision.credit_minor <= max(0, left) for _, left in case.room.legs())
    if decision.credit_minor:
        assert decision.credit_minor <= terms.scenes[case.asked.scene].credit_max_minor
        assert decision.credit_minor <= terms.user_max_minor


@given(loans() | waivers())
def test_reasons_are_few_known_and_in_order_of_precedence(case: LoanCase | WaiverCase) -> None:
    decision = case.decided()
    codes = [reason.code for reason in decision.reasons]
    rules = [reason.code for reason in decision.reasons if reason.source == RULE]
    assert len(codes) <= 4
    assert len(set(codes)) == len(codes)
    assert codes[: len(rules)] == sorted(rules, key=PRECEDENCE.__getitem__)
    assert codes[len(rules) :] == list(case.codes)[: len(codes) - len(rules)]
    assert rules or decision.outcome is Outcome.APPROVE


@given(
    loans(Freshness.STALE, Freshness.UNAVAILABLE) | waivers(Freshness.STALE, Freshness.UNAVAILABLE)
)
def test_degraded_evidence_never_approves(case: LoanCase | WaiverCase) -> None:
    decision, fault = case.decided(), case.evidence.freshness
    assert decision.outcome is Outcome.REFER
    assert decision.reasons[0].code == f"FEATURES_{fault.name}"
    assert decision.degraded == (f"features {fault.value}: because",)
    assert (decision.probability, decision.expires_at) == (None, None)
    assert (decision.limit_minor, decision.offers, decision.credit_minor) == (0, (), 0)


@given(loans(Freshness.FRESH))
def test_without_a_model_no_loan_is_approved(case: LoanCase) -> None:
    decision = decide_loan(case.asked, case.evidence, [], policy=case.policy, room=case.room, at=AT)
    assert decision.outcome is Outcome.REFER
    assert decision.reasons[0].code == "MODEL_UNAVAILABLE"
    assert decision.degraded == ("model unavailable",)


@given(waivers(Freshness.FRESH))
def test_without_a_model_the_deposit_is_asked_for(case: WaiverCase) -> None:
    decision = decide_waiver(
        case.asked, case.evidence, [], policy=case.policy, room=case.room, at=AT
    )
    assert decision.outcome is Outcome.REFER
    assert decision.reasons[0].code == "MODEL_UNAVAILABLE"
    assert (decision.credit_minor, decision.deposit_due_minor) == (0, case.asked.deposit_minor)


@given(loans(Freshness.UNKNOWN) | waivers(Freshness.UNKNOWN))
def test_the_unknown_are_answered_as_the_policy_says_and_never_scored(
    case: LoanCase | WaiverCase,
) -> None:
    decision = case.decided()
    section = case.policy.loan if isinstance(case, LoanCase) else case.policy.waiver
    assert "NO_HISTORY" in [reason.code for reason in decision.reasons]
    assert (decision.probability, decision.score, decision.degraded) == (None, None, ())
    assert decision.outcome is not Outcome.APPROVE or section.no_history.outcome == STARTER
    starter = case.policy.loan.no_history.amount_max_minor
    assert all(offer.amount_minor <= starter for offer in decision.offers)
    assert decision.credit_minor <= case.policy.waiver.no_history.credit_max_minor


@given(loans() | waivers())
def test_the_same_inputs_give_the_same_bytes(case: LoanCase | WaiverCase) -> None:
    once, again = json.dumps(to_json(case.decided())), json.dumps(to_json(case.decided()))
    assert once == again
    assert json.loads(once)["probability"] == case.decided().probability


@given(loans(Freshness.FRESH), st.integers(0, 60_000_000))
def test_less_room_never_raises_the_limit(case: LoanCase, room: int) -> None:
    even = replace(case, risks=case.risks[:1])
    wide, narrow = (
        replace(even, room=Room(own_minor=own, shared_minor=None)).decided() for own in (None, room)
    )
    assert narrow.outcome <= wide.outcome
    assert narrow.limit_minor <= min(wide.limit_minor, room)


@given(loans())
def test_an_approval_expires_and_nothing_else_does(case: LoanCase) -> None:
    decision = case.decided()
    expected = AT + timedelta(hours=72) if decision.outcome is Outcome.APPROVE else None
    assert decision.expires_at == expected


LOAN = LoanCase(
    LoanApplication("a1", "m1", 2_000_000, "CNY", 90),
    Evidence({"turnover_90d": 60_000_000}, AT, Freshness.FRESH),
    shipped(),
    UNBOUNDED,
    [0.01],
)
ORDER = WaiverCase(
    WaiverApplication("u1", "bike", 9_900, "CNY", AT + timedelta(days=1)),
    Evidence({}, AT, Freshness.FRESH),
    shipped(),
    UNBOUNDED,
    0.01,
)


@pytest.mark.parametrize("case", [LOAN, ORDER], ids=["loan", "waiver"])
def test_another_currency_is_refused(case: LoanCase | WaiverCase) -> None:
    assert case.decided().outcome is Outcome.APPROVE
    with pytest.raises(InputError, match="currency is 'USD'"):
        replace(case, asked=replace(case.asked, currency="USD")).decided()


def test_an_order_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InputError, match="due_at is 2026-06-30"):
        replace(ORDER, asked=replace(ORDER.asked, due_at=AT)).decided()


def test_a_score_of_another_request_is_refused() -> None:
    scored = [Scored(1_000_000, 90, 0.01)]
    with pytest.raises(ValueError, match="score the request as asked"):
        decide_loan(
            LOAN.asked,
            LOAN.evidence,
            scored,
            policy=shipped(),
            room=UNBOUNDED,
            at=AT,
        )


def test_a_rule_cannot_be_given_in_the_models_name() -> None:
    with pytest.raises(ValueError, match="a model cannot give it"):
        replace(LOAN, risks=[0.5], codes=("OPEN_ARREARS",)).decided()
