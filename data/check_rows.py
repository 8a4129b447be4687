"""Rules that one row can break by itself, each as SQL over a table opened for checking."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from credit.contract import Column, Kind, Table
from features.source_values import EXPECTED, identifier, literal

TEXT_LONGEST = 1000  # bytes; names and codes are short, and a longer one is a broken export


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule for the rows of a table: `broken` is SQL that is true of a row that breaks it."""

    name: str
    column: str
    broken: str
    mend: str
    shows: tuple[str, ...]  # columns whose values an example gives


def row_rules(table: Table, columns: frozenset[str], now: datetime) -> tuple[Rule, ...]:
    """All rules for rows of `table` whose files have `columns`; `now` is naive UTC."""
    there = [column for column in table.columns if column.name in columns]
    rules = [rule for column in there for rule in _of_column(column, now)]
    if "recorded_at" in columns:
        rules += [_recorded_before(column) for column in there if column.happens]
    if {"observed_at", "matured_at"} <= columns:
        rules.append(_matured_before_observed())
    return tuple(rules)


def _of_column(column: Column, now: datetime) -> Iterator[Rule]:
    name = identifier(column.name)
    yield _rule("type", column, identifier(f"wrong:{column.name}"), EXPECTED[column.kind])
    if column.required:
        yield _rule("null", column, identifier(f"blank:{column.name}"), "a value in every row")
    if column.choices:
        among = ", ".join(literal(choice) for choice in column.choices)
        expected = f"one of {', '.join(column.choices)}"
        yield _rule("choice", column, f"{name} NOT IN ({among})", expected)
    elif column.kind is Kind.TEXT:
        expected = f"at most {TEXT_LONGEST} bytes of text"
        yield _rule("length", column, f"strlen({name}) > {TEXT_LONGEST}", expected)
    if column.name == "currency":
        code = f"NOT regexp_full_match({name}, '[A-Z]{{3}}')"
        yield _rule("currency", column, code, "an ISO 4217 code such as CNY")
    yield from _bounds(column)
    if column.happens or column.name in ("recorded_at", "observed_at"):
        later = f"{name} > TIMESTAMP '{now:%Y-%m-%d %H:%M:%S.%f}'"
        yield _rule("future", column, later, f"a time that is past at {now:%Y-%m-%dT%H:%M:%SZ}")


def _bounds(column: Column) -> Iterator[Rule]:
    name = identifier(column.name)
    if column.minimum is not None:
        expected = f"{column.minimum:g} or more"
        yield _rule("minimum", column, f"{name} < {column.minimum}", expected)
    if column.maximum is not None:
        expected = f"{column.maximum:g} or less"
        yield _rule("maximum", column, f"{name} > {column.maximum}", expected)


def _rule(name: str, column: Column, broken: str, expected: str) -> Rule:
    return Rule(name, column.name, broken, f"write {expected}", (column.name,))


def _recorded_before(column: Column) -> Rule:
    broken = f"CAST({identifier(column.name)} AS TIMESTAMP) > recorded_at"
    mend = "record a row when its event is known, not before"
    return Rule("recorded", column.name, broken, mend, (column.name, "recorded_at"))


def _matured_before_observed() -> Rule:
    mend = "write the end of the label's window, which follows the decision"
    shows = ("matured_at", "observed_at")
    return Rule("order", "matured_at", "matured_at < observed_at", mend, shows)
