"""Instalments: shares add up, no subsidy beyond budget or fee, and an assumption is called one."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from math import exp, isclose, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.errors import InputError
from credit.policy.decision import Outcome
from credit.policy.instalment_answer import application_of_order, instalments_json
from credit.policy.instalment_terms import Holdout, InstalmentTerms, LiftTerms
from credit.policy.instalments import (
    InstalmentApplication,
    InstalmentDecision,
    decide_instalments,
    fee_minor,
    stopped_instalments,
)
from credit.policy.lift import DOES_NOT_PAY, NO_SUBSIDY, PAYS, UNCERTAIN, Pays, measured_lift, pays
from credit.policy.reading import TermsError
from credit.policy.terms import Policy, parse_policy

AT = datetime(2026, 6, 30, 4, tzinfo=UTC)
MILLION = 1_000_000
shares = st.integers(0, MILLION)
amounts = st.integers(10_000, 2_000_000)


@st.composite
def holdouts(draw: st.DrawFn) -> Holdout:
    treated, control = draw(st.integers(10, 10**9)), draw(st.integers(10, 10**9))
    return Holdout(
        treated_offered=treated,
        treated_bought=draw(st.integers(10, treated)),
        control_offered=control,
        control_bought=draw(st.integers(10, control)),
    )


def under(platform: Policy, **changes: object) -> Policy:
    return replace(platform, instalment=replace(platform.instalment, **changes))


@st.composite
def sections(draw: st.DrawFn, terms: InstalmentTerms) -> InstalmentTerms:
    lift = LiftTerms(
        source=draw(st.sampled_from(["assumption", "holdout"])),
        assumed_share_ppm=draw(st.integers(0, 50_000)),
        holdout=draw(holdouts()),
    )
    counts = draw(st.sets(st.sampled_from(terms.counts), min_size=1))
    return replace(
        terms,
        counts=tuple(sorted(counts)),
        fee_rate_ppm=draw(st.integers(0, 240_000)),
        subsidy_share_ppm=draw(shares),
        subsidy_budget_minor=draw(st.integers(0, 100_000)),
        gross_margin_ppm=draw(shares),
        gross_margin_source=draw(st.sampled_from(["assumption", "books"])),
        lift=lift,
    )


def asked(amount: int = 600_000, used: int | None = None, **context: str) -> InstalmentApplication:
    return InstalmentApplication("m1", amount, "CNY", None, used, context)


@given(data=st.data(), amount=amounts, used=st.none() | st.integers(0, 120_000))
def test_shares_add_up_to_the_minor_unit(
    platform: Policy, data: st.DataObject, amount: int, used: int | None
) -> None:
    terms = data.draw(sections(platform.instalment))
    policy = replace(platform, instalment=terms)
    decision = decide_instalments(asked(amount, used), policy=policy, at=AT)
    assert decision.outcome is Outcome.APPROVE
    assert [offer.count for offer in decision.offers] == list(terms.counts)
    for offer in decision.offers:
        parts = offer.schedule
        assert len(parts) == offer.count
        assert sum(part.principal_minor for part in parts) == amount
        assert sum(part.fee_minor for part in parts) == offer.consumer_fee_minor
        assert offer.consumer_fee_minor + offer.subsidy_minor == offer.fee_minor
        assert all(part.due_minor == part.principal_minor + part.fee_minor for part in parts)
        assert all(one.due_on < other.due_on for one, other in pairwise(parts))
        left = max(0, terms.subsidy_budget_minor - (used or 0))
        assert 0 <= offer.subsidy_minor <= min(left, offer.fee_minor)


@given(data=st.data(), amount=amounts)
def test_an_assumption_is_always_labelled(
    platform: Policy, data: st.DataObject, amount: int
) -> None:
    terms = data.draw(sections(platform.instalment))
    policy = replace(platform, instalment=terms)
    told = instalments_json(decide_instalments(asked(amount), policy=policy, at=AT))["pays"]
    assumed = [terms.lift.source == "assumption", terms.gross_margin_source == "assumption"]
    assert (told["label"] == "assumption") == any(assumed)
    assert told["assumptions"] == [
        name for name, is_one in zip(("lift", "gross_margin"), assumed, strict=True) if is_one
    ]
    assert (told["lift"]["low"] is None) == (terms.lift.source == "assumption")
    if terms.lift.source == "assumption":
        assert told["verdict"] != UNCERTAIN
        assert told["lift"]["share"] == terms.lift.assumed_share_ppm / MILLION


@given(data=st.data(), amount=amounts, used=st.none() | st.integers(0, 120_000))
def test_tighter_terms_never_give_more(
    platform: Policy, data: st.DataObject, amount: int, used: int | None
) -> None:
    loose = data.draw(sections(platform.instalment))
    tight = replace(
        loose,
        counts=tuple(c for c in loose.counts if data.draw(st.booleans())),
        order_max_minor=data.draw(st.integers(10_000, loose.order_max_minor)),
        fee_rate_ppm=data.draw(st.integers(loose.fee_rate_ppm, 240_000)),
        subsidy_share_ppm=data.draw(st.integers(0, loose.subsidy_share_ppm)),
        subsidy_budget_minor=data.draw(st.integers(0, loose.subsidy_budget_minor)),
    )
    answers = [
        decide_instalments(asked(amount, used), policy=replace(platform, instalment=one), at=AT)
        for one in (loose, tight)
    ]
    assert answers[1].outcome <= answers[0].outcome
    fees = [{o.count: o.consumer_fee_minor for o in answer.offers} for answer in answers]
    for count, fee in fees[1].items():
        assert fee >= fees[0][count]


@given(amount=amounts, count=st.sampled_from([3, 6, 12]), rate=st.integers(0, 240_000))
def test_the_fee_is_the_rate_over_the_orders_average_life(
    amount: int, count: int, rate: int
) -> None:
    exact = Fraction(amount * rate, MILLION) * sum(range(1, count + 1)) / count / 12
    assert exact <= fee_minor(amount, count, rate) < exact + 1


@given(found=holdouts())
def test_the_interval_is_the_one_of_the_log_ratio(found: Holdout) -> None:
    lift = measured_lift(found)
    treated = found.treated_bought / found.treated_offered
    control = found.control_bought / found.control_offered
    spread = 1.959963984540054 * sqrt(
        (1 - treated) / found.treated_bought + (1 - control) / found.control_bought
    )
    assert lift.low_ppm is not None
    assert lift.high_ppm is not None
    assert lift.low_ppm <= lift.share_ppm <= lift.high_ppm
    for end, sign in ((lift.low_ppm, -1), (lift.high_ppm, 1)):
        wanted = exp(log(treated / control) + sign * spread)
        assert isclose(1 + end / MILLION, wanted, rel_tol=1e-9, abs_tol=1.1e-6)


def test_a_subsidy_that_drives_customers_away_is_judged_too(platform: Policy) -> None:
    found = Holdout(
        treated_offered=10**9, treated_bought=10, control_offered=10**9, control_bought=10**9
    )
    lift = LiftTerms(source="holdout", assumed_share_ppm=0, holdout=found)
    judged = pays(600_000, 100, replace(platform.instalment, lift=lift))
    assert judged.verdict == DOES_NOT_PAY
    assert judged.margin_minor < 0


@given(amount=amounts, subsidy=st.integers(1, 100_000), margin=shares)
def test_a_subsidy_pays_exactly_from_its_break_even_on(
    platform: Policy, amount: int, subsidy: int, margin: int
) -> None:
    def judged(lift_ppm: int) -> Pays:
        lift = replace(platform.instalment.lift, assumed_share_ppm=lift_ppm)
        terms = replace(platform.instalment, gross_margin_ppm=margin, lift=lift)
        return pays(amount, subsidy, terms)

    least = judged(0).break_even_ppm
    if least is None:
        assert judged(1000 * MILLION).verdict == DOES_NOT_PAY
        return
    assert judged(least).verdict == PAYS
    assert judged(least - 1).verdict == DOES_NOT_PAY


def test_without_a_subsidy_there_is_nothing_to_pay_back(platform: Policy) -> None:
    judged = pays(600_000, 0, platform.instalment)
    assert (judged.verdict, judged.break_even_ppm) == (NO_SUBSIDY, 0)


def test_what_lies_between_the_ends_of_the_interval_is_not_known(platform: Policy) -> None:
    found = Holdout(
        treated_offered=10_000, treated_bought=2_100, control_offered=10_000, control_bought=2_000
    )
    lift = LiftTerms(source="holdout", assumed_share_ppm=0, holdout=found)
    terms = replace(
        platform.instalment, lift=lift, gross_margin_ppm=300_000, gross_margin_source="books"
    )
    verdicts = [pays(100_000, subsidy, terms).verdict for subsidy in (1, 1_400, 5_000)]
    assert verdicts == [UNCERTAIN, UNCERTAIN, DOES_NOT_PAY]
    assert pays(100_000, 1, terms).label == "measured"


REFUSED = [
    ({"counts": ()}, 600_000, "INSTALMENTS_NOT_OFFERED"),
    ({}, 9_999, "AMOUNT_BELOW_MINIMUM"),
    ({}, 2_000_001, "AMOUNT_ABOVE_MAXIMUM"),
]


@pytest.mark.parametrize(("changes", "amount", "reason"), REFUSED, ids=[row[2] for row in REFUSED])
def test_what_is_not_offered_is_declined_and_says_why(
    platform: Policy, changes: dict[str, object], amount: int, reason: str
) -> None:
    policy = under(platform, **changes)
    decision = decide_instalments(asked(amount), policy=policy, at=AT)
    assert decision.outcome is Outcome.DECLINE
    assert [one.code for one in decision.reasons] == [reason]
    assert decision.offers == ()
    assert decision.pays is None


def test_a_switch_refers_and_offers_nothing(platform: Policy) -> None:
    decision = stopped_instalments(asked(), policy=platform, at=AT, by="partner bright_school")
    assert decision.outcome is Outcome.REFER
    assert [one.code for one in decision.reasons] == ["KILL_SWITCH"]
    assert decision.degraded == ("stopped: partner bright_school",)
    assert decision.offers == ()


def test_the_answer_says_when_the_month_is_not_counted(platform: Policy) -> None:
    policy = under(platform, subsidy_share_ppm=MILLION, subsidy_budget_minor=50_000)

    def told(decision: InstalmentDecision) -> tuple[str, int]:
        subsidy = instalments_json(decision)["subsidy"]
        return subsidy["held_against"], subsidy["left_minor"]

    assert told(decide_instalments(asked(), policy=policy, at=AT)) == ("order", 50_000)
    counted = decide_instalments(asked(used=49_000), policy=policy, at=AT)
    assert told(counted) == ("month", 1_000)
    assert [one.code for one in counted.reasons] == ["SUBSIDY_BUDGET_REACHED"]


def test_a_cut_subsidy_is_judged_whole_for_its_lift_was_seen_under_the_whole(
    platform: Policy,
) -> None:
    policy = under(platform, subsidy_share_ppm=MILLION, subsidy_budget_minor=50_000)
    judged = [
        decide_instalments(asked(used=used), policy=policy, at=AT).pays
        for used in (0, 49_999, 50_000)
    ]
    assert [one and one.cost_minor for one in judged] == [39_000, 39_000, 0]


def test_another_currency_is_no_case(platform: Policy) -> None:
    foreign = InstalmentApplication("m1", 600_000, "USD")
    with pytest.raises(InputError, match="currency is 'USD'"):
        decide_instalments(foreign, policy=platform, at=AT)


def test_what_was_recorded_is_what_was_asked() -> None:
    request = {"merchant_id": "m1", "order_amount_minor": 5, "currency": "CNY"}
    assert application_of_order(request) == InstalmentApplication("m1", 5, "CNY")
    more = {**request, "out_order_no": "o1", "subsidy_used_minor": 7, "context": {"a": 1}}
    assert application_of_order(more) == InstalmentApplication("m1", 5, "CNY", "o1", 7, {"a": 1})


UNSOUND = [
    ("[3, 6, 12]", "[12, 3]", "instalment.counts is [12, 3]"),
    ("order_min_minor = 10_000 ", "order_min_minor = 3_000_000 ", "above instalment.order_max"),
    ('source = "assumption" ', 'source = "holdout" ', "holdout.treated_bought is 0 of 0"),
    ("fee_rate = 0.12", "fee_rate = 0.25", "instalment.fee_rate is 0.25, above 0.24"),
    ("counts = [3", "counts = [1", "instalment.counts is 1, below 2"),
]


@pytest.mark.parametrize(("old", "new", "says"), UNSOUND, ids=[row[2][:40] for row in UNSOUND])
def test_an_unsound_section_is_refused_in_one_line(
    platform_text: str, old: str, new: str, says: str
) -> None:
    head, found, section = platform_text.partition("\n[instalment]\n")
    assert old in section
    with pytest.raises(TermsError, match=re.escape(says)):
        parse_policy(head + found + section.replace(old, new, 1))


def test_a_rule_at_the_till_may_not_look_at_a_place_or_a_person(platform_text: str) -> None:
    head, found, section = platform_text.partition("\n[instalment]\n")
    field = 'context = [{name="city", kind="text", required=false, meaning="Where"}]'
    with pytest.raises(TermsError, match="a place or protected attribute"):
        parse_policy(head + found + section.replace("context = []", field, 1))
