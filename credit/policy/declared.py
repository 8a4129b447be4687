"""How a policy field is declared: unit, meaning, bounds, and how a lower layer may move it.

A policy is a tree of frozen dataclasses whose attributes are made by `declared`, `rows`, `table`
and `named`. Those rows of metadata are the only description of a field: the reader of TOML, the
documentation and the comparison of layers all walk them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import Enum
from typing import Any

PPM = "_ppm"


class Direction(Enum):
    """How a lower layer (industry, partner, scene) may move what the layer above fixed."""

    FIXED = "fixed"
    LOWER_ONLY = "lower only"
    HIGHER_ONLY = "higher only"
    SUBSET = "subset"
    SUPERSET = "superset"
    DELEGATED = "delegated"


class Unit(Enum):
    """What a value is; shares, rates and multiples are written as decimals, kept as ppm."""

    TEXT = "text"
    FACT = "name of a feature or request field"
    MINOR = "minor units"
    SHARE = "share of 1"
    RATE = "share of 1 a year"
    MULTIPLE = "times"
    DAYS = "days"
    HOURS = "hours"
    MINUTES = "minutes"
    COUNT = "count"
    FLAG = "true or false"
    OPERAND = "number, text or list of either"
    BOUND = "in the field's own unit"


class Shape(Enum):
    """How values of a field are laid out in the document."""

    ONE = "one"
    MANY = "list"
    TABLE = "table"
    ROWS = "rows"
    NAMED = "named tables"


@dataclass(frozen=True, slots=True)
class Declaration:
    """One field's row; bounds are inclusive and in the unit of the document.

    `looser`: of a delegated field, which way answers get better: -1 downwards, 1 upwards.
    Choices stand strictest first.
    """

    unit: Unit
    meaning: str
    direction: Direction
    least: Decimal | None = None
    most: Decimal | None = None
    choices: tuple[str, ...] = ()
    shape: Shape = Shape.ONE
    of: type | None = None
    looser: int = 0

    @property
    def bounds(self) -> str:
        """The bounds as the documentation prints them."""
        if self.choices:
            return ", ".join(self.choices)
        if self.least is None and self.most is None:
            return ""
        return (
            f"{'' if self.least is None else self.least}..{'' if self.most is None else self.most}"
        )


FRACTIONS = frozenset({Unit.SHARE, Unit.RATE, Unit.MULTIPLE})
_NATURAL_LEAST = {unit: Decimal(0) for unit in FRACTIONS} | {
    unit: Decimal(0) for unit in (Unit.MINOR, Unit.DAYS, Unit.HOURS, Unit.MINUTES, Unit.COUNT)
}
_NATURAL_MOST = {
    Unit.SHARE: Decimal(1),
    Unit.RATE: Decimal(1),
    Unit.MULTIPLE: Decimal(100),
    Unit.MINOR: Decimal(10**12),
    Unit.DAYS: Decimal(3650),
    Unit.HOURS: Decimal(8760),
    Unit.MINUTES: Decimal(525_600),
    Unit.COUNT: Decimal(1000),
}


def declared(
    unit: Unit,
    direction: Direction,
    meaning: str,
    *,
    least: str | None = None,
    most: str | None = None,
    choices: tuple[str, ...] = (),
    many: bool = False,
    looser: int = 0,
) -> Any:
    """A field of one value, or of a list of them."""
    row = Declaration(
        unit,
        meaning,
        direction,
        _NATURAL_LEAST.get(unit) if least is None else Decimal(least),
        _NATURAL_MOST.get(unit) if most is None else Decimal(most),
        choices,
        Shape.MANY if many else Shape.ONE,
        looser=looser,
    )
    return field(metadata={"declaration": row})


def table(of: type, meaning: str) -> Any:
    """A field that is a table of further fields."""
    return _nested(of, meaning, Direction.FIXED, Shape.TABLE)


def rows(of: type, direction: Direction, meaning: str) -> Any:
    """A field that is an array of tables; the order counts."""
    return _nested(of, meaning, direction, Shape.ROWS)


def named(of: type, direction: Direction, meaning: str) -> Any:
    """A field that is a set of tables under names of the writer's choice."""
    return _nested(of, meaning, direction, Shape.NAMED)


def _nested(of: type, meaning: str, direction: Direction, shape: Shape) -> Any:
    row = Declaration(Unit.TEXT, meaning, direction, shape=shape, of=of)
    return field(metadata={"declaration": row})


def declarations(of: type) -> Iterator[tuple[str, str, Declaration]]:
    """Attribute, name in the document and declaration of each field, in order."""
    for one in fields(of):
        if "declaration" in one.metadata:
            yield one.name, one.name.removesuffix(PPM), one.metadata["declaration"]
