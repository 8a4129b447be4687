"""Two evaluators, one meaning: what is decided for many is what is decided for each."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from credit.money import MILLION, as_number
from credit.policy.decide import Decision, Scored, decide_loan, decide_waiver
from credit.policy.evidence import Freshness
from credit.policy.knockouts import PASSES, Knockout, holds
from credit.policy.many import (
    MISSING,
    LoanAnswers,
    WaiverAnswers,
    candidates_many,
    codes_of,
    decide_loans,
    decide_waivers,
    deciding,
    loan_cases,
    waiver_cases,
)
from credit.policy.many.knocked import knocked
from credit.policy.offers import Candidate, candidates
from credit.policy.pricing import expected_loss_minor
from credit.policy.terms import Policy
from tests.stand.drawn_cases import AT, drawn_loans, drawn_waivers
from tests.stand.drawn_policies import drawn_policy

Runs = Callable[..., int]


def common_told(answers: LoanAnswers | WaiverAnswers, row: int, model: tuple[str, ...]):
    band, ppm, score = (
        int(one[row]) for one in (answers.band, answers.probability_ppm, answers.score)
    )
    return {
        "outcome": int(answers.outcome[row]),
        "reasons": answers.given_at(row, model),
        "probability": None if ppm == MISSING else as_number(ppm),
        "score": None if score == MISSING else score,
        "band": None if band == MISSING else answers.bands[band],
    }


def common_said(decision: Decision):
    return {
        "outcome": int(decision.outcome),
        "reasons": tuple(reason.code for reason in decision.reasons),
        "probability": decision.probability,
        "score": decision.score,
        "band": decision.band,
    }


def loan_told(answers: LoanAnswers, row: int, model: tuple[str, ...]):
    offers = answers.offers
    made = range(int(offers.count[row]))
    columns = (offers.amount_minor, offers.term_days, offers.apr_ppm, offers.fees_minor)
    return common_told(answers, row, model) | {
        "limit": int(answers.limit_minor[row]),
        "offers": [tuple(int(one[row, place]) for one in columns) for place in made],
        "loss": int(answers.expected_loss_minor[row]),
    }


def loan_said(decision: Decision, policy: Policy, risks: dict[Candidate, float]):
    made = [(o.amount_minor, o.term_days, o.apr_ppm, o.fees_minor) for o in decision.offers]
    loss = 0
    for amount, days, _, _ in made[:1]:
        ppm = round(risks[Candidate(amount, days)] * MILLION)
        loss = expected_loss_minor(amount, ppm, policy.loan.price)
    return common_said(decision) | {
        "limit": decision.limit_minor,
        "offers": made,
        "loss": loss,
    }


def waiver_told(answers: WaiverAnswers, row: int, model: tuple[str, ...]):
    return common_told(answers, row, model) | {
        "credit": int(answers.credit_minor[row]),
        "due": int(answers.deposit_due_minor[row]),
    }


def waiver_said(decision: Decision):
    return common_said(decision) | {
        "credit": decision.credit_minor,
        "due": decision.deposit_due_minor,
    }


def spoken(scored: list[Scored]) -> tuple[str, ...]:
    return scored[0].reasons if scored else ()


POLICIES = 20


@pytest.fixture(params=range(POLICIES))
def drawn(request: pytest.FixtureRequest, platform: Policy) -> tuple[Random, Policy]:
    rng = Random(request.param)  # noqa: S311  (cases, not secrets)
    return rng, drawn_policy(rng, platform)


def risks_of(row, policy: Policy) -> dict[Candidate, float]:
    """What each candidate was decided at: the model's word, or the policy's where none is known."""
    asked, evidence, scored, room = row
    if evidence.freshness is Freshness.UNKNOWN:
        assumed = as_number(policy.loan.no_history.probability_ppm)
        return dict.fromkeys(candidates(asked, evidence, policy, room), assumed)
    return {Candidate(one.amount_minor, one.term_days): one.probability for one in scored}


def test_loans_decided_in_columns_are_decided_as_one_by_one(
    drawn: tuple[Random, Policy], runs: Runs
) -> None:
    rng, policy = drawn
    for _ in range(runs(full=50, short=1)):
        rows = drawn_loans(rng, policy, runs(full=1_000, short=2_500))
        answers = decide_loans(loan_cases(rows), policy)
        for place, row in enumerate(rows):
            asked, evidence, scored, room = row
            decision = decide_loan(asked, evidence, scored, policy=policy, room=room, at=AT)
            said = loan_said(decision, policy, risks_of(row, policy))
            assert loan_told(answers, place, spoken(scored)) == said, row


def test_waivers_decided_in_columns_are_decided_as_one_by_one(
    drawn: tuple[Random, Policy], runs: Runs
) -> None:
    rng, policy = drawn
    for _ in range(runs(full=50, short=1)):
        rows = drawn_waivers(rng, policy, runs(full=1_000, short=2_500))
        answers = decide_waivers(waiver_cases(rows, AT), policy)
        for place, (asked, evidence, scored, room) in enumerate(rows):
            decision = decide_waiver(asked, evidence, scored, policy=policy, room=room, at=AT)
            assert waiver_told(answers, place, spoken(scored)) == waiver_said(decision), asked


def test_the_candidates_of_many_are_those_of_each(drawn: tuple[Random, Policy]) -> None:
    rng, policy = drawn
    rows = drawn_loans(rng, policy, 200)
    amounts, terms, valid = candidates_many(loan_cases(rows), policy)
    for place, (asked, evidence, _, room) in enumerate(rows):
        found = zip(amounts[place][valid[place]], terms[place][valid[place]], strict=True)
        said = candidates(asked, evidence, policy, room)
        assert [Candidate(int(amount), int(days)) for amount, days in found] == list(said), asked


def test_a_grid_with_gaps_is_decided_as_the_packed_one(drawn: tuple[Random, Policy]) -> None:
    rng, policy = drawn
    packed = loan_cases(drawn_loans(rng, policy, 200))
    grid = candidates_many(packed, policy)
    grid.valid[~packed.grid.valid[:, 0]] = False
    spread = np.full(grid.valid.shape, np.nan)  # whatever stands where nothing is valid
    spread[grid.valid] = packed.probability[packed.grid.valid]
    assert_same(decide_loans(packed, policy), decide_loans(packed.scored(grid, spread), policy))


def assert_same(one: LoanAnswers, other: LoanAnswers) -> None:
    assert one.outcome.tolist() == other.outcome.tolist()
    for row in range(len(one)):
        assert loan_told(one, row, ()) == loan_told(other, row, ())


def test_threads_and_blocks_change_nothing(platform: Policy, monkeypatch) -> None:
    rng = Random(1)  # noqa: S311
    cases = loan_cases(drawn_loans(rng, platform, 500))
    whole = decide_loans(cases, platform)
    monkeypatch.setattr(deciding, "BLOCK_ROWS", 64)
    assert_same(whole, decide_loans(cases, platform, threads=2))
    orders = waiver_cases(drawn_waivers(rng, platform, 500), AT)
    in_blocks = decide_waivers(orders, platform, threads=2)
    monkeypatch.undo()
    assert decide_waivers(orders, platform).credit_minor.tolist() == in_blocks.credit_minor.tolist()


def test_what_is_drawn_reaches_every_answer(platform: Policy) -> None:
    """Else the comparison would compare declines with declines."""
    outcomes, offers, reasons = [], [], set()
    for seed in range(POLICIES):
        rng = Random(seed)  # noqa: S311
        policy = drawn_policy(rng, platform)
        loans = decide_loans(loan_cases(drawn_loans(rng, policy, 200)), policy)
        orders = decide_waivers(waiver_cases(drawn_waivers(rng, policy, 200), AT), policy)
        outcomes += [*loans.outcome, *orders.outcome]
        offers += loans.offers.count.tolist()
        reasons |= {code for mask in (*loans.reasons, *orders.reasons) for code in codes_of(mask)}
    shares = np.bincount(outcomes) / len(outcomes)
    assert (shares > 0.1).all(), shares
    assert {0, 1, 2, 4, 9} <= set(offers)
    assert {
        "COUNTER_OFFER",
        "PRICE_ABOVE_CAP",
        "CONCENTRATION_CAP",
        "DEPOSIT_PARTLY_WAIVED",
    } <= reasons


def test_a_number_equals_only_what_it_can_hold(platform: Policy) -> None:
    row = Knockout(
        feature="history_days",
        op="in",
        value=(2**53 + 1, 7),
        reason="NOT_TRADING",
        outcome="decline",
        missing=PASSES,
    )
    facts = {"history_days": np.array([2.0**53, 7.0, np.nan])}
    every = np.ones(3, np.bool_)
    worst, _ = knocked([row], facts, asked=every, measured=every)
    assert [holds(row, 2.0**53), holds(row, 7.0)] == [False, True]
    assert worst.tolist() == [2, 0, 2]


def test_a_probability_outside_0_to_1_is_refused(platform: Policy) -> None:
    cases = loan_cases(drawn_loans(Random(2), platform, 50))  # noqa: S311
    with pytest.raises(ValueError, match=r"probability is 1\.5"):
        decide_loans(replace(cases, probability=np.full_like(cases.probability, 1.5)), platform)


def test_a_score_of_another_request_is_refused(platform: Policy) -> None:
    cases = loan_cases(drawn_loans(Random(3), platform, 50))  # noqa: S311
    with pytest.raises(ValueError, match="score the request as asked"):
        decide_loans(replace(cases, amount_minor=cases.amount_minor + 1), platform)


def test_a_text_where_the_policy_compares_numbers_is_a_type_error(platform: Policy) -> None:
    cases = loan_cases(drawn_loans(Random(4), platform, 50))  # noqa: S311
    mixed = dict(cases.values) | {"arrears_minor": cases.values["grade"]}
    with pytest.raises(TypeError, match="arrears_minor is"):
        decide_loans(replace(cases, values=mixed), platform)
