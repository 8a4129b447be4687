"""Policies drawn from a seed: sound, otherwise as they come, and quick to make by the hundred."""

from dataclasses import replace
from random import Random
from typing import TypeVar

from credit.money import MILLION
from credit.policy.context import NUMBER, TEXT, ContextField
from credit.policy.knockouts import (
    COMPARISONS,
    DECLINES,
    MEMBERSHIP,
    ORDERED,
    PASSES,
    REFERS,
    Knockout,
)
from credit.policy.loan_terms import REPAYMENT_TYPES, LoanBand, LoanTerms
from credit.policy.no_history import STARTER
from credit.policy.reasons import REASONS, RULE
from credit.policy.soundness import refuse_unsound
from credit.policy.terms import Policy
from credit.policy.waiver_terms import SceneTerms, WaiverBand, WaiverTerms

HUGE = 10**12
RULE_CODES = [reason.code for reason in REASONS if reason.source == RULE]
SCENES = ("hotel", "bike", "clinic", "power_bank", "school")
WORDS = ("red", "green", "blue", "")
TERMS = (7, 30, 45, 60, 90, 100, 180, 360, 720, 3650)
T = TypeVar("T")


def mostly(rng: Random, usual: T, *others: T) -> T:
    """The usual eight times in nine: what declines must not hide what comes after it."""
    return rng.choice(others) if others and rng.random() < 1 / 9 else usual


def rising(rng: Random, count: int, low: int, high: int) -> list[int]:
    return sorted(rng.sample(range(low, high), count))


def drawn_bands(rng: Random) -> list[dict[str, int | str]]:
    ends = [*rising(rng, rng.randint(0, 5), 1, rng.choice((200_000, MILLION))), MILLION]
    begins = [0, *ends]
    return [
        {"name": f"B{place}", "probability_from_ppm": begins[place], "probability_to_ppm": end}
        for place, end in enumerate(ends)
    ]


