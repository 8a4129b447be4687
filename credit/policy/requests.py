"""What a request alone says, before anything is known of who asks."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from credit.errors import InputError
from credit.policy.application import LoanApplication, WaiverApplication
from credit.policy.loan_terms import LoanTerms
from credit.policy.waiver_terms import WaiverTerms

OFFERED = ""  # no reason against it: the field that says what is offered
LOAN_FIELDS = {
    OFFERED: "terms_days",
    "TERM_NOT_OFFERED": "terms_days",
    "AMOUNT_BELOW_MINIMUM": "amount_min_minor",
    "AMOUNT_ABOVE_MAXIMUM": "amount_max_minor",
}


def refuse_foreign_currency(currency: str, policy_currency: str) -> None:
    """InputError where the request is in another currency than the policy."""
    if currency != policy_currency:
        raise InputError(f"currency is {currency!r}", f"this policy lends in {policy_currency}")


def against_loan(asked: LoanApplication, terms: LoanTerms) -> Iterator[str]:
    """Reasons for which this loan is not offered to anybody."""
    if asked.term_days not in terms.terms_days:
        yield "TERM_NOT_OFFERED"
    if asked.amount_minor < terms.amount_min_minor:
        yield "AMOUNT_BELOW_MINIMUM"
    if asked.amount_minor > terms.amount_max_minor:
        yield "AMOUNT_ABOVE_MAXIMUM"


def against_waiver(asked: WaiverApplication, terms: WaiverTerms, at: datetime) -> Iterator[str]:
    """Reasons for which this deposit is waived for nobody."""
    scene = terms.scenes.get(asked.scene)
    if scene is None or not scene.offered:
        yield "SCENE_NOT_OFFERED"
        return
    if asked.deposit_minor > scene.deposit_max_minor:
        yield "AMOUNT_ABOVE_MAXIMUM"
    if duration_days(asked, at) > scene.duration_days_max:
        yield "DURATION_TOO_LONG"


def waiver_fields(scene: str, terms: WaiverTerms) -> dict[str, str]:
    """The policy field behind each reason that `against_waiver` gives in a scene."""
    if scene not in terms.scenes:
        return dict.fromkeys((OFFERED, "SCENE_NOT_OFFERED"), "scenes")
    return {
        OFFERED: f"scenes.{scene}",
        "SCENE_NOT_OFFERED": f"scenes.{scene}.offered",
        "AMOUNT_ABOVE_MAXIMUM": f"scenes.{scene}.deposit_max_minor",
        "DURATION_TOO_LONG": f"scenes.{scene}.duration_days_max",
    }


def duration_days(asked: WaiverApplication, at: datetime) -> int:
    """Whole days that the order lasts, begun days counted; InputError where it ends in the past."""
    if asked.due_at <= at:
        raise InputError(
            f"due_at is {asked.due_at.isoformat()}", f"give a time after {at.isoformat()}"
        )
    return -((at - asked.due_at) // timedelta(days=1))
