"""The data contract: every table that Vouch reads, as frozen rows.

`data check`, the readers of data directories and the shapes on the wire derive from
`TABLES`; nothing else says what a column is.
"""

from dataclasses import dataclass
from enum import Enum

MERCHANT_LOAN = "merchant-loan"
DEPOSIT_WAIVER = "deposit-waiver"
INSTALMENT_OFFER = "instalment-offer"  # decided by rules alone: no model, no label, no outcomes
PRODUCTS = (MERCHANT_LOAN, DEPOSIT_WAIVER)
DECIDED = (*PRODUCTS, INSTALMENT_OFFER)  # what is decided, recorded, and may be stopped
MONEY_MAX = 10**15  # minor units in one amount: beyond any payment
TOTAL_MAX = 2**63 - 1  # minor units in all amounts of a column: sums are kept in 64 bits
ENTITY_OF = {MERCHANT_LOAN: "merchant", DEPOSIT_WAIVER: "user"}
PRODUCT_OF = {entity: product for product, entity in ENTITY_OF.items()}


class Kind(Enum):
    """What a column's values are; how each looks in a file is the reader's affair."""

    TEXT = "text"
    MONEY = "money"  # integer minor units
    COUNT = "count"  # a whole number that is not money
    NUMBER = "number"  # a finite real number
    DAY = "day"  # a UTC day
    INSTANT = "instant"  # UTC, microseconds
    FLAG = "flag"  # 0 or 1


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its kind, whether it must be there, and what its values may be.

    `minimum` and `maximum` are inclusive. `references` names the tables of which one must
    know the value. `happens` marks the time of an event, which cannot come after the row
    was recorded.
    """

    name: str
    kind: Kind
    required: bool = True
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    references: tuple[str, ...] = ()
    happens: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its key, its columns, and where `recorded_at` falls back to when blank."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    recorded_default: str | None = None

    @property
    def versioned(self) -> bool:
        """True where rows are versions: several rows of one key, told apart by `recorded_at`."""
        return any(column.name == "recorded_at" for column in self.columns)

    @property
    def version(self) -> tuple[str, ...]:
        """The columns that tell rows apart: the key and, where rows are versions, their time."""
        return (*self.key, *(("recorded_at",) if self.versioned else ()))

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in the contract's order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")


def _id(name: str, *references: str, required: bool = True) -> Column:
    return Column(name, Kind.TEXT, required, references=references)


def _text(name: str, *choices: str, required: bool = False) -> Column:
    return Column(name, Kind.TEXT, required, choices=choices)


def _money(
    name: str, *, required: bool = False, minimum: float | None = 0, maximum: float = MONEY_MAX
) -> Column:
    return Column(name, Kind.MONEY, required, minimum=minimum, maximum=maximum)


def _count(
    name: str, *, required: bool = False, minimum: float = 0, maximum: float | None = None
) -> Column:
    return Column(name, Kind.COUNT, required, minimum=minimum, maximum=maximum)


def _rate(name: str) -> Column:
    return Column(name, Kind.NUMBER, required=False, minimum=0)


def _day(name: str, *, required: bool = False, happens: bool = False) -> Column:
    return Column(name, Kind.DAY, required, happens=happens)


def _instant(name: str, *, required: bool = False, happens: bool = False) -> Column:
    return Column(name, Kind.INSTANT, required, happens=happens)


RECORDED = _instant("recorded_at", required=True)
RECORDED_OR_DEFAULT = _instant("recorded_at")
PAYMENT_KINDS = ("payment", "refund", "chargeback", "payout")
LOAN_STATUSES = ("active", "closed", "cancelled", "restructured", "written_off")
APPLICATION_OUTCOMES = ("approve", "refer", "decline", "approve_at_random")

TABLES: tuple[Table, ...] = (
    Table(
        "merchants",
        ("merchant_id",),
        (
            _id("merchant_id"),
            _day("opened_on", happens=True),
            _text("industry"),
            _count("city_tier", minimum=1, maximum=5),
            _text("partner_id"),
            RECORDED_OR_DEFAULT,
        ),
        recorded_default="opened_on",
    ),
    Table(
        "users",
        ("user_id",),
        (
            _id("user_id"),
            _day("registered_on", happens=True),
            _money("credit_line_minor"),
            RECORDED_OR_DEFAULT,
        ),
        recorded_default="registered_on",
    ),
    Table(
        "payments",
        ("payment_id",),
        (
            _id("payment_id"),
            _id("merchant_id", "merchants"),
            _id("user_id", "users", required=False),
            _text("kind", *PAYMENT_KINDS, required=True),
            _money("amount_minor", required=True, minimum=1),
            _text("currency", required=True),
            _text("scene"),
            _text("channel"),
            _count("instalments", minimum=1),
            _money("subsidy_minor"),
            _id("refers_to", "payments", required=False),
            _instant("occurred_at", required=True, happens=True),
            RECORDED,
        ),
    ),
    Table(
        "loans",
        ("loan_id",),
        (
            _id("loan_id"),
            _id("merchant_id", "merchants"),
            _money("principal_minor", required=True, minimum=1),
            _money("total_due_minor"),
            _rate("apr"),
            _count("term_days", required=True, minimum=1),
            _text("repayment_type"),
            _instant("disbursed_at", required=True, happens=True),
            _text("status", *LOAN_STATUSES),
            _text("application_id"),
            RECORDED,
        ),
    ),
    Table(
        "repayments",
        ("repayment_id",),
        (
            _id("repayment_id"),
            _id("loan_id", "loans"),
            _day("due_on", required=True),
            _money("due_minor", required=True),
            _money("paid_minor"),
            _instant("paid_at", happens=True),
            RECORDED,
        ),
    ),
    Table(
        "bills",
        ("bill_id",),
        (
            _id("bill_id"),
            _id("user_id", "users"),
            _day("due_on", required=True),
            _money("billed_minor", required=True, minimum=None),
            _money("paid_minor"),
            _instant("paid_at", happens=True),
            _count("past_due_days"),
            _money("credit_line_minor"),
            RECORDED,
        ),
    ),
    Table(
        "holds",
        ("hold_id",),
        (
            _id("hold_id"),
            _id("user_id", "users"),
            _text("partner_id"),
            _text("scene", required=True),
            _money("deposit_minor", required=True, minimum=1),
            _instant("opened_at", required=True, happens=True),
            _instant("due_at", required=True),
            _instant("closed_at", happens=True),
            _instant("captured_at", happens=True),
            _money("captured_minor"),
            _money("unpaid_minor"),
            _instant("settled_at", happens=True),
            _text("application_id"),
            RECORDED,
        ),
    ),
    Table(
        "applications",
        ("application_id",),
        (
            _id("application_id"),
            _text("product", *PRODUCTS, required=True),
            _id("entity_id"),
            _text("partner_id"),
            _text("scene"),
            _money("requested_minor", required=True, minimum=1),
            _count("term_days", minimum=1),
            _instant("due_at"),
            _instant("applied_at", required=True, happens=True),
            _text("outcome", *APPLICATION_OUTCOMES, required=True),
            _money("approved_minor"),
            _rate("apr"),
            RECORDED,
        ),
    ),
    Table(
        "outcomes",
        ("product", "reference_id"),
        (
            _text("product", *PRODUCTS, required=True),
            _id("entity_id"),
            _id("reference_id"),
            _instant("observed_at", required=True),
            _text("scene"),
            _money("amount_minor"),
            _count("term_days", minimum=1),
            Column("bad", Kind.FLAG, minimum=0, maximum=1),
            _instant("matured_at", required=True),
        ),
    ),
    Table(
        "protected",
        ("entity_id", "attribute"),
        (_id("entity_id"), _text("attribute", required=True), _text("value", required=True)),
    ),
)

TABLE = {table.name: table for table in TABLES}
