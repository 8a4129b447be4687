"""Loans over columns: the questions of `decide_loan`, each put to all who are still in question."""

import numpy as np

from credit.policy.decision import Outcome
from credit.policy.loan_terms import LoanTerms
from credit.policy.many.answers import LoanAnswers, bit_of, no_offers, unanswered
from credit.policy.many.cases import Grid, LoanCases
from credit.policy.many.columns import Real, Small, Whole, ppm_of
from credit.policy.many.grid import candidates_of
from credit.policy.many.judging import Judged, judged, losses_of, write_offers
from credit.policy.many.opening import Sheet, opened, read_scores


def unanswered_loans(count: int, terms: LoanTerms) -> LoanAnswers:
    """Columns for answers."""
    return LoanAnswers(
        **unanswered(count, terms.bands),
        limit_minor=np.zeros(count, np.int64),
        offers=no_offers(count, terms.offers_max),
        expected_loss_minor=np.zeros(count, np.int64),
    )


def answer_loans(cases: LoanCases, terms: LoanTerms, answers: LoanAnswers) -> None:
    """Writes the answers to a block of cases."""
    grid, probability = _scores_of(cases)
    answers.reasons[:] = _against(cases, terms)
    sheet = opened(cases, answers, modelled=grid.valid[:, 0], no_history=terms.no_history.outcome)
    _refuse_other_requests(cases, sheet, grid)
    read_scores(sheet, ppm_of(probability[sheet.scored, 0]), terms.bands)
    request = {"amount_minor": cases.amount_minor, "term_days": cases.term_days}
    sheet.knock(terms.knockouts, request)
    means = cases.measured_by(terms)
    known = np.flatnonzero(sheet.open & sheet.scored)
    tried = grid.part(known)
    ppm = ppm_of(np.where(tried.valid, probability[known], 0.0))
    _settle(sheet, answers, known, judged(means.part(known), tried, ppm, terms), terms)
    starters = np.flatnonzero(sheet.open & ~sheet.scored)
    few = means.part(starters)
    tried = candidates_of(few, terms)
    ppm = np.full(tried.valid.shape, float(terms.no_history.probability_ppm))
    _settle(sheet, answers, starters, judged(few, tried, ppm, terms), terms)
    sheet.finish()


def _scores_of(cases: LoanCases) -> tuple[Grid, Real]:
    """What was scored; where nothing was, one column in which nothing is valid."""
    if cases.grid is not None and cases.probability is not None:
        return cases.grid, cases.probability
    shape = (len(cases), 1)
    nothing = np.zeros(shape, np.int64)
    return Grid(nothing, nothing, np.zeros(shape, np.bool_)), np.zeros(shape)


def _against(cases: LoanCases, terms: LoanTerms) -> Whole:
    """`requests.against_loan` of each."""
    offered = np.isin(cases.term_days, terms.terms_days)
    reasons = np.where(offered, 0, bit_of("TERM_NOT_OFFERED"))
    reasons[cases.amount_minor < terms.amount_min_minor] |= bit_of("AMOUNT_BELOW_MINIMUM")
    reasons[cases.amount_minor > terms.amount_max_minor] |= bit_of("AMOUNT_ABOVE_MAXIMUM")
    return reasons


def _refuse_other_requests(cases: LoanCases, sheet: Sheet, grid: Grid) -> None:
    other = sheet.scored & (grid.amount_minor[:, 0] != cases.amount_minor)
    for row in np.flatnonzero(other)[:1]:
        raise ValueError(
            f"scored first in row {row} is {grid.amount_minor[row, 0]}; "
            f"score the request as asked, {cases.amount_minor[row]}"
        )


def _settle(
    sheet: Sheet, answers: LoanAnswers, rows: Whole, cases: Judged, terms: LoanTerms
) -> None:
    """Writes what the judged candidates come to, for `rows` of the block."""
    outcome = np.minimum(sheet.worst[rows], cases.best)
    sheet.worst[rows] = outcome
    answers.reasons[rows] |= _reasons_against(cases, outcome)
    approved = np.flatnonzero(outcome == Outcome.APPROVE)
    at = rows[approved]
    answers.limit_minor[at] = cases.limit_minor[approved]
    write_offers(cases, approved, terms, answers.offers, at)
    answers.expected_loss_minor[at] = losses_of(answers.offers, at, terms)


def _reasons_against(cases: Judged, outcome: Small) -> Whole:
    """`offers.reasons_against` of each.

    Of a decline all that declined any candidate, else what stands against the request and against
    the best found: nothing, or that its risk lies in between.
    """
    first, best = cases.outcome[:, 0], cases.best
    reasons = cases.declined[:, 0].copy()
    risky = cases.ppm[:, 0] > cases.approve_max_ppm
    between = risky & (reasons != bit_of("PROBABILITY_ABOVE_CUTOFF"))
    reasons[between | (best == Outcome.REFER)] |= bit_of("PROBABILITY_IN_REFER_BAND")
    counter = (outcome == Outcome.APPROVE) & (first != Outcome.APPROVE)
    reasons[counter] |= bit_of("COUNTER_OFFER")
    declined = np.flatnonzero(outcome == Outcome.DECLINE)
    by_all = np.where(cases.grid.valid[declined], cases.declined[declined], 0)
    reasons[declined] = np.bitwise_or.reduce(by_all, axis=1)
    return reasons
