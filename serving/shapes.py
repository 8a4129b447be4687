"""The shapes of request bodies, once: the parser and the OpenAPI document both read them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from credit.contract import PRODUCTS
from serving.problems import RequestError, shown

TEXT_MAX = 128
AMOUNT_MAX = 10**15  # beyond any loan, and exact as a float
TERM_DAYS_MAX = 3_650
SCORES_MAX = 1_000
_CURRENCY = re.compile(r"[A-Z]{3}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)")


class Kind(Enum):
    """What the value of a field is on the wire."""

    TEXT = "text"
    TEXTS = "texts"
    PRODUCT = "product"
    CURRENCY = "currency"
    AMOUNT = "amount"
    DAYS = "days"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body."""

    name: str
    kind: Kind
    description: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """One body: its name, its fields and an example that is accepted."""

    name: str
    fields: tuple[Field, ...]
    example: Mapping[str, Any]


LOAN = Shape(
    "LoanApplication",
    (
        Field("application_id", Kind.TEXT, "Yours; one application is decided once"),
        Field("merchant_id", Kind.TEXT, "The merchant who asks"),
        Field("amount_minor", Kind.AMOUNT, "Amount asked, in minor units"),
        Field("currency", Kind.CURRENCY, "ISO 4217; the policy's"),
        Field("term_days", Kind.DAYS, "Term asked, in days"),
        Field("consent_ref", Kind.TEXT, "Where the merchant's consent is kept", required=False),
    ),
    {
        "application_id": "app-2026-000123",
        "merchant_id": "m000042",
        "amount_minor": 3_000_000,
        "currency": "CNY",
        "term_days": 90,
    },
)

WAIVER = Shape(
    "WaiverApplication",
    (
        Field("user_id", Kind.TEXT, "The customer who asks"),
        Field("scene", Kind.TEXT, "What is rented: bike, hotel, clinic, school, ..."),
        Field("deposit_minor", Kind.AMOUNT, "The deposit, in minor units"),
        Field("currency", Kind.CURRENCY, "ISO 4217; the policy's"),
        Field("due_at", Kind.INSTANT, "When the order ends, with its zone"),
    ),
    {
        "user_id": "u000042",
        "scene": "hotel",
        "deposit_minor": 30_000,
        "currency": "CNY",
        "due_at": "2026-07-03T12:00:00Z",
    },
)

SCORES = Shape(
    "ScoresRequest",
    (
        Field("product", Kind.PRODUCT, "Whose model scores: " + " or ".join(PRODUCTS)),
        Field("entity_ids", Kind.TEXTS, f"Merchants or users, at most {SCORES_MAX:,}"),
    ),
    {"product": "merchant-loan", "entity_ids": ["m000042", "m000043"]},
)


def fits(field: Field, value: Any) -> Any:
    """The value as the service uses it; RequestError where the field cannot hold it."""
    return _READERS[field.kind](field.name, value)


def _refuse(name: str, value: Any, mend: str) -> RequestError:
    return RequestError("FIELD_INVALID", f"{name} is {shown(value)}", mend, field=name, value=value)


def _text(name: str, value: Any) -> str:
    """Printable text: no controls, no half surrogates, no blanks around it."""
    good = isinstance(value, str) and 0 < len(value) <= TEXT_MAX
    if not good or not value.isprintable() or value != value.strip():
        raise _refuse(name, value, f"send 1 to {TEXT_MAX} printable characters")
    return str(value)


def _texts(name: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not 0 < len(value) <= SCORES_MAX:
        count = f" ({len(value)} of them)" if isinstance(value, list) else ""
        raise _refuse(name, value, f"send a list of 1 to {SCORES_MAX:,} ids{count}")
    return [_text(f"{name}[{place}]", item) for place, item in enumerate(value)]


def _product(name: str, value: Any) -> str:
    if value not in PRODUCTS:
        raise _refuse(name, value, f"send one of {', '.join(PRODUCTS)}")
    return str(value)


def _currency(name: str, value: Any) -> str:
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise _refuse(name, value, "send an ISO 4217 code such as CNY")
    return value


def _whole(name: str, value: Any, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:  # a boolean is an int, and no amount
        raise _refuse(name, value, f"send a whole number from 1 to {most}")
    return value


def _amount(name: str, value: Any) -> int:
    return _whole(name, value, AMOUNT_MAX)


def _days(name: str, value: Any) -> int:
    return _whole(name, value, TERM_DAYS_MAX)


def _instant(name: str, value: Any) -> datetime:
    mend = "send an instant with its zone, such as 2026-07-03T12:00:00Z"
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise _refuse(name, value, mend)
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _refuse(name, value, mend) from None


_READERS: Mapping[Kind, Callable[[str, Any], Any]] = {
    Kind.TEXT: _text,
    Kind.TEXTS: _texts,
    Kind.PRODUCT: _product,
    Kind.CURRENCY: _currency,
    Kind.AMOUNT: _amount,
    Kind.DAYS: _days,
    Kind.INSTANT: _instant,
}
