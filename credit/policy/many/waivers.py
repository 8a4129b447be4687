"""Waivers over columns: the questions of `decide_waiver`, each put to all still in question."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit.money import MILLION
from credit.policy.decision import Outcome
from credit.policy.deposits import BAND, RISK, SCENE, USER, Waived
from credit.policy.many.answers import WaiverAnswers, bit_of, unanswered
from credit.policy.many.cases import WaiverCases
from credit.policy.many.columns import Whole, numbers, part_down, ppm_of, whole_minor
from credit.policy.many.opening import Sheet, opened, read_scores
from credit.policy.room import CONCENTRATION, ROOM
from credit.policy.waiver_terms import WaiverTerms

LEGS = (RISK, BAND, SCENE, USER, ROOM, CONCENTRATION)
# What each leg is called where it holds the credit down: asked of the value that answers it singly.
_WHY = np.array([bit_of(Waived(1, ((leg, 1),), leg).reason) for leg in LEGS])
_NO_SHARE = bit_of(Waived(0, ((RISK, 0),), RISK).reason)


def unanswered_waivers(count: int, terms: WaiverTerms) -> WaiverAnswers:
    """Columns for answers."""
    return WaiverAnswers(
        **unanswered(count, terms.bands),
        credit_minor=np.zeros(count, np.int64),
        deposit_due_minor=np.zeros(count, np.int64),
    )


def answer_waivers(cases: WaiverCases, terms: WaiverTerms, answers: WaiverAnswers) -> None:
    """Writes the answers to a block of cases."""
    answers.reasons[:] = _against(cases, terms)
    answers.deposit_due_minor[:] = cases.deposit_minor
    sheet = opened(
        cases,
        answers,
        modelled=~np.isnan(cases.probability),
        no_history=terms.no_history.outcome,
    )
    ppm = ppm_of(cases.probability[sheet.scored])
    read_scores(sheet, ppm, terms.bands)
    _risk(sheet, terms)
    sheet.knock(
        terms.knockouts,
        {
            "scene": cases.scene,
            "deposit_minor": cases.deposit_minor,
            "duration_days": cases.duration_days,
        },
    )
    _waive(sheet, cases, terms, answers)
    sheet.finish()


def _against(cases: WaiverCases, terms: WaiverTerms) -> Whole:
    """`requests.against_waiver` of each."""
    offered = _by_scene(cases, terms, "offered").astype(np.bool_)
    too_large = cases.deposit_minor > _by_scene(cases, terms, "deposit_max_minor")
    too_long = cases.duration_days > _by_scene(cases, terms, "duration_days_max")
    reasons = np.where(offered, 0, bit_of("SCENE_NOT_OFFERED"))
    reasons[offered & too_large] |= bit_of("AMOUNT_ABOVE_MAXIMUM")
    reasons[offered & too_long] |= bit_of("DURATION_TOO_LONG")
    return reasons


def _risk(sheet: Sheet, terms: WaiverTerms) -> None:
    """`scorecard.against_risk` of each that was scored."""
    ppm = sheet.answers.probability_ppm
    above = sheet.scored & (ppm > terms.refer_probability_max_ppm)
    between = sheet.scored & (ppm > terms.approve_probability_max_ppm) & ~above
    sheet.give(above, "PROBABILITY_ABOVE_CUTOFF")
    sheet.lower(above, Outcome.DECLINE)
    sheet.give(between, "PROBABILITY_IN_REFER_BAND")
    sheet.lower(between, Outcome.REFER)


def _waive(sheet: Sheet, cases: WaiverCases, terms: WaiverTerms, answers: WaiverAnswers) -> None:
    """All, a part or none of the deposit, as `deposits.waived` says, for those still open."""
    rows = np.flatnonzero(sheet.open)
    deposit = cases.deposit_minor[rows]
    legs = _legs(rows, cases, terms, answers)
    bound = np.argmin(legs, axis=0)
    least = legs[bound, np.arange(len(rows))]
    why = np.where((bound == LEGS.index(RISK)) & (least == 0), _NO_SHARE, _WHY[bound])
    credit = np.maximum(0, np.minimum(least, deposit))
    partial = _by_scene(cases, terms, "partial_allowed")[rows].astype(np.bool_)
    credit[(credit < deposit) & (~partial | (credit < terms.credit_min_minor))] = 0
    short = np.where(credit > 0, why | bit_of("DEPOSIT_PARTLY_WAIVED"), why)
    nothing = credit == 0
    sheet.worst[rows[nothing]] = Outcome.DECLINE
    approved = sheet.worst[rows] == Outcome.APPROVE
    told = nothing | (approved & (credit < deposit))
    answers.reasons[rows[told]] |= short[told]
    answers.credit_minor[rows[approved]] = credit[approved]
    answers.deposit_due_minor[rows[approved]] -= credit[approved]


def _legs(rows: Whole, cases: WaiverCases, terms: WaiverTerms, answers: WaiverAnswers) -> Whole:
    """What each ceiling allows, in the order of LEGS; starters have the policy's own."""
    band = answers.band[rows]  # MISSING, the last, for starters
    share = np.array([*(one.credit_share_ppm for one in terms.bands), MILLION])[band]
    starter_max = terms.no_history.credit_max_minor
    band_max = np.array([*(one.credit_max_minor for one in terms.bands), starter_max])[band]
    waived_minor = numbers(cases.values, terms.open_credit_feature, len(cases))[rows]
    waived_minor = np.where(np.isnan(waived_minor), 0.0, waived_minor)
    return np.stack(
        [
            part_down(cases.deposit_minor[rows], share),
            band_max,
            _by_scene(cases, terms, "credit_max_minor")[rows],
            terms.user_max_minor - whole_minor(waived_minor),
            cases.own_room_minor[rows],
            cases.shared_room_minor[rows],
        ]
    )


def _by_scene(cases: WaiverCases, terms: WaiverTerms, name: str) -> NDArray[Any]:
    """A term of each case's scene; 0 where it is not offered and so not asked for."""
    scenes = [terms.scenes.get(word) for word in cases.scene.words]
    return cases.scene.taken([0 if one is None else getattr(one, name) for one in scenes], 0)
