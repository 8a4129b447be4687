"""One decision from its first question to its last: read it beside the policy page.

A loan: is the evidence fit to decide on? may this be asked for? is anything known of who asks? does
a fact forbid it? is the risk acceptable, the amount within the limit, the price within the law, for
the request or for something smaller? A waiver: the same, then all, a part or none of the deposit.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN
from credit.money import MILLION, ppm_of
from credit.policy.application import LoanApplication, WaiverApplication
from credit.policy.bands import band_of
from credit.policy.decision import Decision, Outcome, Scored, to_json
from credit.policy.deposits import Waived, waived
from credit.policy.evidence import Evidence, Freshness, Value
from credit.policy.offers import assumed, judged_all, offers_made, reasons_against
from credit.policy.page import Page
from credit.policy.requests import (
    LOAN_FIELDS,
    against_loan,
    against_waiver,
    duration_days,
    refuse_foreign_currency,
    waiver_fields,
)
from credit.policy.room import Room
from credit.policy.terms import Policy

__all__ = ["Decision", "Outcome", "Scored", "decide_loan", "decide_waiver", "to_json"]


def decide_loan(
    application: LoanApplication,
    evidence: Evidence,
    scored: Sequence[Scored],
    *,
    policy: Policy,
    room: Room,
    at: datetime,
) -> Decision:
    """The answer to a loan application.

    `scored`: the candidates of `offers.candidates`, the request as asked first; empty where no
    model could be asked. InputError where the currency is not the policy's.
    """
    refuse_foreign_currency(application.currency, policy.currency)
    page = Page(MERCHANT_LOAN, "loan", policy, evidence, at)
    terms = policy.loan
    request = {"amount_minor": application.amount_minor, "term_days": application.term_days}
    reasons = page.asked(against_loan(application, terms), LOAN_FIELDS, request)
    if faults := page.degradations(scored):
        return page.closed(Outcome.REFER, [*faults, *reasons])
    worst = Outcome.DECLINE if reasons else Outcome.APPROVE
    if evidence.freshness is Freshness.UNKNOWN:
        worst = min(worst, page.without_history(terms.no_history.outcome))
        reasons.append("NO_HISTORY")
        if worst is not Outcome.APPROVE:
            return page.closed(worst, reasons)
        scored = assumed(application, evidence, policy, room)
    else:
        _refuse_other_request(scored[0].amount_minor, application.amount_minor)
        page.scored(scored[0], terms.bands)
    ruling, spoken = page.knocked(terms.knockouts, request, application.context)
    worst, reasons = min(worst, ruling), [*reasons, *spoken]
    if worst is Outcome.DECLINE:
        return page.closed(worst, reasons)
    cases = judged_all(scored, evidence=evidence, terms=terms, room=room)
    page.judged(cases)
    outcome = min(worst, max(one.outcome for one in cases))
    reasons += reasons_against(cases, outcome)
    if outcome is not Outcome.APPROVE:
        return page.closed(outcome, reasons)
    return page.closed(
        outcome,
        reasons,
        valid_for=timedelta(hours=terms.offer_valid_hours),
        limit_minor=cases[0].limit.limit_minor,
        offers=offers_made(cases, terms, at.date()),
    )


def decide_waiver(
    application: WaiverApplication,
    evidence: Evidence,
    scored: Sequence[Scored],
    *,
    policy: Policy,
    room: Room,
    at: datetime,
) -> Decision:
    """The answer to a request to skip a deposit; what is not waived is due, whatever the outcome.

    `scored`: the request alone, its amount the deposit; empty where no model could be asked.
    InputError where the currency is not the policy's, or the order ends before `at`.
    """
    refuse_foreign_currency(application.currency, policy.currency)
    page = Page(DEPOSIT_WAIVER, "waiver", policy, evidence, at)
    terms, deposit = policy.waiver, application.deposit_minor
    unwaived = partial(page.closed, deposit_due_minor=deposit)
    request: dict[str, Value] = {
        "scene": application.scene,
        "deposit_minor": deposit,
        "duration_days": duration_days(application, at),
    }
    fields = waiver_fields(application.scene, terms)
    reasons = page.asked(against_waiver(application, terms, at), fields, request)
    if faults := page.degradations(scored):
        return unwaived(Outcome.REFER, [*faults, *reasons])
    worst = Outcome.DECLINE if reasons else Outcome.APPROVE
    share_ppm, band_max_minor = MILLION, terms.no_history.credit_max_minor
    if evidence.freshness is Freshness.UNKNOWN:
        worst = min(worst, page.without_history(terms.no_history.outcome))
        reasons.append("NO_HISTORY")
        if worst is not Outcome.APPROVE:
            return unwaived(worst, reasons)
    else:
        _refuse_other_request(scored[0].amount_minor, deposit)
        page.scored(scored[0], terms.bands)
        acceptable, risks = page.risk(terms)
        ppm = ppm_of(scored[0].probability)
        band = band_of(terms.bands, ppm)
        share_ppm, band_max_minor = band.credit_share_ppm, band.credit_max_minor
        worst, reasons = min(worst, acceptable), [*reasons, *risks]
    ruling, spoken = page.knocked(terms.knockouts, request, application.context)
    worst, reasons = min(worst, ruling), [*reasons, *spoken]
    if worst is Outcome.DECLINE:
        return unwaived(worst, reasons)
    part = waived(
        deposit,
        share_ppm=share_ppm,
        band_max_minor=band_max_minor,
        scene=terms.scenes[application.scene],
        terms=terms,
        values=evidence.values,
        room=room,
    )
    page.waived(part, application.scene)
    return _waiver_answer(page, worst, reasons, part, deposit_minor=deposit)


def _waiver_answer(
    page: Page, worst: Outcome, reasons: list[str], part: Waived, *, deposit_minor: int
) -> Decision:
    if part.credit_minor == 0:
        worst, reasons = Outcome.DECLINE, [*reasons, part.reason]
    if worst is not Outcome.APPROVE:
        return page.closed(worst, reasons, deposit_due_minor=deposit_minor)
    if part.credit_minor < deposit_minor:
        reasons = [*reasons, part.reason, "DEPOSIT_PARTLY_WAIVED"]
    return page.closed(
        worst,
        reasons,
        valid_for=timedelta(minutes=page.policy.waiver.decision_valid_minutes),
        credit_minor=part.credit_minor,
        deposit_due_minor=deposit_minor - part.credit_minor,
    )


def _refuse_other_request(scored_minor: int, asked_minor: int) -> None:
    if scored_minor != asked_minor:
        raise ValueError(
            f"scored first is {scored_minor}; score the request as asked, {asked_minor}"
        )
