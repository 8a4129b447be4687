"""The doors: cases in, answers out, block by block over as many threads as are asked for."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import numpy as np

from credit.policy.knockouts import CONTEXT
from credit.policy.loan_terms import LoanTerms
from credit.policy.many.answers import LoanAnswers, WaiverAnswers
from credit.policy.many.cases import Cases, Grid, LoanCases, WaiverCases
from credit.policy.many.grid import candidates_of
from credit.policy.many.loans import answer_loans, unanswered_loans
from credit.policy.many.waivers import answer_waivers, unanswered_waivers
from credit.policy.terms import Policy
from credit.policy.waiver_terms import WaiverTerms

BLOCK_ROWS = 16_384  # a block's columns stay in the processor's caches
C = TypeVar("C", bound=Cases)


def candidates_many(cases: LoanCases, policy: Policy, *, threads: int = 1) -> Grid:
    """The candidates of each request, n x C: (amounts, terms, valid), the request first.

    The valid ones of a row are those of `offers.candidates`, in its order.
    """
    terms = policy.loan
    width = 1 + (1 + len(terms.counter_shares_ppm)) * (1 + len(terms.counter_terms_days))
    shape = (len(cases), width)
    grid = Grid(np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.bool_))
    asked = cases.measured_by(terms)

    def fill(rows: slice) -> None:
        for column, found in zip(grid, candidates_of(asked.part(rows), terms), strict=True):
            column[rows] = found

    _in_blocks(fill, len(cases), threads)
    return grid


def decide_loans(cases: LoanCases, policy: Policy, *, threads: int = 1) -> LoanAnswers:
    """The answers of `decide_loan` to each case.

    ValueError where a probability lies outside 0 to 1, or another request was scored than was
    asked; TypeError where a fact is text and the policy compares numbers, or the other way round.
    """
    terms = policy.loan
    answers = unanswered_loans(len(cases), terms)
    asked = _asked_about(
        cases, terms, terms.capacity.turnover_feature, terms.capacity.debt_service_feature
    )
    _in_blocks(
        lambda rows: answer_loans(asked.part(rows), terms, answers.part(rows)), len(cases), threads
    )
    return answers


def decide_waivers(cases: WaiverCases, policy: Policy, *, threads: int = 1) -> WaiverAnswers:
    """The answers of `decide_waiver` to each case; errors as those of `decide_loans`."""
    terms = policy.waiver
    answers = unanswered_waivers(len(cases), terms)
    asked = _asked_about(cases, terms, terms.open_credit_feature)
    _in_blocks(
        lambda rows: answer_waivers(asked.part(rows), terms, answers.part(rows)),
        len(cases),
        threads,
    )
    return answers


def _asked_about(cases: C, terms: LoanTerms | WaiverTerms, *more: str) -> C:
    """The same cases with only those facts that the policy looks at."""
    names = {row.feature for row in terms.knockouts} | set(more)
    return replace(
        cases,
        values={name: one for name, one in cases.values.items() if name in names},
        context={name: one for name, one in cases.context.items() if CONTEXT + name in names},
    )


def _in_blocks(work: Callable[[slice], None], count: int, threads: int) -> None:
    blocks = (slice(at, min(at + BLOCK_ROWS, count)) for at in range(0, count, BLOCK_ROWS))
    if threads == 1:
        for rows in blocks:
            work(rows)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, blocks):
            pass
