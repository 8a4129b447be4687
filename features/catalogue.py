"""Every feature that Vouch knows, in the order in which models see them."""

import ast
import hashlib
from functools import cache
from importlib.resources import files

from credit.contract import DEPOSIT_WAIVER, ENTITY_OF, MERCHANT_LOAN
from features import (
    merchant_debt,
    merchant_payers,
    merchant_repayments,
    merchant_sales,
    merchant_turnover,
    user_bills,
    user_holds,
    user_payees,
    user_spend,
)
from features.definition import MERCHANT, USER, Feature
from features.fresh import FRESH_FEATURES
from features.request import REQUEST_FEATURES

__all__ = ["ENTITY_FEATURES", "FRESH_FEATURES", "Feature", "definitions_sha256", "features_of"]

ENTITY_FEATURES: dict[str, tuple[Feature, ...]] = {
    MERCHANT: (
        *merchant_turnover.FEATURES,
        *merchant_sales.FEATURES,
        *merchant_payers.FEATURES,
        *merchant_debt.FEATURES,
        *merchant_repayments.FEATURES,
    ),
    USER: (
        *user_spend.FEATURES,
        *user_payees.FEATURES,
        *user_bills.FEATURES,
        *user_holds.FEATURES,
    ),
}
_SHARED = (
    "source_values",
    "source_files",
    "definition",
    "versions",
    "windows",
    "present",
    "tiles",
    "kept_tiles",
    "payment_measures",
    "measure_shapes",
    "entity_values",
    "spine",
    "prepared_spine",
    "day_values",
    "prepared",
)
_SOURCES = {
    MERCHANT_LOAN: (
        *_SHARED,
        "loan_measures",
        "merchant_turnover",
        "merchant_sales",
        "merchant_payers",
        "merchant_debt",
        "merchant_repayments",
        "arithmetic",
        "request",
    ),
    DEPOSIT_WAIVER: (
        *_SHARED,
        "loan_measures",
        "user_measures",
        "user_spend",
        "user_payees",
        "user_bills",
        "user_holds",
        "arithmetic",
        "request",
    ),
}
_SAID = frozenset({"description", "description_zh", "owner"})  # to people; no value follows from it


def features_of(product: str) -> tuple[Feature, ...]:
    """The features of `product`: its entity's, then its request's; the order of a signature."""
    return (*ENTITY_FEATURES[ENTITY_OF[product]], *REQUEST_FEATURES[product])


@cache
def definitions_sha256(product: str) -> str:
    """Hash of everything that says what the features of `product` are.

    Comments, docstrings, layout, descriptions and owners do not count; a changed number or name
    does. A model and an online store whose hashes differ do not speak of the same features.
    """
    digest = hashlib.sha256(product.encode())
    for name in _SOURCES[product]:
        source = files("features").joinpath(f"{name}.py").read_text(encoding="utf-8")
        digest.update(f"{name}\n{meaning(source)}\n".encode())
    return digest.hexdigest()


def meaning(source: str) -> str:
    """A Python source as what changes what it computes: one spelling, nothing said to people."""
    return ast.unparse(_Meaning().visit(ast.parse(source)))


class _Meaning(ast.NodeTransformer):
    """Drops docstrings, and the arguments that only tell people what a feature is."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        docstring = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if docstring else self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.AST | None:
        return None if node.arg in _SAID else self.generic_visit(node)
