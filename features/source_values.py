"""How a value in a file becomes a value of the contract: one rule for readers and for `data check`.

Nothing is guessed. A number that is not whole is no money, text in a parquet file is no time,
and blank is missing. What cannot be read is named by SQL, so that it can be counted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from credit.contract import Column, Kind

CSV_TEXT = "CSV"  # stands for the DuckDB type where a column comes from csv
SQL_TYPE = {
    Kind.TEXT: "VARCHAR",
    Kind.MONEY: "BIGINT",
    Kind.COUNT: "BIGINT",
    Kind.FLAG: "BIGINT",
    Kind.NUMBER: "DOUBLE",
    Kind.DAY: "DATE",
    Kind.INSTANT: "TIMESTAMP",
}
EXPECTED = {
    Kind.TEXT: "text",
    Kind.MONEY: "a whole number of minor units, in an integer column",
    Kind.COUNT: "a whole number, in an integer column",
    Kind.FLAG: "0 or 1",
    Kind.NUMBER: "a finite number",
    Kind.DAY: "a UTC day such as 2026-06-30, from 1900 to 2199",
    Kind.INSTANT: "a UTC time such as 2026-06-30T09:15:00Z, from 1900 to 2199",
}
_INTEGERS = frozenset(f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG"))
_WHOLE = _INTEGERS | {"INTEGER", "UINTEGER", "HUGEINT", "UHUGEINT"}
_REAL = frozenset({"FLOAT", "DOUBLE"})
# Years in which somebody pays; other ones are a wrong unit, and overflow nanoseconds.
EARLIEST, LATEST = datetime(1900, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 - UTC, as rows
_NAIVE = frozenset({"TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"})
_ZONED = frozenset({"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", "TIMESTAMPTZ_NS"})
_WHOLE_TEXT = "[+-]?[0-9]+"
_NUMBER_TEXT = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_DAY_TEXT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]00:00(:00(\.0+)?)?Z?)?"
_INSTANT_TEXT = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """SQL of one column's value (NULL where blank or unreadable) and of what is unreadable.

    `unreadable` is None where the file's own type leaves nothing to go wrong.
    """

    value: str
    unreadable: str | None

    def strict(self, complaint: str) -> str:
        """The value, or an error of the engine with `complaint` where it cannot be read."""
        if self.unreadable is None:
            return self.value
        refused = f"error({literal(complaint)})"
        return f"CASE WHEN {self.unreadable} THEN {refused} ELSE {self.value} END"


def identifier(name: str) -> str:
    """A name as SQL reads it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Text as SQL reads it."""
    return "'" + text.replace("'", "''") + "'"


def blank(name: str, found: str | None) -> str:
    """SQL: whether the value is missing; blank text counts as missing."""
    if found is None:
        return "TRUE"
    column = identifier(name)
    if found in ("VARCHAR", CSV_TEXT):
        # Blank text sorts before '!': all other text is told without trimming it.
        return f"({column} IS NULL OR ({column} < '!' AND trim({column}, ' \t\r\n') = ''))"
    return f"({column} IS NULL)"


def reading(column: Column, found: str | None, *, proven: bool = False) -> Reading:
    """How `column` is read from a file that holds it as DuckDB type `found` (None: not at all).

    A time `proven` to be plausible is read as it is: the engine then skips by it what nobody asks.
    """
    if found in (None, '"NULL"'):
        return Reading(f"CAST(NULL AS {SQL_TYPE[column.kind]})", None)
    name = identifier(column.name)
    if proven and found == SQL_TYPE[Kind.INSTANT]:
        return Reading(name, None)
    value, always = _READERS[column.kind](name, found)
    missing = blank(column.name, found)
    if found in ("VARCHAR", CSV_TEXT):
        value = f"CASE WHEN NOT {missing} THEN {value} END"
    if always:
        return Reading(value, None)
    return Reading(value, f"(NOT {missing} AND ({value}) IS NULL)")


def _text(name: str, found: str) -> tuple[str, bool]:
    if found in ("VARCHAR", CSV_TEXT):
        return name, True
    if found in _WHOLE or found == "UUID" or found.startswith("ENUM"):
        return f"CAST({name} AS VARCHAR)", True
    return "CAST(NULL AS VARCHAR)", False


def _whole(name: str, found: str) -> tuple[str, bool]:
    if found == CSV_TEXT:
        return _matching(name, _WHOLE_TEXT, f"TRY_CAST({name} AS BIGINT)"), False
    if found in _WHOLE or (found.startswith("DECIMAL") and found.endswith(",0)")):
        fits = found in _WHOLE and found not in ("UBIGINT", "HUGEINT", "UHUGEINT")
        return f"TRY_CAST({name} AS BIGINT)", fits
    return "CAST(NULL AS BIGINT)", False


def _flag(name: str, found: str) -> tuple[str, bool]:
    if found == "BOOLEAN":
        return f"CAST({name} AS BIGINT)", True
    return _whole(name, found)


def _number(name: str, found: str) -> tuple[str, bool]:
    number = f"TRY_CAST({name} AS DOUBLE)"
    finite = f"CASE WHEN isfinite({number}) THEN {number} END"
    if found == CSV_TEXT:
        return _matching(name, _NUMBER_TEXT, finite), False
    if found in _REAL:
        return finite, False
    if found in _WHOLE or found.startswith("DECIMAL"):
        return number, True
    return "CAST(NULL AS DOUBLE)", False


def _day(name: str, found: str) -> tuple[str, bool]:
    if found == CSV_TEXT:
        day = _matching(name, _DAY_TEXT, f"TRY_CAST(left({name}, 10) AS DATE)")
    elif found == "DATE":
        day = name
    elif found in _NAIVE | _ZONED:
        time = _naive_utc(name, found)
        day = f"CASE WHEN {time} = date_trunc('day', {time}) THEN CAST({time} AS DATE) END"
    else:
        return "CAST(NULL AS DATE)", False
    return _plausible(day, "DATE"), False


def _instant(name: str, found: str) -> tuple[str, bool]:
    if found == CSV_TEXT:
        zoned = f"TRY_CAST({name} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
        time = _matching(name, _INSTANT_TEXT, zoned)
    elif found in _NAIVE | _ZONED | {"DATE"}:
        time = _naive_utc(name, found)
    else:
        return "CAST(NULL AS TIMESTAMP)", False
    return _plausible(time, "TIMESTAMP"), False


def _naive_utc(name: str, found: str) -> str:
    if found in _ZONED:
        return f"(CAST({name} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')"
    return f"CAST({name} AS TIMESTAMP)"


def _plausible(time: str, sql_type: str) -> str:
    first, end = (f"{sql_type} '{bound:%Y-%m-%d}'" for bound in (EARLIEST, LATEST))
    return f"CASE WHEN {time} >= {first} AND {time} < {end} THEN {time} END"


def _matching(name: str, pattern: str, value: str) -> str:
    return f"CASE WHEN regexp_full_match({name}, '{pattern}') THEN {value} END"


_READERS: dict[Kind, Callable[[str, str], tuple[str, bool]]] = {
    Kind.TEXT: _text,
    Kind.MONEY: _whole,
    Kind.COUNT: _whole,
    Kind.FLAG: _flag,
    Kind.NUMBER: _number,
    Kind.DAY: _day,
    Kind.INSTANT: _instant,
}
