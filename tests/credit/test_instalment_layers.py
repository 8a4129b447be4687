"""At a till no shipped layer gives more than the layers above it allow at their loosest."""

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from credit.policy.documents import read_document
from credit.policy.envelope import envelope
from credit.policy.instalments import InstalmentApplication, InstalmentDecision, decide_instalments
from credit.policy.layers import above, stacked
from credit.policy.terms import Policy

AT = datetime(2026, 6, 30, 4, tzinfo=UTC)
PARTNERS = Path(__file__).resolve().parents[2] / "partners"
SHIPPED = {
    one.head.name: one
    for one in (read_document(path.read_text("utf-8")) for path in PARTNERS.rglob("*.toml"))
}
LOWER = sorted(name for name, one in SHIPPED.items() if one.head.layer != "platform")
FACTS = {
    "course_kind": st.sampled_from(["vocational", "driving", "tutoring"]),
    "months_paid_ahead": st.integers(0, 6),
    "treatment_kind": st.sampled_from(["dental", "cosmetic"]),
}


def answered(policy: Policy, order: InstalmentApplication) -> InstalmentDecision:
    return decide_instalments(order, policy=policy, at=AT)


def fees(decision: InstalmentDecision) -> dict[int, int]:
    return {offer.count: offer.consumer_fee_minor for offer in decision.offers}


@given(
    name=st.sampled_from(LOWER),
    amount=st.integers(1, 2_500_000),
    used=st.none() | st.integers(0, 60_000_000),
    facts=st.fixed_dictionaries({}, optional=FACTS),
)
def test_no_shipped_layer_gives_more_than_those_above_allow(
    name: str, amount: int, used: int | None, facts: dict[str, str | int]
) -> None:
    order = InstalmentApplication("m1", amount, "CNY", None, used, facts)
    stack = above(SHIPPED, SHIPPED[name])
    upper = stacked(stack[:-1])
    widest = envelope(upper, first_loss_minor=SHIPPED[name].head.first_loss_minor or None)
    lower, loosest = answered(stacked(stack), order), answered(widest, order)
    assert lower.outcome <= loosest.outcome
    allowed = fees(loosest)
    assert all(fee >= allowed[count] for count, fee in fees(lower).items())
