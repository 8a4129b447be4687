"""Every feature that Vouch knows, in the order in which models see them."""

import hashlib
import io
import tokenize
from functools import cache
from importlib.resources import files

from credit.contract import DEPOSIT_WAIVER, ENTITY_OF, MERCHANT_LOAN
from features import (
    merchant_debt,
    merchant_payers,
    merchant_turnover,
    user_bills,
    user_holds,
    user_spend,
)
from features.definition import MERCHANT, USER, Feature
from features.request import REQUEST_FEATURES

__all__ = ["ENTITY_FEATURES", "Feature", "definitions_sha256", "features_of"]

ENTITY_FEATURES: dict[str, tuple[Feature, ...]] = {
    MERCHANT: (*merchant_turnover.FEATURES, *merchant_payers.FEATURES, *merchant_debt.FEATURES),
    USER: (*user_spend.FEATURES, *user_bills.FEATURES, *user_holds.FEATURES),
}
_SHARED = ("definition", "versions", "tiles", "payment_measures", "measure_shapes", "spine")
_SOURCES = {
    MERCHANT_LOAN: (
        *_SHARED,
        "loan_measures",
        "merchant_turnover",
        "merchant_payers",
        "merchant_debt",
        "arithmetic",
        "request",
    ),
    DEPOSIT_WAIVER: (
        *_SHARED,
        "loan_measures",
        "user_measures",
        "user_spend",
        "user_bills",
        "user_holds",
        "arithmetic",
        "request",
    ),
}
_LAYOUT = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
)
_STATEMENT_STARTS = frozenset({tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT})


def features_of(product: str) -> tuple[Feature, ...]:
    """The features of `product`: its entity's, then its request's; the order of a signature."""
    return (*ENTITY_FEATURES[ENTITY_OF[product]], *REQUEST_FEATURES[product])


@cache
def definitions_sha256(product: str) -> str:
    """Hash of everything that says what the features of `product` are.

    Comments, docstrings and layout do not count; a changed number or name does. A model and an
    online store whose hashes differ do not speak of the same features.
    """
    digest = hashlib.sha256(product.encode())
    for name in _SOURCES[product]:
        source = files("features").joinpath(f"{name}.py").read_text(encoding="utf-8")
        digest.update("\n".join((name, *meaning(source))).encode())
    return digest.hexdigest()


def meaning(source: str) -> list[str]:
    """The words of a Python source that change what it does."""
    words: list[str] = []
    before = tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        docstring = token.type == tokenize.STRING and before in _STATEMENT_STARTS
        if token.type not in _LAYOUT and not docstring:
            words.append(token.string)
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            before = token.type
    return words
