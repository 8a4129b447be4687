"""Knock-outs: facts that decide without a score, as rows of the policy.

A row compares one fact (a feature, a field of the request as `request.NAME`, or what the partner
sends along as `context.NAME`) with a value by one of a closed set of comparisons. Rows are data:
they can be checked, explained and vectorised, and they never run code. What a missing fact means is
said in each row.
"""

# ruff: noqa: RUF009  (declarations are dataclass fields, made once per class)

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan

from credit.policy.decision import Outcome, outcome_of
from credit.policy.declared import Direction, Unit, declared
from credit.policy.evidence import Value

ORDERED = (">", ">=", "<", "<=")
EQUALITY = ("==", "!=")
MEMBERSHIP = ("in", "not in")
COMPARISONS = ORDERED + EQUALITY + MEMBERSHIP
PASSES, REFERS, DECLINES = "passes", "refers", "declines"
REQUEST, CONTEXT = "request.", "context."
SENT = (REQUEST, CONTEXT)  # what a request says for itself, whatever is known of who asks
LOAN_REQUEST_FACTS = ("request.amount_minor", "request.term_days")
WAIVER_REQUEST_FACTS = ("request.deposit_minor", "request.duration_days", "request.scene")
TEXT_REQUEST_FACTS = ("request.scene",)  # all others are numbers
INSTALMENT_REQUEST_FACTS = ("request.order_amount_minor",)

# Words that name a place or a protected attribute; no knock-out may look at a fact that holds one.
PROTECTED_WORDS = frozenset(
    {
        *("address", "city", "country", "county", "district", "hukou", "latitude", "location"),
        *("longitude", "place", "postcode", "province", "region", "tier", "town", "village", "zip"),
        *("age", "birth", "birthday", "born", "disability", "education", "ethnic", "ethnicity"),
        *("gender", "language", "marital", "married", "nation", "nationality", "race", "religion"),
        "sex",
    }
)

Operand = int | float | str | tuple[int | float | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knockout:
    """One row: where the comparison holds, the outcome is at most `outcome`, for `reason`."""

    feature: str = declared(
        Unit.FACT, Direction.FIXED, "The fact: a feature, `request.NAME` or `context.NAME`"
    )
    op: str = declared(Unit.TEXT, Direction.FIXED, "Comparison", choices=COMPARISONS)
    value: Operand = declared(Unit.OPERAND, Direction.FIXED, "What the fact is compared with")
    reason: str = declared(Unit.TEXT, Direction.FIXED, "Code of the reason given")
    outcome: str = declared(
        Unit.TEXT, Direction.LOWER_ONLY, "Outcome where it holds", choices=("decline", "refer")
    )
    missing: str = declared(
        Unit.TEXT,
        Direction.FIXED,
        "What a missing fact means",
        choices=(DECLINES, REFERS, PASSES),
    )


ON_MISSING = {PASSES: Outcome.APPROVE, REFERS: Outcome.REFER, DECLINES: Outcome.DECLINE}


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one row said of one applicant; `reason` is None where it let the applicant pass."""

    row: Knockout
    fact: Value
    outcome: Outcome
    reason: str | None

    @property
    def comparison(self) -> str:
        """The row as the trace and the policy page print it."""
        return f"{self.row.feature} {self.row.op} {self.row.value}"


def ruled(row: Knockout, facts: Mapping[str, Value]) -> Ruling:
    """What a row says of these facts."""
    fact = facts.get(row.feature)
    if fact is None or is_missing(fact):
        outcome = ON_MISSING[row.missing]
        return Ruling(row, None, outcome, None if outcome is Outcome.APPROVE else "FACT_MISSING")
    if holds(row, fact):
        return Ruling(row, fact, outcome_of(row.outcome), row.reason)
    return Ruling(row, fact, Outcome.APPROVE, None)


def names_protected(fact: str) -> bool:
    """True where a fact's name speaks of a place or a protected attribute.

    >>> names_protected("city_tier"), names_protected("arrears_minor")
    (True, False)
    """
    return not PROTECTED_WORDS.isdisjoint(fact.lower().replace(".", "_").split("_"))


def is_missing(value: Value) -> bool:
    """True for None and for NaN, the two spellings of a value that is not known."""
    return value is None or (isinstance(value, float) and isnan(value))


def known_number(values: Mapping[str, Value], name: str) -> float | None:
    """A measured number, or None where it is not known; TypeError where it is text."""
    value = values.get(name)
    if isinstance(value, str):
        raise TypeError(f"{name} is {value!r}; the policy reads a number")
    return None if is_missing(value) else value


def holds(row: Knockout, fact: float | str) -> bool:
    """Whether the row's comparison is true of a fact that is known.

    TypeError where the fact is text and the row compares numbers, or the other way round: the
    catalogue and the policy then speak of different things.
    """
    operands = row.value if isinstance(row.value, tuple) else (row.value,)
    if any(isinstance(operand, str) != isinstance(fact, str) for operand in operands):
        raise TypeError(f"{row.feature} is {fact!r}; the policy compares it with {row.value!r}")
    if row.op in MEMBERSHIP:
        return (fact in operands) == (row.op == "in")
    if row.op in EQUALITY:
        return (fact == row.value) == (row.op == "==")
    return _ordered(row.op, float(fact), float(operands[0]))


def _ordered(op: str, fact: float, value: float) -> bool:
    match op:
        case ">":
            return fact > value
        case ">=":
            return fact >= value
        case "<":
            return fact < value
    return fact <= value
