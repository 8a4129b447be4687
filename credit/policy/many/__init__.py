"""The same decisions as `decide_loan` and `decide_waiver`, for millions of cases in columns.

    cases = LoanCases(amount_minor=..., term_days=..., freshness=..., values={...}, ...)
    grid = candidates_many(cases, policy)               # n x C loans to score
    probability = ...                                   # n x C, any number where not valid
    answers = decide_loans(cases.scored(grid, probability), policy)

Outcomes, reasons, scores, bands, limits, offers and parts of deposits are those of the scalar
evaluator, whole number for whole number; there is no trace, and no schedule. This package alone in
`credit` may import NumPy.
"""

from credit.policy.many.answers import (
    Answers,
    LoanAnswers,
    Offers,
    WaiverAnswers,
    bit_of,
    bits_of,
    codes_of,
)
from credit.policy.many.cases import (
    FRESHNESS,
    Grid,
    LoanCases,
    WaiverCases,
    code_of,
    loan_cases,
    waiver_cases,
)
from credit.policy.many.columns import MISSING, UNBOUNDED, Column, Texts, column, columns, texts
from credit.policy.many.deciding import candidates_many, decide_loans, decide_waivers

__all__ = [
    "FRESHNESS",
    "MISSING",
    "UNBOUNDED",
    "Answers",
    "Column",
    "Grid",
    "LoanAnswers",
    "LoanCases",
    "Offers",
    "Texts",
    "WaiverAnswers",
    "WaiverCases",
    "bit_of",
    "bits_of",
    "candidates_many",
    "code_of",
    "codes_of",
    "column",
    "columns",
    "decide_loans",
    "decide_waivers",
    "loan_cases",
    "texts",
    "waiver_cases",
]
