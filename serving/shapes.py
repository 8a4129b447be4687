"""The shapes of request bodies, once: the parser and the OpenAPI document both read them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from typing import Any

from credit.contract import PRODUCTS
from credit.ledger.loan import EVENTS
from credit.policy.context import CONTEXT_NAME
from serving.problems import RequestError, shown
from serving.review import OUTCOMES

TEXT_MAX = 128
AMOUNT_MAX = 10**15  # beyond any loan, and exact as a float
TERM_DAYS_MAX = 3_650
SCORES_MAX = 1_000
ROWS_MAX = 1_000
CONTEXT_MAX = 32
EVENT_WORDS = tuple(event.value for event in EVENTS)
_CURRENCY = re.compile(r"[A-Z]{3}")
_CONTEXT_NAME = re.compile(CONTEXT_NAME)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)")


class Kind(Enum):
    """What the value of a field is on the wire."""

    TEXT = "text"
    NAME = "name"
    TEXTS = "texts"
    ROWS = "rows"
    PRODUCT = "product"
    CURRENCY = "currency"
    AMOUNT = "amount"
    DAYS = "days"
    INSTANT = "instant"
    LIMIT = "limit"
    FLAG = "flag"
    REVIEW_OUTCOME = "review outcome"
    LOAN_EVENT = "loan event"
    CONTEXT = "context"


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


_CONTEXT = Field(
    "context",
    Kind.CONTEXT,
    "Facts by name, as the policy in force declares them; nobody's name belongs here",
    required=False,
)

LOAN = Shape(
    "LoanApplication",
    (
        Field("application_id", Kind.TEXT, "Yours; one application is decided once"),
        Field("merchant_id", Kind.NAME, "The merchant who asks"),
        Field("amount_minor", Kind.AMOUNT, "Amount asked, in minor units"),
        Field("currency", Kind.CURRENCY, "ISO 4217; the policy's"),
        Field("term_days", Kind.DAYS, "Term asked, in days"),
        Field("consent_ref", Kind.TEXT, "Where the merchant's consent is kept", required=False),
        _CONTEXT,
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
        Field("user_id", Kind.NAME, "The customer who asks"),
        Field("scene", Kind.TEXT, "What is rented: bike, hotel, clinic, school, ..."),
        Field("deposit_minor", Kind.AMOUNT, "The deposit, in minor units"),
        Field("currency", Kind.CURRENCY, "ISO 4217; the policy's"),
        Field("due_at", Kind.INSTANT, "When the order ends, with its zone"),
        _CONTEXT,
    ),
    {
        "user_id": "u000042",
        "scene": "hotel",
        "deposit_minor": 30_000,
        "currency": "CNY",
        "due_at": "2026-07-03T12:00:00Z",
    },
)

WAIVER_ORDER = Shape(
    "WaiverOrder",
    (Field("out_order_no", Kind.TEXT, "Yours; one order is decided once"), *WAIVER.fields),
    {"out_order_no": "order-2026-000123", **WAIVER.example},
)

SCORES = Shape(
    "ScoresRequest",
    (
        Field("product", Kind.PRODUCT, "Whose model scores: " + " or ".join(PRODUCTS)),
        Field("entity_ids", Kind.TEXTS, f"Merchants or users, at most {SCORES_MAX:,}"),
    ),
    {"product": "merchant-loan", "entity_ids": ["m000042", "m000043"]},
)


CAPTURE = Shape(
    "Capture",
    (
        Field("amount_minor", Kind.AMOUNT, "What is charged, at most what rests"),
        Field("complete", Kind.FLAG, "Whether this is the last capture; what rests is released"),
    ),
    {"amount_minor": 12_000, "complete": True},
)

RELEASE = Shape(
    "Release",
    (
        Field(
            "amount_minor",
            Kind.AMOUNT,
            "What is given back; all that rests without it",
            required=False,
        ),
    ),
    {"amount_minor": 18_000},
)

SETTLEMENT = Shape(
    "Settlement",
    (
        Field(
            "amount_minor",
            Kind.AMOUNT,
            "What the customer paid of what was captured; all that is owed without it",
            required=False,
        ),
    ),
    {"amount_minor": 12_000},
)

ACCEPTANCE = Shape(
    "LoanAcceptance",
    (
        Field("decision_id", Kind.TEXT, "The decision whose offer is accepted"),
        Field("loan_no", Kind.NAME, "Yours; one loan is accepted once"),
        Field("amount_minor", Kind.AMOUNT, "The offer's amount"),
        Field("term_days", Kind.DAYS, "The offer's term"),
    ),
    {
        "decision_id": "019f5d3a-0c00-7000-8000-000000000000",
        "loan_no": "loan-2026-000123",
        "amount_minor": 3_000_000,
        "term_days": 90,
    },
)

LOAN_EVENT = Shape(
    "LoanEvent",
    (
        Field("type", Kind.LOAN_EVENT, "What happened: " + ", ".join(EVENT_WORDS)),
        Field(
            "amount_minor",
            Kind.AMOUNT,
            "Principal disbursed, repaid or written off, or still owed after a restructuring; "
            "all that is outstanding without it",
            required=False,
        ),
        Field("occurred_at", Kind.INSTANT, "When, with its zone"),
    ),
    {"type": "repaid", "amount_minor": 1_000_000, "occurred_at": "2026-07-30T08:00:00Z"},
)

LINE = Shape(
    "CreditLine",
    (
        Field("limit_minor", Kind.LIMIT, "The most that may be open under the line"),
        Field("source", Kind.TEXT, "Who says so: a bank, a platform, a person"),
        Field("valid_until", Kind.INSTANT, "From when on it has no room", required=False),
    ),
    {"limit_minor": 500_000, "source": "bank-a", "valid_until": "2027-06-30T00:00:00Z"},
)

REVIEW = Shape(
    "Review",
    (
        Field("outcome", Kind.REVIEW_OUTCOME, "What the person decides: " + " or ".join(OUTCOMES)),
        Field("reason", Kind.TEXT, "Why"),
        Field("reviewer", Kind.TEXT, "Who"),
    ),
    {"outcome": "approve", "reason": "seasonal dip explained", "reviewer": "j.doe"},
)

ROWS = Shape(
    "Rows",
    (Field("rows", Kind.ROWS, f"Rows of the table's columns, at most {ROWS_MAX:,}"),),
    {
        "rows": [
            {
                "payment_id": "p-2026-000123",
                "merchant_id": "m000042",
                "user_id": "u000042",
                "kind": "payment",
                "amount_minor": 1_990,
                "currency": "CNY",
                "occurred_at": "2026-07-01T08:15:00Z",
                "recorded_at": "2026-07-01T08:15:02Z",
            }
        ]
    },
)

SHAPES = (
    LOAN,
    WAIVER,
    WAIVER_ORDER,
    SCORES,
    CAPTURE,
    RELEASE,
    SETTLEMENT,
    ACCEPTANCE,
    LOAN_EVENT,
    LINE,
    REVIEW,
    ROWS,
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


def named(name: str, value: Any) -> str:
    """Text that can stand in a path of its own: one segment that no client rewrites."""
    text = _text(name, value)
    if "/" in text or text in {".", "..", "decisions"}:
        raise _refuse(name, value, "send one without / that is not '.', '..' or 'decisions'")
    return text


def _texts(name: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not 0 < len(value) <= SCORES_MAX:
        count = f" ({len(value)} of them)" if isinstance(value, list) else ""
        raise _refuse(name, value, f"send a list of 1 to {SCORES_MAX:,} ids{count}")
    return [_text(f"{name}[{place}]", item) for place, item in enumerate(value)]


def _rows(name: str, value: Any) -> list[Any]:
    """A list; what stands in it is each row's own affair."""
    if not isinstance(value, list) or not 0 < len(value) <= ROWS_MAX:
        count = f" ({len(value)} of them)" if isinstance(value, list) else ""
        raise _refuse(name, value, f"send a list of 1 to {ROWS_MAX:,} rows{count}")
    return value


