"""A small closed arithmetic for features of the request.

Written once, run twice: as Ibis over a training table, as a plain function over one request. The
two agree to the bit, because every node is one operation of IEEE doubles on both sides, and a
missing operand makes a missing result on both. What has no value (x / 0) is missing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis

Number = float | None


@dataclass(frozen=True, slots=True)
class Field:
    """A number of the request or a feature of the entity."""

    name: str


@dataclass(frozen=True, slots=True)
class Const:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Add:
    """Left plus right."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Sub:
    """Left less right."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Mul:
    """Left times right."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Div:
    """Left over right; missing where right is zero."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Min:
    """The smaller; missing where either is."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Max:
    """The larger; missing where either is."""

    left: "Expression"
    right: "Expression"


Expression = Field | Const | Add | Sub | Mul | Div | Min | Max


def value_of(expression: Expression, fields: Mapping[str, Any]) -> Number:
    """The value for one request; None where missing or beyond a double."""
    if isinstance(expression, Const):
        return float(expression.value)
    if isinstance(expression, Field):
        value = fields.get(expression.name)
        return None if value is None else _finite(float(value))
    left, right = value_of(expression.left, fields), value_of(expression.right, fields)
    if left is None or right is None:
        return None
    return _apply(expression, left, right)


def _apply(expression: Expression, left: float, right: float) -> Number:
    match expression:
        case Add():
            return _finite(left + right)
        case Sub():
            return _finite(left - right)
        case Mul():
            return _finite(left * right)
        case Div():
            return None if right == 0 else _finite(left / right)
        case Min():
            return min(left, right)
        case _:
            return max(left, right)


def _finite(value: float) -> Number:
    return value if math.isfinite(value) else None


def column_of(expression: Expression, table: "ibis.Table") -> "ibis.Value":
    """The same over the columns of `table`."""
    import ibis

    if isinstance(expression, Const):
        return ibis.literal(float(expression.value), "float64")
    if isinstance(expression, Field):
        return _finite_column(table[expression.name].cast("float64"))
    left, right = column_of(expression.left, table), column_of(expression.right, table)
    return _apply_columns(expression, left, right)


def _apply_columns(expression: Expression, left: Any, right: Any) -> Any:
    import ibis

    match expression:
        case Add():
            return _finite_column(left + right)
        case Sub():
            return _finite_column(left - right)
        case Mul():
            return _finite_column(left * right)
        case Div():
            return _finite_column(left / right.nullif(0.0))
        case Min():
            return ibis.ifelse(left.isnull() | right.isnull(), None, ibis.least(left, right))
        case _:
            return ibis.ifelse(left.isnull() | right.isnull(), None, ibis.greatest(left, right))


def _finite_column(value: Any) -> Any:
    import ibis

    return ibis.ifelse(value.isinf() | value.isnan(), None, value)
