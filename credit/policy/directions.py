"""How what a layer states meets what the layer above fixed: one rule for each direction.

The rule is both the bound and the proof of it: a statement is a loosening exactly where the value
that comes into force is not the one that was stated.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from credit.money import MILLION, as_number
from credit.policy.declared import FRACTIONS, Declaration, Direction, Unit
from credit.policy.delegation import Choice, Grant, Range


@dataclass(frozen=True, slots=True)
class Met:
    """What comes into force, and the bound that a loosening ran into ("at most 0.12")."""

    effective: Any
    bound: str = ""


def meet(row: Declaration, upper: Any, stated: Any, grants: Sequence[Grant]) -> Met:
    """The value in force where a layer states `stated` under `upper`, as kept in whole numbers.

    `grants`: the delegation rows by which the layer may choose.
    """
    effective = _EFFECTIVE[row.direction](row, upper, stated, grants)
    if effective == stated:
        return Met(effective)
    return Met(effective, _BOUND[row.direction](row, upper, stated, grants))


def shown(row: Declaration, value: Any) -> str:
    """A kept value as documents write it."""
    if isinstance(value, tuple):
        return f"[{', '.join(shown(row, one) for one in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if row.unit in FRACTIONS:
        return str(as_number(value))
    return str(value)


def kept(row: Declaration, bound: Decimal) -> int:
    """A bound of a delegation as the field's values are kept."""
    return int(bound * MILLION) if row.unit in FRACTIONS else int(bound)


def span(row: Declaration, grants: Sequence[Grant]) -> tuple[int, int] | None:
    """Least and most that rows for a number allow together; None without any."""
    ranges = [one for one in grants if isinstance(one, Range)]
    if not ranges:
        return None
    return kept(row, min(it.least for it in ranges)), kept(row, max(it.most for it in ranges))


def words(grants: Sequence[Grant]) -> frozenset[str]:
    """Every word that rows allow."""
    return frozenset(word for one in grants if isinstance(one, Choice) for word in one.choices)


def _fixed(_row: Declaration, upper: Any, _stated: Any, _grants: Sequence[Grant]) -> Any:
    return upper


def _lowered(row: Declaration, upper: Any, stated: Any, grants: Sequence[Grant]) -> Any:
    return min(stated, ceiling(row, upper, grants), key=_order(row))


def _raised(row: Declaration, upper: Any, stated: Any, grants: Sequence[Grant]) -> Any:
    return max(stated, floor(row, upper, grants), key=_order(row))


def _left_of(_row: Declaration, upper: Any, stated: Any, _grants: Sequence[Grant]) -> Any:
    return tuple(one for one in stated if one in upper)


def _added(_row: Declaration, upper: Any, stated: Any, _grants: Sequence[Grant]) -> Any:
    return (*stated, *(one for one in upper if one not in stated))


def _chosen(row: Declaration, upper: Any, stated: Any, grants: Sequence[Grant]) -> Any:
    if row.choices:
        return stated if stated in words(grants) or stated == upper else upper
    allowed = span(row, grants)
    if allowed is None:
        return upper
    least, most = allowed
    return min(max(stated, least), most)


def ceiling(row: Declaration, upper: Any, grants: Sequence[Grant]) -> Any:
    """The most that may be stated under `upper`, rows for it included."""
    allowed = span(row, grants)
    return upper if allowed is None else max(upper, allowed[1])


def floor(row: Declaration, upper: Any, grants: Sequence[Grant]) -> Any:
    """The least that may be stated under `upper`, rows for it included."""
    allowed = span(row, grants)
    return upper if allowed is None else min(upper, allowed[0])


def _order(row: Declaration) -> Callable[[Any], Any]:
    """Choices stand strictest first; numbers and flags have their own order."""
    return row.choices.index if row.choices else _itself


def _itself(value: Any) -> Any:
    return value


def _told_fixed(row: Declaration, upper: Any, _stated: Any, _grants: Sequence[Grant]) -> str:
    return f"exactly {shown(row, upper)}"


def _told_lowered(row: Declaration, upper: Any, _stated: Any, grants: Sequence[Grant]) -> str:
    return f"at most {shown(row, ceiling(row, upper, grants))}"


def _told_raised(row: Declaration, upper: Any, _stated: Any, grants: Sequence[Grant]) -> str:
    return f"at least {shown(row, floor(row, upper, grants))}"


def _told_left(row: Declaration, upper: Any, _stated: Any, _grants: Sequence[Grant]) -> str:
    return f"entries of {shown(row, upper)}"


def _told_added(row: Declaration, upper: Any, _stated: Any, _grants: Sequence[Grant]) -> str:
    return f"all of {shown(row, upper)} and more"


def _told_chosen(row: Declaration, upper: Any, _stated: Any, grants: Sequence[Grant]) -> str:
    if row.choices and words(grants):
        return f"one of {', '.join(sorted(words(grants)))}"
    allowed = None if row.choices else span(row, grants)
    if allowed is None:
        return f"exactly {shown(row, upper)}, for it is not delegated"
    least, most = allowed
    return f"{shown(row, least)} to {shown(row, most)}"


Rule = Callable[[Declaration, Any, Any, Sequence[Grant]], Any]
_EFFECTIVE: Mapping[Direction, Rule] = {
    Direction.FIXED: _fixed,
    Direction.LOWER_ONLY: _lowered,
    Direction.HIGHER_ONLY: _raised,
    Direction.SUBSET: _left_of,
    Direction.SUPERSET: _added,
    Direction.DELEGATED: _chosen,
}
_BOUND: Mapping[Direction, Rule] = {
    Direction.FIXED: _told_fixed,
    Direction.LOWER_ONLY: _told_lowered,
    Direction.HIGHER_ONLY: _told_raised,
    Direction.SUBSET: _told_left,
    Direction.SUPERSET: _told_added,
    Direction.DELEGATED: _told_chosen,
}
# Values that can be set in order, and so be delegated as a range; flags are words of two.
NUMBERS = frozenset(Unit) - {Unit.TEXT, Unit.FACT, Unit.FLAG, Unit.OPERAND, Unit.BOUND}