def falling(rng: Random, count: int, most: int) -> list[int]:
    return sorted(
        (mostly(rng, rng.randint(most // 4, most), 0, most) for _ in range(count)), reverse=True
    )


def drawn_cutoffs(rng: Random) -> dict[str, int]:
    approve = mostly(rng, rng.randint(40_000, 400_000), 0, 60_000, MILLION)
    refer = min(MILLION, approve + rng.choice((0, 0, 40_000, MILLION)))
    return {"approve_probability_max_ppm": approve, "refer_probability_max_ppm": refer}


def drawn_knockout(rng: Random, facts: dict[str, str]) -> Knockout:
    feature = rng.choice(list(facts))
    text = facts[feature] == TEXT
    op = rng.choice([op for op in COMPARISONS if not (text and op in ORDERED)])
    pool = (
        (*WORDS, *SCENES) if text else (0, 1, 2.5, 30, 180, -4, 9_900, 0.1, 10**15 - 1, 2_000_000)
    )
    operands = tuple(rng.sample(pool, rng.randint(1, 3)))
    return Knockout(
        feature=feature,
        op=op,
        value=operands if op in MEMBERSHIP else operands[0],
        reason=rng.choice(RULE_CODES),
        outcome=rng.choice(("decline", "refer")),
        missing=mostly(rng, PASSES, REFERS, DECLINES),
    )


CONTEXT = (
    ContextField(name="visits", kind=NUMBER, required=False, meaning="visits"),
    ContextField(name="colour", kind=TEXT, required=False, meaning="colour"),
)
LOAN_FACTS = {
    **dict.fromkeys(("request.amount_minor", "request.term_days", "context.visits"), NUMBER),
    **dict.fromkeys(("arrears_minor", "history_days", "never_measured"), NUMBER),
    "context.colour": TEXT,
}
WAIVER_FACTS = {
    **dict.fromkeys(("request.deposit_minor", "request.duration_days"), NUMBER),
    **dict.fromkeys(("context.visits", "holds_open", "history_days"), NUMBER),
    **dict.fromkeys(("request.scene", "context.colour"), TEXT),
}


def drawn_knockouts(rng: Random, facts: dict[str, str]) -> dict[str, object]:
    measured = tuple(name for name in facts if "." not in name)
    rows = tuple(drawn_knockout(rng, facts) for _ in range(rng.randint(0, 3)))
    return {"knockouts": rows, "knockout_features": measured, "context": CONTEXT}


def drawn_loan(rng: Random, terms: LoanTerms) -> LoanTerms:
    bands = drawn_bands(rng)
    ceilings = falling(rng, len(bands), rng.choice((HUGE, 50_000_000)))
    multiples = falling(rng, len(bands), rng.choice((100 * MILLION, 3 * MILLION)))
    legs = zip(ceilings, multiples, strict=True)
    parts = [{"amount_max_minor": most, "turnover_multiple_ppm": times} for most, times in legs]
    cap = mostly(rng, rng.choice((240_000, 360_000)), rng.randint(60_000, 360_000))
    least = rng.choice((1, 50_000, 70_001))
    shares = sorted(rng.sample((900_000, 800_000, 600_000, 400_000, 333_333, 1), rng.randint(0, 4)))
    return replace(
        terms,
        **drawn_cutoffs(rng),
        **drawn_knockouts(rng, LOAN_FACTS),
        amount_min_minor=least,
        amount_max_minor=mostly(rng, rng.choice((HUGE, 50_000_000)), least),
        amount_step_minor=rng.choice((1, 10_000, 7, 500_000)),
        terms_days=tuple(sorted(rng.sample(TERMS, rng.randint(1, 8)))),
        counter_terms_days=tuple(sorted(rng.sample(TERMS, rng.randint(0, 3)))),
        counter_shares_ppm=tuple(reversed(shares)),
        repayment_type=rng.choice(REPAYMENT_TYPES),
        offers_max=rng.choice((1, 2, 4, 9)),
        bands=tuple(LoanBand(**band, **leg) for band, leg in zip(bands, parts, strict=True)),
        capacity=replace(
            terms.capacity,
            turnover_days=rng.choice((1, 30, 90, 365)),
            cash_margin_ppm=mostly(rng, rng.randint(400_000, MILLION), 0, MILLION),
            cash_share_ppm=mostly(rng, rng.randint(400_000, MILLION), 0, MILLION),
            unknown_max_minor=rng.choice((0, 3_000_000, HUGE)),
        ),
        price=replace(
            terms.price,
            apr_cap_ppm=cap,
            apr_floor_ppm=mostly(rng, rng.choice((0, 60_000)), cap),
            fee_share_ppm=mostly(rng, rng.choice((0, rng.randint(0, 10_000))), 30_000, MILLION),
            roll_to_loss_ppm=mostly(rng, 400_000, 0, MILLION),
            operating_cost_minor=mostly(rng, rng.choice((0, 300, 20_000)), HUGE),
        ),
        no_history=replace(
            terms.no_history,
            outcome=rng.choice(("decline", "refer", STARTER, STARTER)),
            amount_max_minor=mostly(rng, 2_000_000, 0, HUGE),
            probability_ppm=rng.choice((0, 30_000, rng.randint(0, 300_000))),
        ),
    )


def drawn_waiver(rng: Random, terms: WaiverTerms) -> WaiverTerms:
    bands = drawn_bands(rng)
    shares = falling(rng, len(bands), MILLION)
    ceilings = falling(rng, len(bands), rng.choice((HUGE, 300_000)))
    legs = zip(shares, ceilings, strict=True)
    parts = [{"credit_share_ppm": share, "credit_max_minor": most} for share, most in legs]
    return replace(
        terms,
        **drawn_cutoffs(rng),
        **drawn_knockouts(rng, WAIVER_FACTS),
        user_max_minor=mostly(rng, rng.choice((500_000, HUGE)), 0),
        credit_min_minor=rng.choice((1, 1_000, 20_000)),
        bands=tuple(WaiverBand(**band, **leg) for band, leg in zip(bands, parts, strict=True)),
        scenes={name: drawn_scene(rng) for name in rng.sample(SCENES, rng.randint(2, 5))},
        no_history=replace(
            terms.no_history,
            outcome=rng.choice(("decline", "refer", STARTER, STARTER)),
            credit_max_minor=mostly(rng, rng.choice((20_000, HUGE)), 0),
        ),
    )


def drawn_scene(rng: Random) -> SceneTerms:
    most = rng.choice((HUGE, rng.randint(50_000, 500_000)))
    return SceneTerms(
        offered=rng.random() < 0.9,
        deposit_max_minor=most,
        credit_max_minor=rng.choice((most, rng.randint(0, most))),
        partial_allowed=rng.random() < 0.7,
        duration_days_max=rng.choice((1, 31, 400, 400)),
        grace_hours=24,
    )


def drawn_policy(rng: Random, shipped: Policy) -> Policy:
    """A sound policy, otherwise as it comes."""
    policy = replace(
        shipped, loan=drawn_loan(rng, shipped.loan), waiver=drawn_waiver(rng, shipped.waiver)
    )
    refuse_unsound(policy.loan, policy.waiver, policy.instalment)
    return policy
