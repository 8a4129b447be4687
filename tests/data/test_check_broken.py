"""Broken directories, each in one way: the rule or the error that names it, in one line."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.errors import InputError
from data.check import check

Directory = Any
Break = Callable[[Directory], object]
INSTANT = pa.timestamp("us")
FUTURE = datetime(2026, 6, 2)  # noqa: DTZ001
LATE = datetime(2026, 5, 20)  # noqa: DTZ001
EARLY = datetime(2026, 4, 1)  # noqa: DTZ001
NAN, INFINITY = float("nan"), float("inf")


def _csv(name: str, old: str, new: str) -> Break:
    def break_it(directory: Directory) -> None:
        file = directory.as_csv(name)
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    return break_it


def _parts(**other: pa.Array) -> Break:
    """Payments as two parts, of which the second has other columns."""

    def break_it(directory: Directory) -> None:
        columns = directory.columns("payments")
        directory.file("payments").unlink()
        folder = directory.path / "payments"
        folder.mkdir()
        pq.write_table(pa.table(columns).slice(0, 2), folder / "part-0.parquet")
        last = {name: array.slice(2) for name, array in columns.items() if name not in other}
        added = {name: array for name, array in other.items() if len(array)}
        pq.write_table(pa.table(last | added), folder / "part-1.parquet")

    return break_it


def _many(count: int, **values: object) -> Break:
    """The first payment, and `count` ones like it with these values."""

    def break_it(directory: Directory) -> None:
        table = pa.table(directory.columns("payments"))
        [row] = table.slice(0, 1).to_pylist()
        rows = [row | values | {"payment_id": f"many-{number}"} for number in range(count)]
        pq.write_table(pa.Table.from_pylist(rows, table.schema), directory.file("payments"))

    return break_it


VIOLATIONS: dict[str, tuple[Break, tuple[str, str, str, int], str]] = {
    "missing column": (
        lambda d: d.drop("payments", "currency"),
        ("payments", "currency", "missing column", 3),
        "the contract's payments needs it",
    ),
    "a part without a column": (
        _parts(currency=pa.array([])),
        ("payments", "currency", "missing column", 1),
        "part-1.parquet",
    ),
    "money as real numbers": (
        lambda d: d.put("payments", "amount_minor", [1.0, 2.0, 3.0], pa.float64()),
        ("payments", "amount_minor", "type", 3),
        "integer column",
    ),
    "money as real text in csv": (
        _csv("payments", ",1200,", ",1200.0,"),
        ("payments", "amount_minor", "type", 1),
        "amount_minor='1200.0'",
    ),
    "money as text in parquet": (
        lambda d: d.put("payments", "amount_minor", ["1", "2", "x"], pa.string()),
        ("payments", "amount_minor", "type", 3),
        "whole number",
    ),
    "sums of money beyond 64 bits": (
        _many(9_224, amount_minor=10**15),
        ("payments", "amount_minor", "total", 1),
        "all rows add up to 9224000000000000000; find the amounts",
    ),
    "money beyond 64 bits": (
        lambda d: d.put("payments", "amount_minor", [1, 2, 2**64 - 1], pa.uint64()),
        ("payments", "amount_minor", "type", 1),
        "18446744073709551615",
    ),
    "a part with another type": (
        _parts(amount_minor=pa.array(["many"])),
        ("payments", "amount_minor", "type", 3),
        "whole number",
    ),
    "NaN for a rate": (
        lambda d: d.put("loans", "apr", [NAN]),
        ("loans", "apr", "type", 1),
        "finite number",
    ),
    "infinity for a rate": (
        lambda d: d.put("loans", "apr", [INFINITY]),
        ("loans", "apr", "type", 1),
        "finite number",
    ),
    "1e999 for a rate in csv": (
        _csv("loans", ",0.18,", ",1e999,"),
        ("loans", "apr", "type", 1),
        "apr='1e999'",
    ),
    "NaN for money": (
        lambda d: d.put("payments", "amount_minor", [NAN, 1.0, None], pa.float64()),
        ("payments", "amount_minor", "type", 2),
        "amount_minor='nan'",
    ),
    "money without a value": (
        lambda d: d.put("payments", "amount_minor", [1, None, 2]),
        ("payments", "amount_minor", "null", 1),
        "row 2 (payment_id='p2')",
    ),
    "blank text where text is needed": (
        lambda d: d.put("payments", "payment_id", ["p1", " \t", "p3"]),
        ("payments", "payment_id", "null", 1),
        "row 2",
    ),
    "negative money": (
        lambda d: d.put("payments", "amount_minor", [1200, -900, 200]),
        ("payments", "amount_minor", "minimum", 1),
        "row 2 (payment_id='p2'): amount_minor='-900'",
    ),
    "money beyond any payment": (
        lambda d: d.put("payments", "amount_minor", [1200, 10**15 + 1, 10**15]),
        ("payments", "amount_minor", "maximum", 1),
        "1e+15 or less",
    ),
    "a city tier of 6": (
        lambda d: d.put("merchants", "city_tier", [1, 6]),
        ("merchants", "city_tier", "maximum", 1),
        "5 or less",
    ),
    "bad is 2": (
        lambda d: d.put("outcomes", "bad", [0, 2]),
        ("outcomes", "bad", "maximum", 1),
        "bad='2'",
    ),
    "an unknown kind": (
        lambda d: d.put("payments", "kind", ["payment", "gift", "refund"]),
        ("payments", "kind", "choice", 1),
        "one of payment, refund, chargeback, payout",
    ),
    "an event in the future": (
        lambda d: d.put("outcomes", "observed_at", [EARLY, FUTURE]),
        ("outcomes", "observed_at", "future", 1),
        "past at 2026-06-01T00:00:00Z",
    ),
    "a shop that opens tomorrow": (
        lambda d: d.put("merchants", "opened_on", [date(2026, 6, 2), None]),
        ("merchants", "opened_on", "future", 1),
        "opened_on='2026-06-02'",
    ),
    "recorded in the future": (
        lambda d: d.put("loans", "recorded_at", [FUTURE]),
        ("loans", "recorded_at", "future", 1),
        "recorded_at='2026-06-02",
    ),
    "an event after it was recorded": (
        lambda d: d.put("loans", "disbursed_at", [LATE]),
        ("loans", "disbursed_at", "recorded", 1),
        "recorded_at='2026-05-01",
    ),
    "matured before observed": (
        lambda d: d.put("outcomes", "matured_at", [EARLY, LATE]),
        ("outcomes", "matured_at", "order", 1),
        "observed_at='2026-05-01",
    ),
    "a time in no known zone": (
        _csv("loans", ",2026-05-01 12:00:00,", ",2026-05-01 12:00:00 CST,"),
        ("loans", "disbursed_at", "type", 1),
        "2026-05-01 12:00:00 CST",
    ),
    "a day that does not exist": (
        _csv("repayments", ",2026-07-01,", ",2026-02-30,"),
        ("repayments", "due_on", "type", 1),
        "due_on='2026-02-30'",
    ),
    "milliseconds read as microseconds": (
        lambda d: d.put("payments", "occurred_at", [1_700_000_000_000] * 3, pa.timestamp("s")),
        ("payments", "occurred_at", "type", 3),
        "1900 to 2199",
    ),
    "a time of day where a day is meant": (
        lambda d: d.put("repayments", "due_on", [LATE, datetime(2026, 7, 1, 9)], INSTANT),  # noqa: DTZ001
        ("repayments", "due_on", "type", 1),
        "UTC day",
    ),
    "one version twice with other content": (
        lambda d: d.repeat("payments", 0, amount_minor=1300),
        ("payments", "payment_id, recorded_at", "version", 1),
        "row 1 and row 4 say amount_minor 1200 and 1300",
    ),
    "one outcome twice with other content": (
        lambda d: d.repeat("outcomes", 1, bad=0),
        ("outcomes", "product, reference_id", "key", 1),
        "row 2 and row 3 say bad 1 and 0",
    ),
    "an unknown merchant": (
        lambda d: d.put("payments", "merchant_id", ["m1", "m9", "m1"]),
        ("payments", "merchant_id", "reference", 1),
        "row 2 (payment_id='p2'): merchant_id='m9'",
    ),
    "a refund of nothing": (
        lambda d: d.put("payments", "refers_to", [None, None, "p9"]),
        ("payments", "refers_to", "reference", 1),
        "refers_to='p9'",
    ),
    "a loan decided for a user": (
        lambda d: d.put("outcomes", "entity_id", ["u1", "u1"]),
        ("outcomes", "entity_id", "reference", 1),
        "add what merchants lacks",
    ),
    "two currencies": (
        lambda d: d.put("payments", "currency", ["CNY", "CNY", "USD"]),
        ("payments", "currency", "one currency", 1),
        "row 3 (payment_id='p3'): currency='USD'",
    ),
    "a currency by its sign": (
        lambda d: d.put("payments", "currency", ["¥"] * 3),
        ("payments", "currency", "currency", 3),
        "ISO 4217",
    ),
    "2 MB of text": (
        lambda d: d.put("merchants", "merchant_id", ["m1", "m2" + "x" * 2_000_000]),
        ("merchants", "merchant_id", "length", 1),
        "(longer)",
    ),
    "2 MB of text in csv": (
        _csv("merchants", "m2,", "m2" + "x" * 2_000_000 + ","),
        ("merchants", "merchant_id", "length", 1),
        "(longer)",
    ),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_is_told_by_table_column_rule_count_and_example(
    name: str, directory: Directory
) -> None:
    break_it, (table, column, rule, count), said = VIOLATIONS[name]
    break_it(directory)
    found = {
        (v.table, v.column, v.rule): v for v in check(directory.path, now=directory.now).violations
    }
    violation = found[table, column, rule]
    assert violation.count == count
    assert said in violation.line
    _in_one_short_line(violation.line)


def _write(name: str, content: bytes) -> Break:
    return lambda d: (d.path / name).write_bytes(content)


def _truncate(name: str, keep: float) -> Break:
    def break_it(directory: Directory) -> None:
        file = directory.file(name)
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * keep)])

    return break_it


def _garble(directory: Directory) -> None:
    """Pages overwritten, the footer left whole: only a scan meets it."""
    file = directory.file("payments")
    content = file.read_bytes()
    file.write_bytes(content[:4] + b"\xff" * 400 + content[404:])


def _encode(directory: Directory) -> None:
    file = directory.as_csv("payments")
    file.write_text(file.read_text().replace("p2", "Zürich"), encoding="latin-1")


def _to_utf16(directory: Directory) -> None:
    file = directory.as_csv("payments")
    file.write_text(file.read_text(), encoding="utf-16")


def _remove_all(directory: Directory) -> None:
    for file in directory.path.iterdir():
        file.unlink()


def _remove_entities(directory: Directory) -> None:
    directory.file("merchants").unlink()
    directory.file("users").unlink()


def _empty_folder(directory: Directory) -> None:
    directory.file("payments").unlink()
    (directory.path / "payments").mkdir()


UNREADABLE: dict[str, tuple[Break, str]] = {
    "no such directory": (
        lambda d: d.path.rename(d.path.with_name("elsewhere")),
        "does not exist; name a directory",
    ),
    "no table": (_remove_all, "no table in .*; put NAME.parquet"),
    "neither merchants nor users": (_remove_entities, "neither merchants nor users"),
    "an empty file": (_write("payments.parquet", b""), r"payments.parquet is empty \(0 bytes\)"),
    "an empty csv": (_write("holds.csv", b""), r"holds.csv is empty \(0 bytes\)"),
    "a csv without a header": (_write("holds.csv", b"\n\n"), "holds.csv has no header"),
    "text called parquet": (_write("payments.parquet", b"hello"), "cannot be read as parquet"),
    "half a parquet file": (
        _truncate("payments", 0.5),
        "payments.parquet cannot be read as parquet",
    ),
    "garbled pages": (_garble, "payments.parquet cannot be read"),
    "an empty folder": (_empty_folder, "payments holds no parquet part"),
    "a folder called csv": (
        lambda d: (d.path / "holds.csv").mkdir(),
        r"holds.csv cannot be opened \(Is a directory\)",
    ),
    "two formats of one table": (
        _write("payments.csv", b"payment_id\np1\n"),
        "payments twice: payments.parquet and payments.csv",
    ),
    "ragged rows": (_csv("payments", "p2,m2,", "p2,m2,,,"), "payments.csv line 3 cannot be read"),
    "a quote that never ends": (_csv("payments", "p3", '"p3'), "payments.csv line 4 .*quote"),
    "a csv column twice": (_csv("payments", "user_id", "payment_id"), "'payment_id' twice"),
    "Latin-1 in csv": (_encode, "payments.csv line 3 cannot be read .*unicode"),
    "UTF-16 in csv": (_to_utf16, "payments.csv is not UTF-8 text"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_an_error_that_names_file_and_mend(
    name: str, directory: Directory
) -> None:
    break_it, said = UNREADABLE[name]
    break_it(directory)
    with pytest.raises(InputError, match=said) as caught:
        check(directory.path, now=directory.now)
    assert caught.value.mend
    _in_one_short_line(str(caught.value))


def _in_one_short_line(text: str) -> None:
    assert "\n" not in text
    assert len(text) < 1000
