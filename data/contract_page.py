"""`docs/data-contract.md`: the contract's tables as a person reads them, from the code."""

from collections.abc import Iterator, Sequence

from credit.contract import TABLES, TOTAL_MAX, Column, Kind, Table
from data.check_rows import TEXT_LONGEST

KINDS = {
    Kind.TEXT: "text",
    Kind.MONEY: "money",
    Kind.COUNT: "whole number",
    Kind.NUMBER: "number",
    Kind.DAY: "day",
    Kind.INSTANT: "time",
    Kind.FLAG: "0 or 1",
}
VALUES = (
    ("kind", "parquet", "csv"),
    ("text", "text, or whole numbers (ids)", "anything in UTF-8"),
    (
        "money",
        "integers: minor units of one currency, at most 10^15",
        "digits: `1200`, not `1200.0`",
    ),
    ("whole number", "integers", "digits"),
    ("number", "any finite number", "`0.18`, `1.8e-1`"),
    ("day", "dates, or timestamps at midnight UTC", "`2026-06-30`"),
    ("time", "timestamps of any unit; a zone is converted", "ISO 8601; without a zone, UTC"),
    ("0 or 1", "integers or booleans", "`0`, `1`"),
)
RULES = (
    ("rule", "broken by"),
    ("`missing column`", "a needed column that a table, or one of its parts, lacks"),
    ("`type`", "a value that is not of its kind, NaN and infinity among them"),
    ("`null`", "a missing value in a needed column"),
    ("`length`", f"text of more than {TEXT_LONGEST:,} bytes"),
    ("`choice`, `minimum`, `maximum`", "a value outside those listed below"),
    ("`future`", "an event, a recording or an observation later than now; what is due may be"),
    ("`recorded`", "an event later than its recording"),
    ("`order`", "an outcome that matured before it was observed"),
    ("`total`", f"amounts of a column that add up to more than {TOTAL_MAX:,}: sums have 64 bits"),
    ("`version`", "one key and one `recorded_at` with other content"),
    ("`key`", "one key with other content, in a table without versions"),
    ("`reference`", "an id unknown to the table it refers to, where that is there"),
    ("`currency`", "a currency that is no ISO 4217 code"),
    ("`one currency`", "a second currency in the directory"),
)
HEAD = """# Data contract

Generated from `credit/contract.py` (`make docs`).

A data directory holds tables. Each is `NAME.parquet`, a folder `NAME/` of parquet parts, or
`NAME.csv`; two forms of one table are an error. merchant-loan needs `merchants`, deposit-waiver
`users`. Features from an absent table are missing, not zero.

## Values

"""
READING = """
Blank text is missing, and so is a parquet column of null type. Days and times lie between 1900
and 2199. Real numbers in a column of money or whole numbers are refused even where they are whole
(pandas makes them of integers with gaps; `astype("Int64")` does not). Columns and tables beyond the
contract warn and are ignored.

## Versions

Everything but `outcomes` and `protected` is versioned by key and `recorded_at`, the time when the
platform came to know the row. As of a time, the latest version recorded by then counts. Identical
rows are one. `paid_minor` is cumulative over versions; where it falls, the check warns.

## What `vouch data check` holds

"""
CODES = """
The entity of an application or an outcome is a merchant or a user, by its product. "Now" is
`VOUCH_NOW`, else the clock.

Exit code 1 for violations. What cannot be read or is absent (no such directory, no table, a broken
or empty file, csv rows of unequal length) is an error with exit code 2. What builds, verifies
or trains refuses a directory with violations with exit code 2, the first of them and how many there
are; `vouch monitor` reads what it is given.

## Tables
"""


def contract_page() -> str:
    """The page as markdown."""
    tables = "".join(_section(table) for table in TABLES)
    return "".join((HEAD, _grid(VALUES), READING, _grid(RULES), CODES, tables))


def _section(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    if table.recorded_default:
        recorded = f"; `recorded_at`, where blank, is `{table.recorded_default}`, else always known"
    else:
        recorded = "" if table.versioned else "; no versions"
    head = f"\n### {table.name}\n\nKey: {key}{recorded}.\n\n"
    rows = (("column", "kind", "needed", "values"), *(_row(column) for column in table.columns))
    return head + _grid(rows)


def _grid(rows: Sequence[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(row)} |\n" for row in rows]
    rule = f"|{'---|' * len(rows[0])}\n"
    return "".join((lines[0], rule, *lines[1:]))


def _row(column: Column) -> tuple[str, ...]:
    needed = "yes" if column.required else ""
    return f"`{column.name}`", KINDS[column.kind], needed, "; ".join(_values(column))


def _values(column: Column) -> Iterator[str]:
    if column.choices:
        yield ", ".join(f"`{choice}`" for choice in column.choices)
    if column.kind is not Kind.FLAG:
        yield from _bounds(column)
    if column.references:
        yield f"known to {' or '.join(f'`{name}`' for name in column.references)}"
    if column.happens:
        yield "not after it was recorded"


def _bounds(column: Column) -> Iterator[str]:
    of_its_own = column.maximum is not None and column.kind is not Kind.MONEY
    if column.minimum is not None and of_its_own:
        yield f"{column.minimum:g} to {column.maximum:g}"
    elif column.minimum is not None:
        yield f"at least {column.minimum:g}"
    elif column.kind is Kind.MONEY:
        yield "may be negative"
