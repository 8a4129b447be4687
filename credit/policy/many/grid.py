"""The candidates of many requests: the same as `offers.candidates` finds for each."""

import numpy as np

from credit import money
from credit.money import MILLION
from credit.policy.evidence import Freshness
from credit.policy.loan_terms import LoanTerms
from credit.policy.many.cases import Grid, LoanCases, code_of
from credit.policy.many.columns import Mask, Whole, part_down, stepped_down
from credit.policy.many.limits import Means, limits_for, means_of

# Shares of amounts up to this are exact in 64 bits.
_SHARED_MAX = np.iinfo(np.int64).max // MILLION


def ceilings_minor(cases: LoanCases, terms: LoanTerms) -> Whole:
    """`offers.ceiling_minor` of each."""
    unknown = cases.freshness == code_of(Freshness.UNKNOWN)
    return np.where(unknown, terms.no_history.amount_max_minor, terms.amount_max_minor)


def candidates_of(cases: LoanCases, terms: LoanTerms) -> Grid:
    """The requests as asked, then shares of them for each term, the asked one first.

    A column stands for one share and one term; where a row has no such candidate it is not valid.
    """
    means = means_of(
        cases,
        terms,
        band=np.zeros(len(cases), np.int64),
        ceiling_minor=ceilings_minor(cases, terms),
    )
    shares = (MILLION, *terms.counter_shares_ppm)
    amounts = [_stepped_share(cases.amount_minor, share, terms) for share in shares]
    again = [cases.amount_minor, *amounts]
    offered = np.isin(cases.term_days, terms.terms_days)
    found = [(cases.amount_minor, cases.term_days, np.ones(len(cases), np.bool_))]
    tried = _tried(means, cases.term_days, amounts)
    for place, (amount, fits) in enumerate(zip(amounts, tried, strict=True)):
        found.append((amount, cases.term_days, offered & fits & (amount != again[place])))
    for days in reversed(terms.counter_terms_days):
        term_days = np.full(len(cases), days)
        shorter = offered & (days < cases.term_days)
        for place, (amount, fits) in enumerate(
            zip(amounts, _tried(means, term_days, amounts), strict=True)
        ):
            new = True if place == 0 else amount != amounts[place - 1]
            found.append((amount, term_days, shorter & fits & new))
    return Grid(*(np.stack(columns, axis=1) for columns in zip(*found, strict=True)))


def _tried(means: Means, term_days: Whole, amounts: list[Whole]) -> list[Mask]:
    """Which amounts are tried for a term: from the least loan to the limit of the best band."""
    limit, _ = limits_for(means, term_days)
    least = means.terms.amount_min_minor
    return [(least <= amount) & (amount <= limit) for amount in amounts]


def _stepped_share(amounts: Whole, share_ppm: int, terms: LoanTerms) -> Whole:
    shared = part_down(amounts, share_ppm)
    for row in np.flatnonzero(amounts > _SHARED_MAX):
        shared[row] = money.part_down(int(amounts[row]), share_ppm)
    return stepped_down(shared, terms.amount_step_minor)
