"""A policy read from TOML: typed, bounded, every field known; anything else is a TermsError."""

# ruff: noqa: RUF009  (declarations are dataclass fields, made once per class)

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from credit.contract import MERCHANT_LOAN
from credit.policy.bands import band_of
from credit.policy.declared import Direction, Unit, declared, table
from credit.policy.delegation import Authority, Delegation, all_rows
from credit.policy.instalment_terms import InstalmentTerms
from credit.policy.loan_terms import LoanTerms
from credit.policy.reading import TermsError, read_table
from credit.policy.soundness import refuse_unsound
from credit.policy.waiver_terms import WaiverTerms

__all__ = ["Policy", "TermsError", "band_of", "parse_policy"]

TEXT_MAX = 65_536  # four times the platform's own; what is longer takes seconds to compose


@dataclass(frozen=True, slots=True)
class LayerRef:
    """A document that a policy was made of."""

    layer: str
    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A whole policy: the platform's, or what comes into force under all its layers.

    `origins` says which layer set each field, `layers` which documents it was made of, `authority`
    what a layer below it may choose. `sha256` is that of its text, or of the list of its layers.
    """

    name: str = declared(Unit.TEXT, Direction.FIXED, "What the policy is called")
    version: str = declared(Unit.TEXT, Direction.FIXED, "Which version of it this is")
    currency: str = declared(Unit.TEXT, Direction.FIXED, "ISO 4217 code of all its money")
    loan: LoanTerms = table(LoanTerms, "Loans to merchants")
    waiver: WaiverTerms = table(WaiverTerms, "Deposits waived for users")
    instalment: InstalmentTerms = table(
        InstalmentTerms, "Orders paid in instalments, the merchant sharing the fee"
    )
    delegated: Delegation = table(
        Delegation, "What lower layers may choose, and within which range"
    )
    sha256: str = ""
    origins: Mapping[str, str] = field(default_factory=dict)
    layers: tuple[LayerRef, ...] = ()
    authority: Authority = field(default_factory=Authority)

    def exposure_max_minor(self, product: str) -> int:
        """The most that one merchant or user may have open in all, whatever their line says."""
        loan = product == MERCHANT_LOAN
        return self.loan.amount_max_minor if loan else self.waiver.user_max_minor

    def layer_of(self, path: str) -> str:
        """The layer that set a field, such as `loan.price.apr_cap`."""
        return self.origins[path]


def parse_policy(text: str) -> Policy:
    """The policy that `text` (TOML) states; TermsError names field, value, bound and mend."""
    raw = read_toml(text)
    policy = read_table(Policy, raw, "")
    _refuse_currency(policy.currency)
    refuse_unsound(policy.loan, policy.waiver, policy.instalment)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return replace(
        policy,
        sha256=sha256,
        origins=MappingProxyType(dict.fromkeys(_paths(raw), policy.name)),
        layers=(LayerRef("platform", policy.name, policy.version, sha256),),
        authority=Authority(granted=tuple((0, row) for row in all_rows(policy.delegated))),
    )


def read_toml(text: str) -> dict[str, Any]:
    """The loose values of a document; TermsError where it is no TOML."""
    if len(text) > TEXT_MAX:
        raise TermsError(
            f"policy is {len(text)} characters long, above {TEXT_MAX}", "say it in fewer"
        )
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except ArithmeticError:
        raise TermsError("policy holds a number beyond all bounds", "write it plainly") from None
    except (ValueError, RecursionError) as fault:
        raise TermsError(f"policy is no TOML: {fault}", "mend the document") from None


def _paths(raw: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in raw.items():
        yield prefix + name
        if isinstance(value, dict):
            yield from _paths(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            yield from (f"{prefix}{name}[{place}]" for place in range(1, len(value) + 1))


def _refuse_currency(code: str) -> None:
    if not (len(code) == len("CNY") and code.isascii() and code.isalpha() and code.isupper()):
        raise TermsError(f"currency is {code!r}", "give an ISO 4217 code such as CNY")
