"""What the check lets pass, what it only warns of, and how it reports."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.contract import TABLES
from credit.errors import InputError
from data.check import CheckReport, check, require_clean

Directory = Any


def _check(directory: Directory) -> CheckReport:
    return check(directory.path, now=directory.now)


def test_a_directory_that_keeps_the_contract_is_clean(directory: Directory) -> None:
    report = _check(directory)
    assert report.violations == ()
    assert report.warnings == ()
    assert report.rows == {
        "merchants": 2,
        "users": 2,
        "payments": 3,
        "loans": 1,
        "repayments": 2,
        "outcomes": 2,
    }
    require_clean(directory.path, now=directory.now)


def test_csv_is_held_against_the_same_rules_as_parquet(directory: Directory) -> None:
    for name in ("merchants", "users", "payments", "loans", "repayments", "outcomes"):
        directory.as_csv(name)
    report = _check(directory)
    assert report.violations == ()
    assert report.warnings == ()
    assert report.rows["payments"] == 3


def test_a_folder_of_parts_is_one_table(directory: Directory) -> None:
    payments = pa.table(directory.columns("payments"))
    directory.file("payments").unlink()
    folder = directory.path / "payments"
    folder.mkdir()
    pq.write_table(payments.slice(0, 2), folder / "part-0.parquet")
    pq.write_table(payments.slice(2), folder / "part-1.parquet")
    report = _check(directory)
    assert (report.rows["payments"], report.violations) == (3, ())


def test_a_folder_named_as_spark_names_it_is_one_table(directory: Directory) -> None:
    file = directory.file("payments")
    part = file.read_bytes()
    file.unlink()
    file.mkdir()
    (file / "part-00000.snappy.parquet").write_bytes(part)
    (file / "_SUCCESS").touch()
    report = _check(directory)
    assert (report.rows["payments"], report.violations, report.warnings) == (3, (), ())


def test_a_column_of_null_type_is_missing_values(directory: Directory) -> None:
    directory.put("payments", "user_id", [None] * 3, pa.null())
    assert _check(directory).violations == ()


def test_nanosecond_and_zoned_times_are_read(directory: Directory) -> None:
    times = directory.columns("payments")["recorded_at"]
    directory.put("payments", "occurred_at", times.to_pylist(), pa.timestamp("ns"))
    directory.put("payments", "recorded_at", times.to_pylist(), pa.timestamp("ns", "Asia/Shanghai"))
    assert _check(directory).violations == ()


def test_a_csv_time_with_a_zone_is_converted_before_it_is_compared(directory: Directory) -> None:
    file = directory.as_csv("payments")
    # 20:00 in Shanghai is 12:00 UTC: recorded at the moment it occurred, not eight hours later
    file.write_text(
        file.read_text().replace(",2026-05-01 12:00:00,", ",2026-05-01T20:00:00+08:00,")
    )
    assert "+08:00" in file.read_text()
    assert _check(directory).violations == ()


def test_a_byte_order_mark_is_no_part_of_the_first_name(directory: Directory) -> None:
    file = directory.as_csv("payments")
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    report = _check(directory)
    assert (report.violations, report.warnings) == ((), ())


def test_identical_rows_are_one(directory: Directory) -> None:
    directory.repeat("payments", 0)
    assert _check(directory).violations == ()


def test_due_days_and_maturities_may_lie_in_the_future(directory: Directory) -> None:
    report = check(directory.path, now=directory.now.replace(day=1, month=6))
    assert report.violations == ()


def test_what_is_recorded_at_this_very_moment_is_not_the_future(directory: Directory) -> None:
    latest = datetime.fromisoformat("2026-05-09T12:00:00+00:00")
    assert check(directory.path, now=latest).violations == ()
    a_second_before = datetime.fromisoformat("2026-05-09T19:59:59+08:00")
    rules = {violation.rule for violation in check(directory.path, now=a_second_before).violations}
    assert rules == {"future"}


def test_further_columns_and_unknown_tables_only_warn(directory: Directory) -> None:
    directory.put("payments", "colour", ["red"] * 3, pa.string())
    directory.file("loans").rename(directory.path / "loan.parquet")
    directory.file("repayments").unlink()
    report = _check(directory)
    assert report.violations == ()
    assert report.warnings == (
        "loan.parquet is no table of the contract (is loans meant?): ignored",
        "payments has column 'colour', which the contract does not know: ignored",
    )


def test_what_generated_data_knows_is_not_a_table(directory: Directory) -> None:
    (directory.path / "truth").mkdir()
    directory.file("outcomes").rename(directory.path / "truth" / "outcomes.parquet")
    report = _check(directory)
    assert "outcomes" not in report.rows
    assert report.warnings == ()


def test_a_table_without_rows_warns(directory: Directory) -> None:
    columns = directory.columns("loans")
    directory.put_all("loans", **{name: array.slice(0, 0) for name, array in columns.items()})
    directory.file("repayments").unlink()
    assert _check(directory).warnings == ("loans has no rows",)


def test_paid_minor_that_falls_between_versions_warns(directory: Directory) -> None:
    directory.put("repayments", "paid_minor", [20_000, 10_000])
    report = _check(directory)
    assert report.violations == ()
    assert report.warnings == (
        "repayments.paid_minor is cumulative and falls between versions 1 times",
    )


def test_a_reference_into_an_absent_table_is_not_asked(directory: Directory) -> None:
    directory.file("users").unlink()
    assert _check(directory).violations == ()


def test_a_version_may_differ_when_it_is_recorded_at_another_time(directory: Directory) -> None:
    at = datetime(2026, 5, 20)  # noqa: DTZ001
    directory.repeat("payments", 0, amount_minor=1, recorded_at=at)
    assert _check(directory).violations == ()


def test_merchants_without_recorded_at_conflict_by_their_default_time(directory: Directory) -> None:
    directory.repeat("merchants", 1, city_tier=2)  # both always known, with other content
    (violation,) = _check(directory).violations
    assert (violation.rule, violation.count) == ("version", 1)
    assert "city_tier 5 and 2" in violation.examples[0]


def test_the_count_is_of_all_rows_and_the_examples_are_the_first_three(
    directory: Directory,
) -> None:
    ids = pa.array([f"m{number}" for number in range(1, 18)])
    directory.put_all("merchants", merchant_id=ids, city_tier=pa.array([1] * 10 + [6] * 7))
    (violation,) = _check(directory).violations
    assert violation.count == 7
    assert violation.examples == (
        "row 11 (merchant_id='m11'): city_tier='6'",
        "row 12 (merchant_id='m12'): city_tier='6'",
        "row 13 (merchant_id='m13'): city_tier='6'",
    )


def test_a_wrong_row_of_a_part_is_told_with_the_part(directory: Directory) -> None:
    payments = pa.table(directory.columns("payments"))
    directory.file("payments").unlink()
    folder = directory.path / "payments"
    folder.mkdir()
    pq.write_table(payments.slice(0, 2), folder / "part-0.parquet")
    wrong = payments.slice(2).set_column(4, "amount_minor", pa.array([-7]))
    pq.write_table(wrong, folder / "part-1.parquet")
    (violation,) = _check(directory).violations
    assert violation.examples == ("part-1.parquet row 1 (payment_id='p3'): amount_minor='-7'",)


def test_the_report_is_plain_json_and_lines(directory: Directory) -> None:
    directory.put("payments", "amount_minor", [1, 0, -5])
    report = _check(directory)
    told = json.loads(json.dumps(report.to_json()))
    assert told["rows"]["payments"] == 3
    assert told["violations"][0]["rule"] == "minimum"
    assert told["violations"][0]["count"] == 2
    assert report.lines()[-1] == "2 violations, 0 warnings"


def test_other_commands_hear_the_first_violation_and_the_count(directory: Directory) -> None:
    directory.put("payments", "amount_minor", [1, 0, -5])
    directory.put("outcomes", "bad", [0, 2])
    with pytest.raises(InputError, match=r"payments\.amount_minor.*3 violations in all") as caught:
        require_clean(directory.path, now=directory.now)
    assert "\n" not in str(caught.value)


def test_progress_names_each_table(directory: Directory) -> None:
    told: list[tuple[str, float]] = []
    check(directory.path, now=directory.now, progress=lambda *step: told.append(step))
    assert [name for name, _ in told][:2] == ["merchants", "users"]
    assert all(0 <= done <= 1 for _, done in told)


def test_every_column_of_the_contract_has_its_rules() -> None:
    from data.check_rows import row_rules

    for table in TABLES:
        rules = row_rules(table, frozenset(table.names), datetime(2026, 6, 1))  # noqa: DTZ001
        assert {rule.column for rule in rules} == set(table.names)
        required = {column.name for column in table.columns if column.required}
        assert {rule.column for rule in rules if rule.name == "null"} == required


def test_nothing_is_written_beside_the_data(directory: Directory) -> None:
    directory.as_csv("payments")
    before = _content(directory.path)
    _check(directory)
    assert _content(directory.path) == before


def _content(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.rglob("*") if file.is_file()}
