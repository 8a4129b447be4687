"""Columns that name a row or its owner: they tell rows apart and nothing about risk."""

import re
from typing import Any

import numpy as np

ROWS_MIN = 50  # below this, all-different values may be chance
TEXT_SHARE = 0.9
DIGITS, ONE_LENGTH = 8, 0.99
OWNERS_SHARE = 0.1  # of the rows: fewer different ones are a branch, not a customer
_LAST_WORDS = frozenset({"id", "ids", "key", "no", "nr", "number", "index", "uuid", "guid"})
_RUN_TOGETHER = re.compile(
    r"(cust|customer|client|loan|user|member|account|acct|app|applicant|application|order|row"
    r"|record|case|contract|person|merchant|borrower|obligor)(id|no|nr|key|number)"
)


def names_rows(numbers: Any, name: str, rows: int) -> bool:
    """Whether these whole numbers (missing ones left out) number the rows, one each."""
    if rows < ROWS_MIN or len(numbers) < rows or len(np.unique(numbers)) < rows:
        return False
    ordered = bool(np.all(np.diff(numbers) > 0) or np.all(np.diff(numbers) < 0))
    whole = numbers.max() - numbers.min() + 1 == rows
    return ordered or bool(whole) or _of_one_length(numbers) or sounds_like_one(name)


def _of_one_length(numbers: Any) -> bool:
    """Whether these are long and equally long, as numbers of documents are."""
    digits = np.floor(np.log10(np.maximum(np.abs(numbers), 1))) + 1
    usual = np.median(digits)
    return bool(usual >= DIGITS and (digits == usual).mean() > ONE_LENGTH)


def names_owners(different: int, name: str, known: int) -> bool:
    """Whether a column named as an identifier repeats, as customers of several loans do."""
    return (
        sounds_like_one(name)
        and known >= ROWS_MIN
        and different >= max(ROWS_MIN, OWNERS_SHARE * known)
    )


def all_different(different: int, known: int) -> bool:
    """Whether texts differ as names and numbers of documents do."""
    return known >= ROWS_MIN and different > TEXT_SHARE * known


def sounds_like_one(name: str) -> bool:
    """Whether a column's name says identifier.

    >>> [sounds_like_one(name) for name in ("customer_id", "LoanID", "systemloanid", "amount_paid")]
    [True, True, True, False]
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    words = re.split(r"[^a-z0-9]+", spaced.strip())
    last = words[-1] if words else ""
    return (
        not name.strip()  # what a frame's index is called when it is written
        or last in _LAST_WORDS
        or bool(_RUN_TOGETHER.search(last) and last.endswith(("id", "no", "nr", "key", "number")))
        or spaced.startswith(("unnamed", "__index_level"))
    )
