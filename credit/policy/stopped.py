"""The answer while decisions are stopped by a switch: a person must look, and nothing is waived."""

from datetime import datetime

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN
from credit.policy.application import LoanApplication, WaiverApplication
from credit.policy.decision import Decision, Outcome
from credit.policy.evidence import Evidence
from credit.policy.page import Page
from credit.policy.terms import Policy


def stopped(
    application: LoanApplication | WaiverApplication,
    evidence: Evidence,
    *,
    policy: Policy,
    at: datetime,
    by: str,
) -> Decision:
    """Refer, for the reason KILL_SWITCH; `by` names the switch, such as `partner city_bikes`."""
    is_loan = isinstance(application, LoanApplication)
    product, section = (MERCHANT_LOAN, "loan") if is_loan else (DEPOSIT_WAIVER, "waiver")
    page = Page(product, section, policy, evidence, at)
    page.stopped(by)
    due_minor = 0 if isinstance(application, LoanApplication) else application.deposit_minor
    return page.closed(Outcome.REFER, ["KILL_SWITCH"], deposit_due_minor=due_minor)
