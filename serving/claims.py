"""What a decision takes of a credit line: a hold for a deposit, a reservation for an approval."""

from datetime import timedelta

from credit.policy.application import WaiverApplication
from credit.policy.decision import Decision, Outcome
from records.decisions import Claim
from records.holds import Opening
from records.loans import Reservation
from records.operations import new_id
from serving.desk import Case
from serving.rules import Effective


def claim_of(
    case: Case, decision: Decision, live: Effective, *, partner: str, decision_id: str
) -> Claim | None:
    """The claim that an approved order makes; None for what was only asked, or not approved."""
    if case.order_no is None or decision.outcome is not Outcome.APPROVE:
        return None
    policy, industry = live.policy, live.industry
    ceiling_minor = policy.exposure_max_minor(case.product)
    shares = live.shares(case.product, partner)
    asked = case.application
    if isinstance(asked, WaiverApplication):
        grace = timedelta(hours=policy.waiver.scenes[asked.scene].grace_hours)
        opening = Opening(
            auth_no=new_id(),
            out_order_no=case.order_no,
            decision_id=decision_id,
            scene=asked.scene,
            deposit_minor=asked.deposit_minor,
            authorized_minor=decision.credit_minor,
            expires_at=asked.due_at + grace,
            industry=industry,
        )
        return Claim(takes=opening, ceiling_minor=ceiling_minor, shares=shares)
    reservation = _reservation(decision, decision_id, industry)
    return Claim(takes=reservation, ceiling_minor=ceiling_minor, shares=shares)


def _reservation(decision: Decision, decision_id: str, industry: str | None) -> Reservation:
    """The largest offer stays free until the decision expires: any of them may be accepted."""
    assert decision.expires_at is not None  # noqa: S101 - every approval expires
    return Reservation(
        decision_id=decision_id,
        amount_minor=max(offer.amount_minor for offer in decision.offers),
        expires_at=decision.expires_at,
        industry=industry,
    )
