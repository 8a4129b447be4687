"""From the loose values of a TOML document to typed fields; refuses by name, value and bound."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from credit.errors import InputError
from credit.money import MILLION
from credit.policy.declared import FRACTIONS, Declaration, Shape, Unit, declarations

T = TypeVar("T")
SHOWN_MAX = 60
_TEXTS = frozenset({Unit.TEXT, Unit.FACT})


class TermsError(InputError):
    """A policy that cannot be used: names the field, its value, the bound and the mend."""


def read_table(of: type[T], raw: object, path: str) -> T:
    """`raw` as an instance of `of`; none may be missing or unknown. `path` locates errors."""
    found = _mapping(raw, path)
    fields = {name: (attribute, row) for attribute, name, row in declarations(of)}
    for name in found:
        if name not in fields:
            raise _unknown(_at(path, name), fields)
    values = {}
    for name, (attribute, row) in fields.items():
        if name not in found:
            raise TermsError(
                f"{_at(path, name)} is missing", f"state it: {row.meaning} ({row.unit.value})"
            )
        values[attribute] = read_field(row, found[name], _at(path, name))
    return of(**values)


def read_partial(of: type, raw: object, path: str) -> dict[str, Any]:
    """What a lower layer states of `of`, by attribute; tables within stay partial, rows are whole.

    None may be unknown; whatever is left out stays as the layer above has it.
    """
    found = _mapping(raw, path)
    fields = {name: (attribute, row) for attribute, name, row in declarations(of)}
    stated = {}
    for name, value in found.items():
        if name not in fields:
            raise _unknown(_at(path, name), fields)
        attribute, row = fields[name]
        stated[attribute] = _stated(row, value, _at(path, name))
    return stated


def _stated(row: Declaration, raw: object, path: str) -> Any:
    if row.shape is Shape.TABLE:
        return read_partial(_nested(row), raw, path)
    if row.shape is Shape.NAMED:
        found = _mapping(raw, path)
        return {
            name: read_partial(_nested(row), one, f"{path}.{name}") for name, one in found.items()
        }
    return read_field(row, raw, path)


def _unknown(path: str, known: Iterable[str]) -> TermsError:
    return TermsError(f"{path} is no policy field", f"use one of {', '.join(known)}")


def read_field(row: Declaration, raw: object, path: str) -> Any:
    """One field's value in the shape that its declaration says."""
    return _SHAPES[row.shape](row, raw, path)


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _one(row: Declaration, raw: object, path: str) -> Any:
    return _UNITS[row.unit](row, raw, path)


def _many(row: Declaration, raw: object, path: str) -> tuple[Any, ...]:
    values = tuple(_one(row, one, path) for one in _sequence(raw, path))
    if len(set(values)) != len(values):
        raise TermsError(f"{path} names one value twice", "state each once")
    return values


def _table(row: Declaration, raw: object, path: str) -> Any:
    return read_table(_nested(row), raw, path)


def _rows(row: Declaration, raw: object, path: str) -> tuple[Any, ...]:
    return tuple(
        read_table(_nested(row), one, f"{path}[{place}]")
        for place, one in enumerate(_sequence(raw, path), start=1)
    )


def _named(row: Declaration, raw: object, path: str) -> dict[str, Any]:
    found = _mapping(raw, path)
    return {name: read_table(_nested(row), one, f"{path}.{name}") for name, one in found.items()}


def _nested(row: Declaration) -> type:
    assert row.of is not None  # noqa: S101  (a nested field is declared with its class)
    return row.of


def _mapping(raw: object, path: str) -> Mapping[str, object]:
    if not isinstance(raw, dict):
        raise TermsError(f"{path} is {_shown(raw)}", "make it a table")
    return raw


def _sequence(raw: object, path: str) -> list[object]:
    if not isinstance(raw, list):
        raise TermsError(f"{path} is {_shown(raw)}", "make it a list")
    return raw


def _text(row: Declaration, raw: object, path: str) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise TermsError(f"{path} is {_shown(raw)}", "give it as text in quotes")
    if not raw.isprintable():
        raise TermsError(f"{path} is {_shown(raw)}", "use letters that can be seen, on one line")
    if row.choices and raw not in row.choices:
        raise TermsError(f"{path} is {raw!r}", f"use one of {', '.join(row.choices)}")
    return raw


def _whole(row: Declaration, raw: object, path: str) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise TermsError(f"{path} is {_shown(raw)}", f"give it in whole {row.unit.value}")
    _refuse_outside(row, Decimal(raw), path)
    return raw


def _fraction(row: Declaration, raw: object, path: str) -> int:
    value = _decimal(raw)
    if value is None:
        raise TermsError(f"{path} is {_shown(raw)}", f"give it as a {row.unit.value}, such as 0.05")
    _refuse_outside(row, value, path)
    ppm = value * MILLION
    if ppm != int(ppm):
        raise TermsError(f"{path} is {value}", "round it to six decimals")
    return int(ppm)


def _flag(row: Declaration, raw: object, path: str) -> bool:
    if not isinstance(raw, bool):
        raise TermsError(f"{path} is {_shown(raw)}", f"give it as {row.unit.value}")
    return raw


def _operand(row: Declaration, raw: object, path: str) -> Any:
    if isinstance(raw, list):
        values = tuple(_scalar(row, one, path) for one in raw)
        if not values or len({isinstance(one, str) for one in values}) != 1:
            raise TermsError(f"{path} is {raw!r}", "list either numbers or texts")
        return values
    return _scalar(row, raw, path)


def _scalar(row: Declaration, raw: object, path: str) -> int | float | str:
    if isinstance(raw, str):
        return raw
    value = _decimal(raw)
    if value is None:
        raise TermsError(f"{path} is {_shown(raw)}", f"give it as a {row.unit.value}")
    return int(value) if isinstance(raw, int) else float(value)


def _bound(_row: Declaration, raw: object, path: str) -> Decimal:
    value = _decimal(raw)
    if value is None:
        raise TermsError(f"{path} is {_shown(raw)}", "give a number, in the field's own unit")
    return value


def _decimal(raw: object) -> Decimal | None:
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        return None
    value = Decimal(raw)
    return value if value.is_finite() else None


def _refuse_outside(row: Declaration, value: Decimal, path: str) -> None:
    if row.least is not None and value < row.least:
        raise TermsError(
            f"{path} is {_shown(value)}, below {row.least}", f"use at least {row.least}"
        )
    if row.most is not None and value > row.most:
        raise TermsError(f"{path} is {_shown(value)}, above {row.most}", f"use at most {row.most}")


def _shown(raw: object) -> str:
    shown = str(raw) if isinstance(raw, Decimal) else repr(raw)
    return shown if len(shown) <= SHOWN_MAX else f"{shown[:SHOWN_MAX]}..."


Reader = Callable[[Declaration, object, str], Any]
_SHAPES: dict[Shape, Reader] = {
    Shape.ONE: _one,
    Shape.MANY: _many,
    Shape.TABLE: _table,
    Shape.ROWS: _rows,
    Shape.NAMED: _named,
}
_UNITS: dict[Unit, Reader] = (
    dict.fromkeys(_TEXTS, _text)
    | dict.fromkeys(FRACTIONS, _fraction)
    | dict.fromkeys((Unit.MINOR, Unit.DAYS, Unit.HOURS, Unit.MINUTES, Unit.COUNT), _whole)
    | {Unit.FLAG: _flag, Unit.OPERAND: _operand, Unit.BOUND: _bound}
)