def _currency(name: str, value: Any) -> str:
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise _refuse(name, value, "send an ISO 4217 code such as CNY")
    return value


def _choice(name: str, value: Any, choices: Sequence[str]) -> str:
    if value not in choices:
        raise _refuse(name, value, f"send one of {', '.join(choices)}")
    return str(value)


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refuse(name, value, "send true or false")
    return value


def _whole(name: str, value: Any, most: int, least: int = 1) -> int:
    if type(value) is not int or not least <= value <= most:  # a boolean is an int, and no amount
        raise _refuse(name, value, f"send a whole number from {least} to {most}")
    return value


def _limit(name: str, value: Any) -> int:
    return _whole(name, value, AMOUNT_MAX, least=0)


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


def _context(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) > CONTEXT_MAX:
        raise _refuse(name, value, f"send an object of at most {CONTEXT_MAX} facts")
    return {_fact_name(name, fact): _fact(f"{name}.{fact}", told) for fact, told in value.items()}


def _fact_name(name: str, fact: str) -> str:
    if not _CONTEXT_NAME.fullmatch(fact):
        told = f"{name} names {shown(fact)}"
        mend = "name facts in lower case, a-z first, then a-z, 0-9 and _"
        raise RequestError("FIELD_INVALID", told, mend, field=name, value=fact)
    return fact


def _fact(name: str, value: Any) -> float | int | str:
    if isinstance(value, str):
        return _text(name, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refuse(name, value, f"send a number, or 1 to {TEXT_MAX} printable characters")
    return value


_READERS: Mapping[Kind, Callable[[str, Any], Any]] = {
    Kind.TEXT: _text,
    Kind.NAME: named,
    Kind.TEXTS: _texts,
    Kind.ROWS: _rows,
    Kind.PRODUCT: partial(_choice, choices=PRODUCTS),
    Kind.CURRENCY: _currency,
    Kind.AMOUNT: _amount,
    Kind.DAYS: _days,
    Kind.INSTANT: _instant,
    Kind.LIMIT: _limit,
    Kind.FLAG: _flag,
    Kind.REVIEW_OUTCOME: partial(_choice, choices=OUTCOMES),
    Kind.LOAN_EVENT: partial(_choice, choices=EVENT_WORDS),
    Kind.CONTEXT: _context,
}
